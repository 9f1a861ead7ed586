"""Followers that fetch, in-sync replicas, leader epochs."""
