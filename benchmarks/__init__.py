"""Slow measurements: `python -m benchmarks`."""
