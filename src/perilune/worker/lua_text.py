"""Text functions of the Lua interpreter that Lua itself has no data or speed for."""

_BASE64_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


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


def is_base64(text: bytes) -> bool:
    """Whether *text* is padded base64 in the standard alphabet, without blanks or line breaks."""
    if len(text) % 4:
        return False
    if text.endswith(b"=="):
        text = text[:-2]
    elif text.endswith(b"="):
        text = text[:-1]
    return not text.translate(None, _BASE64_ALPHABET)


def group_headers(parts: list[bytes]) -> dict[str, str | list[str]]:
    """Group header lines, given as names and values in turn, by name.

    Decoded as latin-1, where every byte is one character, so nothing is lost.
    """
    headers: dict[str, str | list[str]] = {}
    texts = [part.decode("latin-1") for part in parts]
    for name, value in zip(texts[::2], texts[1::2], strict=True):
        present = headers.get(name)
        if present is None:
            headers[name] = value
        elif isinstance(present, list):
            present.append(value)
        else:
            headers[name] = [present, value]
    return headers


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
