"""The State of a simulated Kafka, one folder a component: events (what can happen), state (what is), apply
(how the one changes the other).
"""
