"""Share consumers."""
