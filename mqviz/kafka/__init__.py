"""Pure knowledge of Kafka, usable on its own: partitioners, assignors, error codes, settings, byte sizes.

Nothing here knows of simulators, clusters or screens; every function takes and gives plain values.
"""
