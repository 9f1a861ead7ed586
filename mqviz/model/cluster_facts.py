"""Facts of the cluster part of a State."""
