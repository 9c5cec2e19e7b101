"""Looks into frames of workers before they are decoded: small ones can mean very large values.

An empty table is one byte in a frame and sixty in memory, so that a frame of
the permitted size could take a gigabyte and seconds to decode.  What the
bindings send has few values, however long each of them is.
"""

from perilune.worker.frames import FrameError

MAX_VALUES = 20_000
"""Values in one frame, tables and lists counted with what is in them."""

_Kind = tuple[int, int, int]
"""Bytes of a value up to its contents, how many of them tell its size, and the values for each
unit of that size; 0 values when the unit is a byte."""


def refuse_bombs(body: bytearray | memoryview) -> None:
    """Check that the body of a frame has no more than `MAX_VALUES` values.

    Whether it can be decoded at all is found out by decoding it.

    Raises:
        FrameError: it has more, or claims to have.
    """
    size = len(body)
    at, expected, seen = 0, 1, 0
    while expected and at < size:
        head, width, values = _KINDS[body[at]]
        at += head
        seen += 1
        expected -= 1
        if width:
            length = int.from_bytes(body[at - width : at], "big")
            if values:
                expected += length * values
            else:
                at += length
        else:
            expected += values
        if seen + expected > MAX_VALUES:
            raise FrameError(f"a frame of more than {MAX_VALUES} values")


def _kind(byte: int) -> _Kind:
    """Return what the first byte of a value says, by the specification of msgpack."""
    if byte < 0x80 or byte >= 0xE0:
        return 1, 0, 0  # small integers
    if byte < 0x90:
        return 1, 0, 2 * (byte & 15)  # small maps
    if byte < 0xA0:
        return 1, 0, byte & 15  # small arrays
    if byte < 0xC0:
        return 1 + (byte & 31), 0, 0  # short texts
    return _LONG.get(byte, (1, 0, 0))


_LONG: dict[int, _Kind] = {
    **{0xC4 + n: (1 + width, width, 0) for n, width in enumerate((1, 2, 4))},  # bytes
    # An extension has a byte for its type behind the size; it is no value of ours, so this
    # need not be exact.
    **{0xC7 + n: (1 + width, width, 0) for n, width in enumerate((1, 2, 4))},
    **{0xCA + n: (1 + width, 0, 0) for n, width in enumerate((4, 8, 1, 2, 4, 8, 1, 2, 4, 8))},
    **{0xD4 + n: (2 + width, 0, 0) for n, width in enumerate((1, 2, 4, 8, 16))},
    **{0xD9 + n: (1 + width, width, 0) for n, width in enumerate((1, 2, 4))},  # texts
    **{0xDC + n: (1 + width, width, 1) for n, width in enumerate((2, 4))},  # arrays
    **{0xDE + n: (1 + width, width, 2) for n, width in enumerate((2, 4))},  # maps
}
_KINDS = tuple(_kind(byte) for byte in range(256))
