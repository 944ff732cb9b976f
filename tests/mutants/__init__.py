"""Breaks the SQL models one at a time, and says which breaks no quick test notices."""
