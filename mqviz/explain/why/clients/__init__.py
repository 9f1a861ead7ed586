"""Why clients and their applications do what they do."""
