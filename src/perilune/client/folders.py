"""Functions as plain files: one folder each, with `perilune.toml` and the code.

Values of variables and signing secrets are never written.  The file refers to them,
`TOKEN = "${TOKEN}"`, and they come from the environment or a `.env` file when the function is
deployed.  What would not become part of the function is an error, and never left out in silence.

Folders may come from strangers, so symbolic links in them lead nowhere else: nothing is written
through one, and what is read lies below the folder that was named.
"""

import os
import re
import stat
import tomllib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from unicodedata import normalize

import tomli_w

from perilune.client.connection import Json
from perilune.client.functions import shown_variables
from perilune.client.references import MissingValues, resolve_all
from perilune.client.settings import (
    FILE,
    SECRET_PLACES,
    Settings,
    UnusableFolder,
    from_file,
    settings_of,
    to_file,
)

ENDINGS = {"lua": "lua", "javascript": "js", "typescript": "ts", "python": "py"}
"""By language, how the name of the file with the code ends."""

_ALSO = {"mjs": "javascript", "mts": "typescript"}
"""What else it may end with."""

_HARMLESS = (
    ".*",
    "__pycache__",
    "README*",
    "LICENSE*",
    "*.md",
    "*.d.ts",
    "*.pyi",
    "[jt]sconfig.json",
)
"""Names of what may lie beside the code: nobody expects that it is deployed."""

REQUIREMENTS = "requirements.txt"

MAX_FILE_BYTES = 8 * 1024 * 1024
"""More than a server takes, whatever it is."""

ValuesOf = Callable[[Path], Mapping[str, str]]
"""Returns what references in the folder stand for."""


def _no_values(path: Path) -> Mapping[str, str]:
    return {}


@dataclass(frozen=True, slots=True)
class FunctionFiles:
    """One function as its folder describes it."""

    name: str
    settings: Settings
    code: str
    variables: Mapping[str, str] = field(default_factory=dict)
    """By name the text in the file, with references in place of secrets."""
    requirements: str | None = None
    write_only: tuple[str, ...] = ()
    """Variables that the server must never show."""
    signing_secrets: tuple[str, ...] | None = None
    """The same as in `variables`; None: those of the server stay."""
    place: str = field(default="", compare=False)
    """The file with the code, for messages."""


def files_of(function: Json, signing_secrets: int = 0) -> FunctionFiles:
    """Return the files of a function as the API shows it, each variable as a reference.

    *signing_secrets* is how many it has.
    """
    secrets = [f"${{SIGNING_SECRET{n if n > 1 else ''}}}" for n in range(1, signing_secrets + 1)]
    version = function.get("active_version") or {}
    variables = shown_variables(function)
    return FunctionFiles(
        name=function["name"],
        settings=settings_of(function),
        code=version.get("code", ""),
        variables={key: f"${{{key}}}" for key in variables},
        requirements=version.get("requirements"),
        write_only=tuple(sorted(key for key, value in variables.items() if value is None)),
        signing_secrets=tuple(secrets) or None,
    )


def write_folder(path: Path, files: FunctionFiles) -> None:
    """Write one function; files of ours that it does not have are removed.

    Raises:
        UnusableFolder: a file can't be written, or something else stands in its place, such as
            a symbolic link; nothing is written then.
    """
    content = to_file(
        files.name, files.settings, files.variables, files.write_only, files.signing_secrets
    )
    code, requirements = path / _code_file(files.settings["runtime"]), path / REQUIREMENTS
    try:
        path.mkdir(parents=True, exist_ok=True)
        _must_be(stat.S_ISDIR, path)
        for file in (path / FILE, code, requirements):
            _must_be(stat.S_ISREG, file)
        _write(path / FILE, tomli_w.dumps(content))
        for old in path.glob("main.*"):
            if old != code:
                old.unlink()
        _write(code, files.code)
        if files.requirements is None:
            requirements.unlink(missing_ok=True)
        else:
            _write(requirements, files.requirements)
    except OSError as problem:
        raise UnusableFolder(f"can't write {path}: {problem}") from problem


