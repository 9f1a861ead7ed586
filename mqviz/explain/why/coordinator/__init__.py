"""Why coordinators do what they do."""
