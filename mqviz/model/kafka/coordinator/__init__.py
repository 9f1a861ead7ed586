"""What coordinators know of groups, offsets and transactions."""
