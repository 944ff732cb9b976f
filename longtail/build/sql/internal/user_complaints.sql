-- One row for a user that the log does not have.
create or replace macro internal.user_complaints(user_id) as table
select 'no user ' || coalesce(cast(user_id as varchar), 'null') || ' in the log' as complaint
from (
    select count(*) as found
    from internal.int_user_keys as user_keys
    where user_keys.user_id = cast(user_id as varchar)
) as known
where known.found = 0;

comment on macro table internal.user_complaints is
    'One row with a text that says so when the log has no such user.';
