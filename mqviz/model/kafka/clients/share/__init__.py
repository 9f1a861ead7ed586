"""Share consumers (KIP-932): what KafkaShareConsumer knows of acquired records, and its application."""
