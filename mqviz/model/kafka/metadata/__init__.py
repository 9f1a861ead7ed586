"""What clients and brokers know of the cluster."""
