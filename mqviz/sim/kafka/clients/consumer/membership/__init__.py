"""How a consumer is a member of its group: classic, consumer protocol, or by hand."""
