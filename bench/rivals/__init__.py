"""The rivals: what Telltale is measured against."""
