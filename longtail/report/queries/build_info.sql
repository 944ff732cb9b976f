-- One row per build: what it noted about itself, the latest first.
select * from build_info order by built_at desc limit 50
