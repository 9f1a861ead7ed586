"""Figures, each measured beside its alternative in the same run; never asserted as seconds in a test."""
