"""No secret that works is shown anywhere."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_kd_07_there_is_no_default_secret():
    """Wherever the repository shows how to set a key, it shows none that works."""
    given = re.compile(r"""API_KEY["']?\s*[=:]\s*["']?(?P<value>[^\s"'`,;)}]{16,})""")
    folders = ("src", "docs", "examples", "tools", "bench", ".ci")
    files = [*ROOT.glob("*"), *(one for name in folders for one in (ROOT / name).rglob("*"))]
    texts = [one for one in files if one.suffix in (".md", ".py", ".yml", ".yaml", ".toml", "")]

    found = [
        (file.name, match["value"])
        for file in texts
        if file.is_file() and "__pycache__" not in file.parts
        for match in given.finditer(file.read_text(encoding="utf-8", errors="replace"))
        if not match["value"].startswith(("$", "<"))
    ]

    assert len(texts) > 100
    assert found == []
