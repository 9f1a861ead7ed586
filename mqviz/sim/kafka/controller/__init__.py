"""The controller: elections, placement, topics."""
