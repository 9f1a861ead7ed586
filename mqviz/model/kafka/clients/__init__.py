"""Clients, each with the application that calls it: producers, consumers, share consumers."""
