"""Where Deno is."""

from importlib import metadata
from pathlib import Path


def find_deno() -> str:
    """Return the path of Deno, as the installed package `deno` records it.

    Raises:
        FileNotFoundError: it is not installed.
    """
    try:
        files = metadata.files("deno") or []
    except metadata.PackageNotFoundError:
        files = []
    for file in files:
        if file.name == "deno":
            return str(Path(file.locate()).resolve())
    raise FileNotFoundError("Deno is missing: pip install 'perilune[javascript]'")
