"""Explanations: why something happened, in plain words with the numbers of the run."""
