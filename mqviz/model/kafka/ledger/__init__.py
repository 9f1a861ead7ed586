"""The ledger: what became of every record that was ever sent."""
