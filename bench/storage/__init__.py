"""The bench of the storage: size, writes, queries, bulk load and memory, beside rivals that hold the same data."""
