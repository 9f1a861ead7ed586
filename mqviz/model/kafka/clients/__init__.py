"""Clients and their applications."""
