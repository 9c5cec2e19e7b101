"""The last checks of a response inside the worker, the same in every language."""

from perilune.worker.frames import (
    HEADER_LINE_BYTES,
    MAX_HEADERS_BYTES,
    Failure,
    Result,
)

_BASE64_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def build_result(
    status: int, header_lines: list[bytes], body: bytes, *, is_base64_encoded: bool, limit: int
) -> Result | Failure:
    """Return the outcome of a handler that returned this response.

    Args:
        status: the status code.
        header_lines: names and values in turn.
        body: the body's bytes, or their base64.
        is_base64_encoded: whether it is the latter.
        limit: most bytes of the body after decoding.
    """
    size = len(body)
    if is_base64_encoded:
        body = body.translate(None, b"\r\n")
        if not _is_base64(body):
            return Failure("runtime", "invalid body: isBase64Encoded is set, but it is not base64")
        size = len(body) // 4 * 3 - body[-2:].count(b"=")
    if size > limit:
        text = f"response body of {size} bytes exceeds the limit of {limit} bytes"
        return Failure("runtime", text)
    if not header_lines:
        return Result(status, {}, body, is_base64_encoded)
    size = sum(map(len, header_lines)) + len(header_lines) // 2 * HEADER_LINE_BYTES
    if size > MAX_HEADERS_BYTES:
        return Failure("runtime", headers_too_large(size))
    return Result(status, _group_headers(header_lines), body, is_base64_encoded)


def headers_too_large(size: int) -> str:
    """Return what is wrong with headers of this size."""
    return (
        f"response headers of {size} bytes, {HEADER_LINE_BYTES} for each line included, "
        f"exceed the limit of {MAX_HEADERS_BYTES} bytes"
    )


def _is_base64(text: bytes) -> bool:
    """Whether *text* is padded base64 in the standard alphabet, without blanks or line breaks."""
    if len(text) % 4:
        return False
    if text.endswith(b"=="):
        text = text[:-2]
    elif text.endswith(b"="):
        text = text[:-1]
    return not text.translate(None, _BASE64_ALPHABET)


def _group_headers(parts: list[bytes]) -> dict[str, str | list[str]]:
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
