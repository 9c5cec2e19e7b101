"""The Python interpreter of a worker process: guest code in CPython itself.

What guest code can do is limited by the process it runs in, never by what is
kept from it in here: it can read and change everything in its own process.
`interpreter.py` runs invocations, `stdlib.py` makes the standard library
importable without the file system's help, `guest.py` builds what guests import
as `perilune_guest`.
"""
