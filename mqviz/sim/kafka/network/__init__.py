"""Connections between clients and brokers, and what breaks them."""
