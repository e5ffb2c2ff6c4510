"""Saved results: file formats, table schemas, and one finished variant."""
