"""Keeps the file in order: retention, removal, compaction, copies, checks."""
