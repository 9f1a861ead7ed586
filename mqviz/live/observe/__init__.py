"""Watching a real cluster: what is asked for and when, what is remembered, and the events that come of it."""
