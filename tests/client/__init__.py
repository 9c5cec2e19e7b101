"""The room that talks to servers from outside."""