def read_folder(
    path: Path, root: Path | None = None, values_of: ValuesOf = _no_values
) -> FunctionFiles:
    """Return the function that a folder describes.

    References in its variables and signing secrets stay.

    Args:
        path: the folder.
        root: where all of its files lie, links followed; the folder itself unless given.
        values_of: returns what references stand for.

    Raises:
        UnusableFolder: a file is missing, can't be read, says something unknown, or would not
            become part of the function.
        MissingValues: a reference in another place has no value.
    """
    where, root = path / FILE, root or path
    try:
        content = resolve_all(tomllib.loads(_text(where, root)), values_of(path), SECRET_PLACES)
    except tomllib.TOMLDecodeError as problem:
        raise UnusableFolder(f"{where}: {problem}") from problem
    codes = sorted(path.glob("main.*"))
    if len(codes) != 1:
        found = ", ".join(one.name for one in codes) or "none"
        raise UnusableFolder(f"{path}: there must be one file main.*, found: {found}")
    language = language_of(codes[0])
    if "runtime" not in content and language is not None:
        content["runtime"] = language
    said = from_file(content, str(where))
    expected = said.settings["runtime"]
    if language != expected and codes[0].name != _code_file(expected):
        raise UnusableFolder(f"{path}: code in {expected} must be in {_code_file(expected)}")
    _refuse_more(path, {FILE, codes[0].name, REQUIREMENTS}, said.ignored)
    listed = path / REQUIREMENTS
    requirements = _text(listed, root) if os.path.lexists(listed) else ""
    return FunctionFiles(
        name=said.name,
        settings=said.settings,
        code=_text(codes[0], root),
        variables=said.variables,
        # Nothing but blanks requires nothing.
        requirements=requirements if requirements.strip() else None,
        write_only=said.write_only,
        signing_secrets=said.signing_secrets,
        place=str(codes[0]),
    )


def read_folders(path: Path, values_of: ValuesOf = _no_values) -> dict[Path, FunctionFiles]:
    """Return the functions in the folders of *path*, or the one that *path* itself is.

    Raises:
        UnusableFolder: see `read_folder`; or there seems to be one more that can't be told, or
            two folders describe functions of one name or address.
        MissingValues: references in any of the folders have no value.
    """
    if (path / FILE).exists():
        return {path: read_folder(path, values_of=values_of)}
    if not path.is_dir():
        raise UnusableFolder(f"{path} is no folder")
    for folder, reason in _overlooked(path):
        raise UnusableFolder(f"{folder}: {reason}")
    found: dict[Path, FunctionFiles] = {}
    missing: set[str] = set()
    for one in sorted(path.glob(f"*/{FILE}")):
        try:
            found[one.parent] = read_folder(one.parent, path, values_of)
        except MissingValues as without:
            missing.update(without.names)
    if missing:
        raise MissingValues(sorted(missing))
    _must_differ("are both named", {folder: one.name for folder, one in found.items()})
    addresses = {folder: one.settings.get("address") or "" for folder, one in found.items()}
    _must_differ("both have the address", addresses)
    return found


def _must_differ(what: str, values: Mapping[Path, str]) -> None:
    """Raise `UnusableFolder` if two folders have the same text; empty ones don't count."""
    seen: dict[str, Path] = {}
    for folder, value in values.items():
        same = normalize("NFC", value)
        if same in seen:
            raise UnusableFolder(f"{seen[same]} and {folder} {what} {value!r}")
        if same:
            seen[same] = folder


def folder_names(names: Iterable[str]) -> dict[str, str]:
    """Return a folder's name for each function's name; the same names give the same folders.

    Raises:
        UnusableFolder: two functions have one name, which is how files tell functions apart.
    """
    given: dict[str, str] = {}
    taken: set[str] = set()
    for name in sorted(names):
        if name in given:
            raise UnusableFolder(
                f"several functions are named {name!r}: give them different names first"
            )
        plain = _plain(name) or "function"
        folder, number = plain, 2
        while folder in taken:
            folder, number = f"{plain}-{number}", number + 1
        given[name] = folder
        taken.add(folder)
    return given


