"""Lets `python -m perilune` do what the `perilune` command does."""

from perilune.cli import main

if __name__ == "__main__":
    main()
