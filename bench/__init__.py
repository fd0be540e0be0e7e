"""The bench: figures of this server beside its rivals."""
