"""Random raw requests: the simulated broker's handlers judged by a real Apache Kafka, one request after the other."""
