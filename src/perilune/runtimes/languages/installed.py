"""The languages that there are: those that ship, and those that other packages bring."""

from collections.abc import Iterable
from importlib.metadata import EntryPoint, entry_points

from perilune.errors import PeriluneError
from perilune.runtimes.language import Language
from perilune.runtimes.languages.javascript import JAVASCRIPT, TYPESCRIPT, is_deno_installed
from perilune.runtimes.languages.lua import LUA
from perilune.runtimes.languages.python import PYTHON

LANGUAGES: tuple[Language, ...] = (
    LUA,
    *((JAVASCRIPT, TYPESCRIPT) if is_deno_installed() else ()),
    PYTHON,
)
"""Those that ship and can be used here: JavaScript and TypeScript need the package `deno`."""

GROUP = "perilune.runtimes"
"""The group of entry points by which other packages bring languages."""


class LanguageError(PeriluneError):
    """A package brings a language that can't be used."""

    code = "language_error"


def find_languages(found: Iterable[EntryPoint] | None = None) -> tuple[Language, ...]:
    """Return the languages that ship, then those of installed packages by name.

    Args:
        found: the entry points; None for those of the packages that are installed.

    Raises:
        LanguageError: one of them can't be loaded, is no language, or has a name that is taken.
    """
    languages = {language.name: language for language in LANGUAGES}
    points = entry_points(group=GROUP) if found is None else found
    for point in sorted(points, key=lambda one: one.name):
        language = _load(point)
        if language.name in languages:
            raise LanguageError(
                f"{point.value} brings the language {language.name!r}, which is there already"
            )
        languages[language.name] = language
    return tuple(languages.values())


def _load(point: EntryPoint) -> Language:
    try:
        language = point.load()
    except Exception as error:
        raise LanguageError(f"{point.value} can't be loaded: {error}") from error
    if not isinstance(language, Language):
        raise LanguageError(f"{point.value} is no Language, but {type(language).__name__}")
    return language
