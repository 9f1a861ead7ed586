"""The coordinator of share groups, and share-partition leaders (KIP-932)."""
