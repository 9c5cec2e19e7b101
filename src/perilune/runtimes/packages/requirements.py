"""What a version may require: packages, each pinned to one version and to the hashes of its files.

Everything else that pip understands (ranges, addresses, options, other files)
is refused, so that deploying the same text twice gives the same packages.
"""

import re

from perilune.errors import PeriluneError

MAX_REQUIREMENTS_BYTES = 128 * 1024

_CONTINUED = re.compile(r"\\\n")
_COMMENT = re.compile(r"(?:^|\s)#.*$")
_PINNED = re.compile(
    r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"  # name
    r"(?:\[[A-Za-z0-9,._\- ]*\])?"  # extras, of no effect
    r"\s*==\s*[A-Za-z0-9][A-Za-z0-9.!+_-]*"
    # On which machines it is needed.  No options; and no `${NAME}`, for which pip puts in what
    # its environment says, such as the password of an index, and then tells it in an error.
    r"(?:\s*;(?:(?!\s-)[^#;$])*?)?"
    r"(?:\s+--hash=sha256:[0-9a-f]{64})+"
)
_MAX_SHOWN_CHARS = 80


class RequirementsError(PeriluneError):
    """The text is no list of pinned packages."""

    code = "requirements_error"


def pinned_requirements(text: str) -> list[str]:
    """Return the packages in *text*, one line for each, without comments.

    Raises:
        RequirementsError: a line is something else than `name==version --hash=sha256:...`.
    """
    if len(text.encode("utf-8", "replace")) > MAX_REQUIREMENTS_BYTES:
        raise RequirementsError(
            f"requirements cannot be longer than {MAX_REQUIREMENTS_BYTES} bytes"
        )
    joined = _CONTINUED.sub(" ", text.replace("\r\n", "\n"))
    lines = [" ".join(_COMMENT.sub("", line).split()) for line in joined.split("\n")]
    for line in lines:
        if line and not _PINNED.fullmatch(line):
            raise RequirementsError(
                f"requirements: {line[:_MAX_SHOWN_CHARS]!r} is not of the form "
                "name==version --hash=sha256:...; pip-compile --generate-hashes writes such lines"
            )
    return [line for line in lines if line]
