"""Connections, and requests on their way."""
