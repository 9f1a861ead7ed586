"""One real client in a process of its own, and what it and mqviz send each other."""
