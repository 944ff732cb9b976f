"""Mutation tests: break the SQL models one at a time and list what no quick test catches."""
