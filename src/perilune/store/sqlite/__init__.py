"""The store in one SQLite file: one writer, several readers.

How it is connected to (`connection`), the rows of each kind (`tables`, with their statements in
`sql` and their schema in `migrations`), and what keeps the file in order (`upkeep`).
"""
