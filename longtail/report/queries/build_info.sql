-- What the build noted about itself.
select * from build_info limit 200
