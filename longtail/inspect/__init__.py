"""What is in the files of a shop: ``python -m longtail.inspect``."""
