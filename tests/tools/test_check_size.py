import pytest

from tools.check_size import main, oversized

SHORT = "def f():\n    return 1\n"
LONG_BODY = "    x = 1\n" * 60
REASON = '    """Do it.\n\n    It is one thing because a test says so.\n    """\n'


@pytest.mark.parametrize(
    ("source", "findings"),
    [
        pytest.param(SHORT, [], id="short"),
        pytest.param("x = 1\n" * 400, [], id="module-at-the-limit"),
        pytest.param("x = 1\n" * 401, ["m.py: 401 lines, at most 400"], id="module-too-long"),
        pytest.param(
            '"""M is one thing because of this test."""\n' + "x = 1\n" * 401,
            [],
            id="module-with-reason",
        ),
        pytest.param("def f():\n" + "    x = 1\n" * 59, [], id="function-at-the-limit"),
        pytest.param(
            "def f():\n" + LONG_BODY, ["m.py:1: f: 61 lines, at most 60"], id="function-too-long"
        ),
        pytest.param(
            "class A:\n    async def f(self):\n" + "        x = 1\n" * 60,
            ["m.py:2: f: 61 lines, at most 60"],
            id="async-method-too-long",
        ),
        pytest.param("def f():\n" + REASON + LONG_BODY, [], id="function-with-reason"),
    ],
)
def test_only_units_that_are_too_long_are_named(source, findings):
    assert list(oversized(source, "m.py")) == findings


STATEMENTS = "  x();\n" * 59
"""With the first and the last line, one line too many."""


@pytest.mark.parametrize(
    ("name", "source", "findings"),
    [
        pytest.param("m.ts", "f();\n" * 401, ["m.ts: 401 lines, at most 400"], id="module"),
        pytest.param("m.css", "a {}\n" * 401, ["m.css: 401 lines, at most 400"], id="style-sheet"),
        pytest.param("m.lua", "f()\n" * 401, ["m.lua: 401 lines, at most 400"], id="lua"),
        pytest.param(
            "m.css",
            "/* It is one thing because of this test. */\n" + "a {}\n" * 400,
            [],
            id="style-sheet-with-reason",
        ),
        pytest.param(
            "m.ts",
            f"x();\nexport async function f<T>(x: T) {{\n{STATEMENTS}}}\n",
            ["m.ts:2: f: 61 lines, at most 60"],
            id="function",
        ),
        pytest.param("m.ts", f"function f() {{\n{STATEMENTS[7:]}}}\n", [], id="at-the-limit"),
        pytest.param(
            "m.tsx",
            f"const F = () => <a>{{() => {{\n{STATEMENTS}}}}}</a>;\n",
            ["m.tsx:1: F: 61 lines, at most 60", "m.tsx:1: function: 61 lines, at most 60"],
            id="function-within-a-view",
        ),
        pytest.param(
            "m.js",
            f"class A {{\n  f() {{\n{STATEMENTS}}}\n}}\n",
            ["m.js:2: f: 61 lines, at most 60"],
            id="method",
        ),
        pytest.param(
            "m.js",
            f"// f is one thing\n// because of a test.\nconst f = () => {{\n{STATEMENTS}}}\n",
            [],
            id="function-with-reason",
        ),
        pytest.param(
            "m.lua",
            "local function f()\n" + "  x()\n" * 59 + "end\n",
            ["m.lua:1: f: 61 lines, at most 60"],
            id="lua-function",
        ),
        pytest.param(
            "m.lua",
            "--- It is one thing because of this test.\nfunction a.f()\n"
            + "  x()\n" * 59
            + "end\n",
            [],
            id="lua-function-with-reason",
        ),
    ],
)
def test_units_of_other_languages_are_measured_too(name, source, findings):
    assert list(oversized(source, name)) == findings


def test_what_is_built_or_installed_is_not_looked_at(tmp_path, capsys):
    for folder in ("built", "node_modules"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "long.js").write_text("f();\n" * 401)

    assert main([str(tmp_path)]) == 0
    assert capsys.readouterr().out == ""


def test_exit_code_tells_whether_something_is_too_long(tmp_path, capsys):
    (tmp_path / "short.py").write_text(SHORT)

    assert main([str(tmp_path)]) == 0

    (tmp_path / "long.py").write_text("def f():\n" + LONG_BODY)

    assert main([str(tmp_path)]) == 1
    assert "long.py:1: f" in capsys.readouterr().out
