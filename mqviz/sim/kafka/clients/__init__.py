"""Clients, with the applications that call them: producers, consumers, share consumers, administrators.

Like Java's clients, and like librdkafka's where they differ.
"""
