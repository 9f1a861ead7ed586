"""Driving real clients on a real cluster: the topics, the processes, and the events of what they report."""
