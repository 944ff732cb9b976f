"""Inspection of event files before a build: ``python -m longtail.inspect``."""
