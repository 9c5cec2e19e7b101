"""What the server says about functions before they are deployed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from perilune.client.connection import Json
from perilune.client.errors import ClientError, NotPermitted, RequestRefused
from perilune.client.functions import FunctionsClient

_CANNOT_BE_CHECKED = 501


class Unsound(ClientError):
    """Functions would not work as they are; nothing has been changed."""

    code = "unsound"

    def __init__(self, problems: Iterable[str]) -> None:
        super().__init__(
            "\n".join(problems)
            + "\nnothing was deployed: correct this first, or deploy it as it is with --force"
        )


@dataclass(frozen=True, slots=True)
class Draft:
    """A function as it would be."""

    place: str
    """The file with its code."""
    function_id: str | None
    """None: there is none yet."""
    members: Mapping[str, object] = field(repr=False)
    """Settings by the API's names, `code`, `requirements`, `signing_secrets`."""


async def check(functions: FunctionsClient, drafts: Iterable[Draft]) -> None:
    """Ask the server what is wrong with functions before they are deployed.

    Raises:
        Unsound: something is; every function that something is wrong with is named.
        Refused: the server can't be asked.
    """
    problems = [text for one in drafts for text in await _problems_of(functions, one)]
    if problems:
        raise Unsound(problems)


async def _problems_of(functions: FunctionsClient, draft: Draft) -> list[str]:
    try:
        report = await functions.check(draft.function_id, draft.members)
    except NotPermitted:
        raise
    except RequestRefused as refused:
        # A language of another package may have no check; everything else is a reason.
        return [] if refused.status == _CANNOT_BE_CHECKED else [f"{draft.place}: {refused}"]
    return [_text(draft.place, one) for one in report["errors"]]


def _text(place: str, problem: Json) -> str:
    line = f", line {problem['line']}" if problem.get("line") else ""
    first = str(problem["message"]).partition("\n")[0]
    tip = "".join(f"\n  {line}" for line in str(problem.get("tip") or "").splitlines())
    return f"{place}{line}: {first}{tip}"
