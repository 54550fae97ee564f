"""This server beside what people would pick instead, all serving the same conversations. See benchmarks/README.md."""
