"""Reads and writes: one module for the rows of each kind."""
