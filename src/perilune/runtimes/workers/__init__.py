"""Worker processes as the host sees them: their pool, their start, their frames, their end."""
