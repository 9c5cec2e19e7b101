"""What requests may ask for: one module per kind of value.  No I/O."""
