"""What the clients did that mqviz itself runs on a real cluster."""
