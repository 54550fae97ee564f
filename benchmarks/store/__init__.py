"""The cost of sandboxes in Valkey. See benchmarks/README.md."""
