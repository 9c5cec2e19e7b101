"""Benchmarks of a running server, against baselines measured in the same run."""
