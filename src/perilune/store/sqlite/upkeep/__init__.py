"""What keeps the file in order: retention, removal, giving back room, copies, checks."""
