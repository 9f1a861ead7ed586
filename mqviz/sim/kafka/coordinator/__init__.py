"""Coordinators of groups, offsets and transactions."""
