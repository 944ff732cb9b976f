"""The lists of a published build for systems that read no parquet: files, databases, caches.

`lists` says in SQL what is exported; `files`, `sqlite`, `postgres` and `redis_hashes` write it,
each so that readers see the old lists or the new ones and nothing between. The format is in
docs/export.md; a change of it raises `lists.FORMAT`.
"""
