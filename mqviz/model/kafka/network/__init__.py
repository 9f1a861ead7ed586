"""Connections (NetworkClient and SocketServer in Kafka), what travels on them, and cut links."""
