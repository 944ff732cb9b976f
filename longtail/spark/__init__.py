"""The same tables by Apache Spark: needs requirements-spark.lock; nothing else imports it."""
