"""One real client in a process of its own, and what it and mqviz say to each other."""
