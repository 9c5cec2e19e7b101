"""No raw key can appear, and no text is kept in vain; logic/i18n.test.ts compares the languages."""

import re
from pathlib import Path

SOURCES = Path("src/perilune/dashboard/frontend")

_ENTRY = re.compile(
    r'^  "([\w.]+)":\s*(\{(?:[^{}]|\{\{\w+\}\})*\}|"(?:[^"\\]|\\.)*")', re.MULTILINE
)


def texts(locale: str) -> dict[str, str]:
    parts = sorted((SOURCES / "locales" / locale).glob("*.ts"))
    found = [entry for part in parts for entry in _ENTRY.findall(part.read_text("utf-8"))]
    assert len(found) == len(dict(found)), "a key stands there twice"
    return dict(found)


def sources() -> list[Path]:
    return [path for path in SOURCES.rglob("*.ts*") if "locales" not in path.parts]


def test_no_key_stands_in_two_files():
    assert texts("en").keys() == texts("pt-BR").keys()


def test_keys_are_built_of_beginnings_that_exist():
    code = "\n".join(path.read_text("utf-8") for path in sources())
    built = set(re.findall(r"`([\w.]+\.)\$\{", code))

    assert "error." in built
    assert {one for one in built if not any(key.startswith(one) for key in texts("en"))} == set()


def test_every_key_is_used():
    code = "\n".join(path.read_text("utf-8") for path in sources())
    built = set(re.findall(r"`([\w.]+\.)\$\{", code))
    unused = {
        key
        for key in texts("en")
        if f'"{key}"' not in code and not any(key.startswith(prefix) for prefix in built)
    }
    assert unused == set()
