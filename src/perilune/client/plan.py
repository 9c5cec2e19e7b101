"""What must change on a server so that it has the functions that folders describe.  No I/O."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from perilune.client.checking import Draft
from perilune.client.connection import Json
from perilune.client.folders import FunctionFiles
from perilune.client.functions import HIDDEN, shown_variables
from perilune.client.settings import FILE, Settings, changed_settings, settings_of


class StepKind(StrEnum):
    """What happens to a function."""

    CREATE = "create"
    CHANGE = "change"
    UNCHANGED = "unchanged"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Step:
    """What happens to one function."""

    kind: StepKind
    name: str
    function_id: str | None = None
    """None: there is none yet."""
    settings: Settings = field(default_factory=dict)
    """Those that change, by the API's names, with their new values."""
    before: Settings = field(default_factory=dict)
    """The same, with their old values."""
    code: str | None = None
    """The new code; None: it stays."""
    lines_added: int = 0
    lines_removed: int = 0
    env: Mapping[str, str] | None = field(default=None, repr=False)
    """The whole new environment; None: it stays."""
    write_only: tuple[str, ...] = ()
    """Variables of `env` that are never shown."""
    env_changes: Mapping[str, str] = field(default_factory=dict)
    """By name of the variable: added, changed, removed or made write-only."""
    requirements: str | None = None
    """New requirements; None: they stay."""
    signing_secrets: tuple[str, ...] | None = field(default=None, repr=False)
    """All signing secrets; None: they stay."""
    draft: Draft | None = None
    """What the function would be; None: it will be gone."""


def plan_step(
    files: FunctionFiles,
    values: Mapping[str, str],
    function: Json | None,
    secrets: tuple[str, ...] | None = None,
    *,
    has_new_secrets: bool = False,
) -> Step:
    """Return what must happen to one function.

    Args:
        files: as it should be.
        values: of its variables, references replaced; `HIDDEN` is one that stays.
        function: as the API shows it; None if it does not exist.
        secrets: the signing secrets it should have, references replaced; None: they stay.
        has_new_secrets: whether it has others.
    """
    if function is None:
        return _creation(files, values, secrets)
    version = function.get("active_version") or {}
    settings = settings_of(function)
    changed = changed_settings(settings, files.settings)
    old_code = version.get("code")
    needs = files.requirements != version.get("requirements")
    shown = shown_variables(function)
    hidden = {name for name, value in shown.items() if value is None}
    env_changes = {
        **{name: "made write-only" for name in files.write_only if name not in hidden},
        **_env_changes(shown, values),
    }
    added, removed = _line_counts(old_code or "", files.code)
    is_same = not (changed or old_code != files.code or env_changes or needs or has_new_secrets)
    return Step(
        StepKind.UNCHANGED if is_same else StepKind.CHANGE,
        files.name,
        function_id=function["id"],
        settings=changed,
        before={name: settings[name] for name in changed},
        code=files.code if old_code != files.code or needs else None,
        lines_added=added,
        lines_removed=removed,
        env=values if env_changes else None,
        # Write-only variables stay so: a hand-written file must not reveal them.
        write_only=tuple(sorted({*files.write_only, *(hidden & values.keys())})),
        env_changes=env_changes,
        requirements=(files.requirements or "") if needs else None,
        signing_secrets=secrets if has_new_secrets else None,
        draft=_draft(files, function["id"], values, secrets),
    )


def _creation(
    files: FunctionFiles, values: Mapping[str, str], secrets: tuple[str, ...] | None
) -> Step:
    return Step(
        StepKind.CREATE,
        files.name,
        settings=files.settings,
        code=files.code,
        lines_added=len(files.code.splitlines()),
        env=values or None,
        write_only=files.write_only,
        env_changes=dict.fromkeys(sorted(values), "added"),
        requirements=files.requirements,
        signing_secrets=secrets or None,
        draft=_draft(files, None, values, secrets),
    )


def _draft(
    files: FunctionFiles,
    function_id: str | None,
    values: Mapping[str, str],
    secrets: tuple[str, ...] | None,
) -> Draft:
    members = {**files.settings, "name": files.name, "code": files.code}
    members |= {"requirements": files.requirements, "env_vars": values}
    if secrets is not None:
        members["signing_secrets"] = secrets
    return Draft(files.place, function_id, members, str(Path(files.place).parent / FILE))


def _env_changes(before: Mapping[str, str | None], after: Mapping[str, str]) -> dict[str, str]:
    """Return what happens to each variable; one whose value the server hides counts as equal."""
    changes = {}
    for name in sorted({*before, *after}):
        if name not in before:
            changes[name] = "added"
        elif name not in after:
            changes[name] = "removed"
        elif before[name] is not None and after[name] not in (before[name], HIDDEN):
            changes[name] = "changed"
    return changes


def _line_counts(before: str, after: str) -> tuple[int, int]:
    if before == after:
        return 0, 0
    lines = list(difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm=""))
    added = sum(line.startswith("+") for line in lines[2:])
    removed = sum(line.startswith("-") for line in lines[2:])
    return added, removed
