"""What the repositories know of a database: how it is read and written, and what a write is.

Nothing here, in `tables` or in `upkeep` knows which database it is.
"""
