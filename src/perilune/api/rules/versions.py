"""The rules for code, and for what requests say about versions of it."""

from msgspec import UnsetType

from perilune.api.errors import InvalidRequest
from perilune.api.parameters import Parameter, choice

MAX_CODE_BYTES = 1024 * 1024
MAX_NOTE_CHARS = 500
MAX_NUMBER = 2**63 - 1


def checked_code(text: str) -> str:
    """Return code that may be stored.  Raises `InvalidRequest`."""
    if not text.strip():
        raise InvalidRequest("code: code cannot be empty")
    if len(text.encode()) > MAX_CODE_BYTES:
        raise InvalidRequest(f"code: code cannot be longer than {MAX_CODE_BYTES} bytes")
    return text


def checked_note(text: str | UnsetType | None) -> str | None:
    """Return the note on a version; a blank one is none.

    Raises:
        InvalidRequest: it is too long.
    """
    if not isinstance(text, str):
        return None
    if len(text.strip()) > MAX_NOTE_CHARS:
        raise InvalidRequest(f"note: note cannot be longer than {MAX_NOTE_CHARS} characters")
    return text.strip() or None


def version_number(text: str, side: str = "") -> int:
    """Return the number of a version; *side* says in the message which one it is.

    Raises:
        InvalidRequest: it is not a decimal integer.
    """
    number = integer(text)
    if number is None:
        raise InvalidRequest(f"Invalid version number{side}")
    return number


def chosen_version(text: str | None) -> int | None:
    """Return the number of a version, or None if it is not given.

    Raises:
        InvalidRequest: it is no number of a version.
    """
    if not text:
        return None
    digits = text.removeprefix("+")
    if not (digits.isascii() and digits.isdecimal()) or int(digits[:20]) > MAX_NUMBER:
        raise InvalidRequest("Invalid version number")
    return int(digits)


_NUMBER = {"type": "integer", "minimum": 1}

VERSION_ID = Parameter("version", "The id of a version.")
VERSION_CHOICE = Parameter("version", "The number of a version.", _NUMBER, chosen_version)
KEEP_EXECUTIONS = choice(
    "keep_executions",
    {"true": True, "false": False},
    "Whether the executions of the version stay.",
    default="false",
    blank_is_absent=False,
    schema={"type": "boolean"},
)


def version_in_path(name: str = "version", side: str = "") -> Parameter:
    """Return the parameter for the number of a version; see `version_number` for *side*."""
    return Parameter(
        name, "The number of a version.", _NUMBER, lambda text: version_number(text, side)
    )


def integer(text: str) -> int | None:
    """Return a decimal integer; None if *text* is not one."""
    if not text.isascii() or len(text) > 20:
        return None
    digits = text[1:] if text[:1] in ("+", "-") else text
    if not digits.isdecimal() or int(digits) > MAX_NUMBER:
        return None
    return int(text)
