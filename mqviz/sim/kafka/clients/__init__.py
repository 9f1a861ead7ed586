"""Clients: producers, consumers, share consumers, and their applications."""
