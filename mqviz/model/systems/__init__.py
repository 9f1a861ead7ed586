"""The guide's other systems."""
