"""The copies of a partition: followers, high watermarks, truncation."""
