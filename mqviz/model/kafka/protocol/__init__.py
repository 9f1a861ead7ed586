"""Requests and responses as plain values, with Kafka's names: FetchRequest, FetchResponse …"""
