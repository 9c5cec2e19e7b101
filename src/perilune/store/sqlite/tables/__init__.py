"""What is read and written: one module for the rows of each kind."""
