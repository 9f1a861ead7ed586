"""Consumers, Java's and librdkafka's."""
