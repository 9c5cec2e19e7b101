"""How a library function says that it can't do what the guest asks for."""


class LibraryError(Exception):
    """An operation that failed; the text is for the guest."""
