"""The report: one html file, made from the published tables by SQL, that works offline."""

from longtail.report.page import build_report

__all__ = ["build_report"]
