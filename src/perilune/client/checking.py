"""What the server says about functions before they are deployed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from perilune.client.connection import Json
from perilune.client.errors import ClientError, NotPermitted, RequestRefused
from perilune.client.functions import FunctionsClient

_CANNOT_BE_CHECKED = 501
_NO_SUCH_LANGUAGE = "runtime: runtime must be one of"
_NEEDS_DENO = ("javascript", "typescript")


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
    """Settings by the API's names, `code`, `requirements`, `env_vars`, `signing_secrets`."""
    settings_place: str = ""
    """The file with its settings, if it is another one."""


async def check(functions: FunctionsClient, drafts: Iterable[Draft]) -> list[str]:
    """Ask the server what is wrong with functions before they are deployed.

    Returns:
        What may be wrong with them.

    Raises:
        Unsound: something is; every function that something is wrong with is named.
        Refused: the server can't be asked.
    """
    problems: list[str] = []
    warnings: list[str] = []
    for one in drafts:
        problems += await _problems_of(functions, one, warnings)
    if problems:
        raise Unsound(problems)
    return warnings


async def _problems_of(functions: FunctionsClient, draft: Draft, warnings: list[str]) -> list[str]:
    try:
        report = await functions.check(draft.function_id, draft.members)
    except NotPermitted:
        raise
    except RequestRefused as refused:
        # A language of another package may have no check; everything else is a reason.
        if refused.status == _CANNOT_BE_CHECKED:
            warnings.append(f"{draft.place}: {refused}")
            return []
        is_about_code = str(refused).startswith("code") or not draft.settings_place
        place = draft.place if is_about_code else draft.settings_place
        return [f"{place}: {refused}{_remedy(draft, str(refused))}"]
    warnings += [f"{draft.place}: {one}" for one in report.get("warnings", [])]
    return [_text(draft.place, one) for one in report["errors"]]


def _remedy(draft: Draft, refusal: str) -> str:
    """Return what there is to do about a refusal that does not say it itself."""
    if refusal.startswith(_NO_SUCH_LANGUAGE) and draft.members.get("runtime") in _NEEDS_DENO:
        return "; on the server's machine: pip install 'perilune[javascript]'"
    return ""


def _text(place: str, problem: Json) -> str:
    line = f", line {problem['line']}" if problem.get("line") else ""
    first = str(problem["message"]).partition("\n")[0]
    tip = "".join(f"\n  {line}" for line in str(problem.get("tip") or "").splitlines())
    return f"{place}{line}: {first}{tip}"
