"""Who may use the server: keys, sessions, tokens, and what slows down those who guess."""
