"""The simulated Apache Kafka: one folder a component,
with the same name and place as in mqviz/model/kafka.
"""
