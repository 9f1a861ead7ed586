"""Committed offsets, and what a group did with each partition."""
