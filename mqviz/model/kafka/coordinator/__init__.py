"""What coordinators know: groups of each protocol, their offsets, and transactions.

A broker coordinates because it leads a partition of __consumer_offsets or __transaction_state.
"""
