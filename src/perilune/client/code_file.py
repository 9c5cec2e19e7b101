"""One file of code, and the function that it is for."""

from dataclasses import dataclass
from pathlib import Path

from perilune.client.checking import Draft, check
from perilune.client.errors import ClientError, NotFound
from perilune.client.folders import ENDINGS, LANGUAGES_BY_ENDING, language_of
from perilune.client.functions import FunctionsClient


class UnusableFile(ClientError):
    """A file is not the code of the function that it was to become."""

    code = "unusable_file"


@dataclass(frozen=True, slots=True)
class CodeFile:
    """A file of code that is to become the function of a name, or its next version."""

    path: Path
    name: str
    code: str

    @property
    def members(self) -> dict[str, object]:
        """What a new function is created with."""
        return {"name": self.name, "code": self.code, "runtime": language_of(self.path)}

    async def find_function(
        self, functions: FunctionsClient, *, is_checked: bool
    ) -> tuple[str | None, list[str]]:
        """Return the id of the function of this name, None if there is none yet; and warnings.

        Args:
            functions: of the server.
            is_checked: whether the server is asked if the code would work.

        Raises:
            UnusableFile: the name of the file says another language than the function has, or none.
            Unsound: it would not work.
            AmbiguousName: several functions have this name.
        """
        try:
            found = await functions.get(await functions.id_of(self.name, by_address=False))
        except NotFound:
            function_id, language = None, ""
        else:
            function_id, language = str(found["id"]), str(found.get("runtime", "lua"))
        self._check_language(language)
        warnings: list[str] = []
        if is_checked:
            members = self.members | ({"runtime": language} if language else {})
            warnings = await check(functions, [Draft(str(self.path), function_id, members)])
        return function_id, warnings

    def _check_language(self, language: str) -> None:
        """Refuse the file for a function in *language*, or for a new one if that is empty."""
        ours = language_of(self.path)
        if ours is None and (not language or language in ENDINGS):
            endings = ", ".join(f".{one}" for one in LANGUAGES_BY_ENDING)
            raise UnusableFile(
                f"{self.path}: its ending names no language; files of code end with {endings}"
            )
        if ours is not None and language not in ("", ours):
            raise UnusableFile(
                f"{self.path}: {self.name!r} is a function in {language}, and functions keep their"
                " language; choose another name with --name, or delete the function first"
            )
