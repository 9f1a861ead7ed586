"""Appending, segments, retention, compaction."""
