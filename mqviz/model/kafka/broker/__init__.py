"""A broker's process, machine and disk."""
