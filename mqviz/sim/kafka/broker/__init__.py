"""What a broker does with the requests of clients, and its life."""
