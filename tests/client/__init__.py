"""The client package, which talks to servers from outside."""