def namesake(directory: Path, name: str) -> Path | None:
    """Return the folder in *directory* that is called like a function."""
    folders = (one for one in sorted(directory.iterdir()) if one.is_dir())
    return next((one for one in folders if one.name in (name, _plain(name))), None)


def _plain(name: str) -> str:
    return re.sub(r"[^0-9a-z]+", "-", name.lower()).strip("-")[:60].strip("-")


def language_of(code: Path) -> str | None:
    """Return the language of a file of code by its name; None if it is not known."""
    return LANGUAGES_BY_ENDING.get(code.suffix[1:].lower())


LANGUAGES_BY_ENDING = {ending: language for language, ending in ENDINGS.items()} | _ALSO


def _overlooked(path: Path) -> Iterator[tuple[Path, str]]:
    """Yield folders that look like functions and are none, and what is wrong with them."""
    for code in sorted((*path.glob("main.*"), *path.glob("*/main.*"))):
        folder = code.parent
        if folder.name.startswith(".") or language_of(code) is None or (folder / FILE).exists():
            continue
        others = [one.name for one in sorted(folder.glob("*.toml"))]
        meant = f" (is {others[0]} meant to be it?)" if others else ""
        yield folder, f"has {code.name}, but no {FILE}{meant}: add it, or move the folder elsewhere"
    for file in sorted(path.glob(f"*/*/{FILE}")):
        yield file.parent, f"lies too deep: folders of functions must lie in {path} itself"


def _refuse_more(path: Path, known: Collection[str], ignored: Sequence[str]) -> None:
    """Refuse a folder with files that would not become part of the function."""
    patterns = (*_HARMLESS, *ignored)
    more = sorted(
        one.name
        for one in path.iterdir()
        if one.name not in known and not any(fnmatch(one.name, each) for each in patterns)
    )
    if more:
        raise UnusableFolder(
            f"{path}: {', '.join(more)} would not be deployed: a function is one file of code;"
            f' put everything into it, or write ignore = ["{more[0]}"] into {FILE}'
        )


def _code_file(language: str) -> str:
    return f"main.{ENDINGS.get(language, 'txt')}"


def within(path: Path, root: Path) -> Path:
    """Return the file that *path* leads to, links followed.

    Raises:
        UnusableFolder: it lies outside *root*, is no file, or does not exist.
    """
    try:
        real = path.resolve(strict=True)
        if not real.is_relative_to(root.resolve()):
            raise UnusableFolder(f"{path} is a symbolic link that leads out of {root}")
        if not real.is_file():
            raise UnusableFolder(f"{path} is no file")
    except (OSError, RuntimeError) as problem:  # the latter for links in a circle
        raise UnusableFolder(f"can't read {path}: {problem}") from problem
    return real


def _text(path: Path, root: Path) -> str:
    real = within(path, root)
    try:
        with real.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
        if len(content) > MAX_FILE_BYTES:
            raise UnusableFolder(f"{path} is larger than {MAX_FILE_BYTES} bytes")
        return content.decode()
    except UnicodeDecodeError as problem:
        raise UnusableFolder(f"{path}: save it as text in UTF-8: {problem}") from problem
    except OSError as problem:
        raise UnusableFolder(f"can't read {path}: {problem}") from problem


def _must_be(is_kind: Callable[[int], bool], path: Path) -> None:
    """Refuse what is in the place of a file or folder of ours, if there is anything."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if stat.S_ISLNK(mode):
        raise UnusableFolder(f"{path} is a symbolic link; nothing is written through one")
    if not is_kind(mode):
        raise UnusableFolder(f"{path} is in the way: it is something else")


def _write(path: Path, text: str) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags, 0o666), "wb") as file:
        file.write(text.encode())
