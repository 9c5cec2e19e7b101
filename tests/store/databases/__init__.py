"""What holds for each database, and is looked at from outside, past the store."""
