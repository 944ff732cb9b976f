"""The same tables through Apache Spark: needs requirements-spark.lock; nothing else imports it."""
