"""The ledger: what became of every record that was ever sent. Kafka has none: it takes who sees all."""
