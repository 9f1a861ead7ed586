"""Connections between clients and brokers (NetworkClient and SocketServer in Kafka).

`connection`: requests and responses on their way; `disconnect`: what ends a connection; `sockets`: what waits
at a frozen process.
"""
