"""The one error of the managed cluster, in a module of its own so that every part of it can raise it."""


class ClusterError(Exception):
    """A local Kafka could not be had; the text is one sentence for the user: what, where, what to do."""
