-- One row about the build that the database shows. When it was published is known only now.
create or replace table internal.publication as
select make_timestamp(epoch_us(now())) as published_at;

comment on table internal.publication is 'One row: when this database was published.';
comment on column internal.publication.published_at is 'When readers got these tables, UTC.';

create or replace view status as
with this_build as (
    select builds.*
    from build_info as builds
    order by builds.built_at desc
    limit 1
),

gates as (
    select
        count(*) filter (where release_gates.status = 'passed') as gates_passed,
        count(*) filter (where release_gates.status = 'undecided') as gates_undecided,
        string_agg(release_gates.gate, ', ' order by release_gates.gate)
            filter (where release_gates.status = 'undecided') as undecided_gates
    from release_gates
)

select
    this_build.last_event_at,
    this_build.built_at,
    publication.published_at,
    round((epoch(now()) - epoch(this_build.last_event_at)) / 3600, 1) as hours_since_last_event,
    round((epoch(now()) - epoch(publication.published_at)) / 3600, 1) as hours_since_published,
    gates.gates_passed,
    gates.gates_undecided,
    gates.undecided_gates,
    this_build.events_read,
    this_build.build_id,
    this_build.dbt_version,
    this_build.duckdb_version,
    this_build.git_commit
from this_build
cross join gates
cross join internal.publication as publication;

comment on view status is
    'One row: how fresh the tables are (times UTC), what the release gates said, what built them.';
comment on column status.last_event_at is 'Time of the last clean event, UTC.';
comment on column status.built_at is 'Start of the run, UTC.';
comment on column status.published_at is 'When readers got these tables, UTC.';
comment on column status.hours_since_last_event is 'Age of the last clean event now.';
comment on column status.hours_since_published is 'Age of the publication now.';
comment on column status.gates_passed is 'Release gates that passed; none is closed, or the build would not be published.';
comment on column status.gates_undecided is 'Release gates without enough evidence to judge.';
comment on column status.undecided_gates is 'Their names; null when there is none.';
comment on column status.events_read is 'The var events, or "demo events".';
comment on column status.build_id is 'Id of the run in build_info and model_runs.';
comment on column status.dbt_version is 'Version of dbt-core that built it.';
comment on column status.duckdb_version is 'Version of DuckDB that built it.';
comment on column status.git_commit is 'Commit of the project, "-dirty" after edits; empty outside a git checkout.';
