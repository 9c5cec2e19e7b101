"""The languages that ship: how their workers start, and how their failures are worded."""
