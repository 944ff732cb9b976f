-- In a where clause: stops the query with a complaint, and keeps no row when there is none. A
-- column would not do, since one that nobody reads is never computed.
create or replace macro internal.is_refused(complaint) as
    cast(error(complaint) as varchar) is not null;

comment on macro internal.is_refused is
    'An error with this text; false when it is null.';
