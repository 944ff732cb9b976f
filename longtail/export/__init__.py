"""The lists of a published build for systems that read no parquet: files, databases, caches.

`lists` selects the rows in SQL; `files`, `sqlite`, `postgres` and `redis_hashes` write them, so
that readers see the old lists or the new ones, never a mixture. The format is in docs/export.md; a
change of it raises `lists.FORMAT`.
"""
