"""A broker's process, machine, disk and dynamic settings: what BrokerServer and its host are in Kafka."""
