"""Search for a shop's vars on its own training history: ``make tune``."""
