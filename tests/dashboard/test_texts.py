"""Every text exists in every language, and no raw key can appear."""

import re
from pathlib import Path

SOURCES = Path("src/perilune/dashboard/frontend")
LOCALES = ["en", "pt-BR"]

_ENTRY = re.compile(
    r'^  "([\w.]+)":\s*(\{(?:[^{}]|\{\{\w+\}\})*\}|"(?:[^"\\]|\\.)*")', re.MULTILINE
)
_USED = re.compile(r'\bt\(\s*"([\w.]+)"')
_PLACEHOLDER = re.compile(r"\{\{(\w+)\}\}")


def texts(locale: str) -> dict[str, str]:
    parts = sorted((SOURCES / "locales" / locale).glob("*.ts"))
    found = [entry for part in parts for entry in _ENTRY.findall(part.read_text("utf-8"))]
    assert len(found) == len(dict(found)), "a key stands there twice"
    return dict(found)


def sources() -> list[Path]:
    return [path for path in SOURCES.rglob("*.ts*") if "locales" not in path.parts]


def test_languages_have_the_same_keys():
    assert set(texts("pt-BR")) == set(texts("en"))


def test_translations_use_the_same_placeholders():
    english, portuguese = texts("en"), texts("pt-BR")
    differing = [
        key
        for key in english
        if set(_PLACEHOLDER.findall(english[key])) != set(_PLACEHOLDER.findall(portuguese[key]))
    ]
    assert differing == []


def test_every_key_that_is_used_exists():
    known = set(texts("en"))
    missing = {
        f"{path.name}: {key}"
        for path in sources()
        for key in _USED.findall(path.read_text("utf-8"))
        if key not in known
    }
    assert missing == set()


def test_keys_are_built_of_beginnings_that_exist():
    code = "\n".join(path.read_text("utf-8") for path in sources())
    built = set(re.findall(r"`([\w.]+\.)\$\{", code))

    assert "error." in built
    assert {one for one in built if not any(key.startswith(one) for key in texts("en"))} == set()


def test_texts_with_a_number_have_a_singular_and_a_plural():
    counted = [
        (locale, key, text)
        for locale in LOCALES
        for key, text in texts(locale).items()
        if text.startswith("{")
    ]

    assert len(counted) > 20
    assert [one for one in counted if not ("one:" in one[2] and "other:" in one[2])] == []


def test_every_key_is_used():
    code = "\n".join(path.read_text("utf-8") for path in sources())
    built = set(re.findall(r"`([\w.]+\.)\$\{", code))
    unused = {
        key
        for key in texts("en")
        if f'"{key}"' not in code and not any(key.startswith(prefix) for prefix in built)
    }
    assert unused == set()
