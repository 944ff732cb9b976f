-- The number of rows asked for; an error that says so when it is not at least 1.
create or replace macro checked_count(k) as
    case
        when k >= 1 then cast(k as bigint)
        else error('k must be 1 or more, not ' || coalesce(cast(k as varchar), 'null'))
    end;

comment on macro checked_count is 'k, when it is 1 or more; else an error that says so.';
