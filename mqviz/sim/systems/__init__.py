"""The guide's other systems; importing this package registers their handlers with the engine."""
