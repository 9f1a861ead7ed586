"""The same case played on the simulator and on a real Apache Kafka, and what clients and brokers showed compared."""
