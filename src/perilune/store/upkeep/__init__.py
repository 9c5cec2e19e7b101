"""Work on many rows that a clean-up does."""
