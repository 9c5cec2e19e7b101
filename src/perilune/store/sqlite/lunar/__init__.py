"""Imports the database of a Lunar installation.

`copying` recognises such a file and copies it without ever writing to it, `transfer` carries
its rows into a store of Perilune in one transaction, `takeover` does both, beside an existing
file or in its place.  The treatment of each row: docs/how-to/take-over-lunar.md.
"""
