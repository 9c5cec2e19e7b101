"""`Access` to an open store."""

from perilune.store.sqlite.connection.readers import Readers
from perilune.store.sqlite.connection.writer import Writer


class StoreAccess:
    """`Access` to the whole store."""

    def __init__(self, writer: Writer, readers: Readers) -> None:
        """Write with *writer*, read with *readers*."""
        self.write = writer.write
        self.enqueue_nowait = writer.enqueue_nowait
        self.read = readers.read
        self.look_up = readers.look_up
