"""Text functions of the Lua interpreter that Lua itself has no data or speed for."""


def fold_case(text: bytes, *, upper: bool) -> bytes | None:
    """Map *text* to upper or lower case, one character to one character.

    Returns:
        The mapped text, or None if *text* is not UTF-8.
    """
    try:
        decoded = text.decode()
    except UnicodeDecodeError:
        return None
    return (_upper(decoded) if upper else _lower(decoded)).encode()


# Python maps whole strings by Unicode's full mapping, where one character may
# become several ("ß" to "SS") and a final sigma is special.  Simple mapping is
# per character; the title-case form serves where the upper-case one is longer.


def _upper(text: str) -> str:
    mapped = text.upper()
    if len(mapped) == len(text):
        return mapped
    return "".join(
        next((form for form in (c.upper(), c.title()) if len(form) == 1), c) for c in text
    )


def _lower(text: str) -> str:
    if "\u0130" in text or "\u03a3" in text:
        return "".join("i" if c == "\u0130" else c.lower() for c in text)
    return text.lower()
