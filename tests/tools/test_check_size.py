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


def test_exit_code_tells_whether_something_is_too_long(tmp_path, capsys):
    (tmp_path / "short.py").write_text(SHORT)

    assert main([str(tmp_path)]) == 0

    (tmp_path / "long.py").write_text("def f():\n" + LONG_BODY)

    assert main([str(tmp_path)]) == 1
    assert "long.py:1: f" in capsys.readouterr().out
