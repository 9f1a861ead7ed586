"""The Java producer and librdkafka's."""
