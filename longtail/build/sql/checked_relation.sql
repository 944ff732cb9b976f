-- The relation asked for, null for both; an error for a name that is no relation.
create or replace macro checked_relation(relation) as
    case
        when relation is null or relation in ('substitute', 'complement') then relation
        else error(
            'relation must be substitute, complement or null, not ' || cast(relation as varchar)
        )
    end;

comment on macro checked_relation is
    'relation, when it is substitute, complement or null; else an error that says so.';
