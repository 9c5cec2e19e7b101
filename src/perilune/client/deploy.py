"""Carries a plan out, and reads what it is made from."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from perilune.client.connection import Json
from perilune.client.errors import AmbiguousName, ClientError
from perilune.client.folders import (
    FunctionFiles,
    files_of,
    folder_names,
    write_folder,
)
from perilune.client.functions import HIDDEN, FunctionsClient, shown_variables
from perilune.client.plan import Step, StepKind, plan_step
from perilune.client.references import MissingValues, resolved
from perilune.client.settings import Settings, for_creation, is_same, settings_of


class NotTaken(ClientError):
    """The server did not take a setting: it does not know it."""

    code = "not_taken"


async def export(
    functions: FunctionsClient, directory: Path, only: str | None = None
) -> list[Path]:
    """Write functions as folders into *directory*; return the folders.

    Args:
        functions: of the server.
        directory: created if it does not exist; other folders in it stay.
        only: the id, name or address of the one function that is written.

    Raises:
        ClientError: the server refuses, two functions have one name, or a file can't be written.
    """
    listed = [one async for one in functions.every()]
    names = folder_names(one["name"] for one in listed)
    chosen = [await functions.id_of(only)] if only is not None else [one["id"] for one in listed]
    written = []
    for function_id in chosen:
        function = await functions.get(function_id)
        path = directory / names[function["name"]]
        secrets = await functions.signing_secrets(function_id)
        write_folder(path, files_of(function, len(secrets)))
        written.append(path)
    return sorted(written)


async def make_plan(
    functions: FunctionsClient,
    folders: Mapping[Path, FunctionFiles],
    values: Mapping[Path, Mapping[str, str]],
    *,
    prune: bool,
    keep_env: bool = False,
) -> list[Step]:
    """Compare folders with the server's functions of the same names.

    Args:
        functions: of the server.
        folders: by path, the functions as they should be.
        values: by path, what references stand for.
        prune: whether functions without a folder are deleted.
        keep_env: whether variables and signing secrets without a value stay as they are on
            the server.

    Raises:
        MissingValues: a reference has no value.
        AmbiguousName: the server has several functions of a name.
    """
    ids: dict[str, list[str]] = {}
    async for one in functions.every():
        # New names lose blanks at their ends; old ones may have some.
        ids.setdefault(one["name"].strip(), []).append(one["id"])
    steps, missing = [], set()
    for path, files in folders.items():
        found = ids.pop(files.name.strip(), [])
        if len(found) > 1:
            raise AmbiguousName(files.name, found)
        function = await functions.get(found[0]) if found else None
        given = _Given(values[path], keep_env=keep_env)
        variables = given.variables(files, function)
        secrets = given.signing_secrets(files, function)
        missing.update(given.missing)
        if not missing:
            differs = await _differ(functions, function, secrets)
            steps.append(plan_step(files, variables, function, secrets, has_new_secrets=differs))
    if missing:
        raise MissingValues(sorted(missing))
    if prune:
        steps += [
            Step(StepKind.DELETE, name, function_id=each)
            for name, those in sorted(ids.items())
            for each in those
        ]
    return steps


async def carry_out(functions: FunctionsClient, step: Step) -> Json | None:
    """Do what *step* says; return the function if it exists afterwards.

    Raises:
        NotTaken: the server does not know a setting.
        Refused: the server refused; what was done before stays done.
    """
    if step.kind is StepKind.DELETE:
        await functions.delete(str(step.function_id))
        return None
    if step.kind is StepKind.UNCHANGED:
        return await functions.get(str(step.function_id))
    body: dict[str, Any] = dict(step.settings)
    if step.kind is StepKind.CREATE:
        body = {"name": step.name, **for_creation(step.settings)}
    if step.code is not None:
        body["code"] = step.code
    if step.requirements is not None:
        body["requirements"] = step.requirements
    if step.kind is StepKind.CREATE:
        # A schedule must not fire before the function has its variables.
        held_back = {"disabled": True} if step.env and step.settings["cron_schedule"] else {}
        function = await functions.create({**body, **held_back})
        await _replace_secrets(functions, step, function["id"])
        if step.env is not None:
            await functions.replace_env(function["id"], step.env, step.write_only)
        if held_back:
            wanted = {"disabled": step.settings["disabled"]}
            function = await functions.update(function["id"], wanted)
    else:
        function_id = str(step.function_id)
        # New code may need the new variables, the old code hardly minds them.
        if step.env is not None:
            await functions.replace_env(function_id, step.env, step.write_only)
        function = await (
            functions.update(function_id, body) if body else functions.get(function_id)
        )
        # After the settings, which say what secrets may be.
        await _replace_secrets(functions, step, function_id)
    _check_taken(step, function)
    return function


async def _replace_secrets(functions: FunctionsClient, step: Step, function_id: str) -> None:
    if step.signing_secrets is not None:
        await functions.replace_signing_secrets(function_id, step.signing_secrets, is_dry_run=False)


class _Given:
    """What the references of one folder stand for."""

    def __init__(self, values: Mapping[str, str], *, keep_env: bool) -> None:
        self._values = values
        self._keep_env = keep_env
        self.missing: set[str] = set()
        """References without a value where one is needed."""

    def variables(self, files: FunctionFiles, function: Json | None) -> dict[str, str]:
        """Return the values of variables; `HIDDEN` for one that stays as it is."""
        there = shown_variables(function or {}) if self._keep_env else {}
        found = {}
        for name, text in files.variables.items():
            one, missing = resolved({name: text}, self._values)
            found[name] = HIDDEN if missing and name in there else one[name]
            if name not in there:
                self.missing.update(missing)
        return found

    def signing_secrets(
        self, files: FunctionFiles, function: Json | None
    ) -> tuple[str, ...] | None:
        """Return the signing secrets; None: they stay."""
        if files.signing_secrets is None:
            return None
        found, missing = resolved(dict(enumerate(files.signing_secrets)), self._values)
        if missing and self._keep_env and function is not None:
            return None
        self.missing.update(missing)
        return tuple(found.values())


async def _differ(
    functions: FunctionsClient, function: Json | None, secrets: tuple[str, ...] | None
) -> bool:
    """Tell whether an existing function has other signing secrets than these."""
    if function is None or secrets is None:
        return False
    told = await functions.replace_signing_secrets(function["id"], secrets, is_dry_run=True)
    return bool(told["added"] or told["removed"])


def _check_taken(step: Step, function: Mapping[str, Any]) -> None:
    found: Settings = settings_of(function)
    wrong = [name for name, value in step.settings.items() if not is_same(name, found[name], value)]
    version = function.get("active_version") or {}
    if step.requirements is not None and (version.get("requirements") or "") != step.requirements:
        wrong.append("requirements")
    if wrong:
        raise NotTaken(f"{step.name}: the server did not take {', '.join(wrong)}")
