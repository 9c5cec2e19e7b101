"""What guests can ask the host for: its description, and how calls are carried out."""
