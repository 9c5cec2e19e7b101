"""Databases of Lunar, made from what is known about its schema."""
