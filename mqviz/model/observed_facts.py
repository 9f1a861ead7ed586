"""Facts of the observed part of a State."""
