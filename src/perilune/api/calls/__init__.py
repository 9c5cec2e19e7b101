"""Calls of functions below `/fn/`: from a request to an event, and from a result to an answer."""
