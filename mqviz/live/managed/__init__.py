"""A local Apache Kafka that mqviz starts itself: its jars, its Java, its brokers and its runs."""
