"""Connections: accepting them, bounding them, encrypting them."""
