"""Connections to the file, the one writer and the readers, and its schema."""
