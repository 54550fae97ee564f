"""Comparison with other mock servers that serve the same conversations. See benchmarks/README.md."""
