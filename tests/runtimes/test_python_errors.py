"""How failures of Python functions read: from the guest's own line on, with place and advice."""

import sysconfig

import pytest

from perilune.store import ExecutionStatus
from tests.runtimes.conftest import Box

pytestmark = pytest.mark.asyncio(loop_scope="module")

CHAINED = """\
import json

def load(text):
    return json.loads(text)

def handler(ctx, event):
    try:
        load("é")
    except ValueError as error:
        raise RuntimeError("can't load") from error
"""
CHAINED_REPORT = """\
Error at line 10: RuntimeError: can't load
Traceback (most recent call last):
  File "function.py", line 8, in handler
    load("é")
  File "function.py", line 4, in load
    return json.loads(text)
"""
CHAINED_FRAME = """\
[CODE]
    8 |         load("é")
    9 |     except ValueError as error:
>  10 |         raise RuntimeError("can't load") from error
                ^
   11 | \n\
[/CODE]
"""


async def report_of(python: Box, code: str) -> str:
    result = await python.run(code)
    record = await python.record(result)
    assert record.status == ExecutionStatus.ERROR
    return record.error_message or ""


async def test_the_whole_layout(python: Box) -> None:
    report = await report_of(python, CHAINED)

    # Versions of Python differ in the marks below quoted lines.
    lines = [line for line in report.splitlines(keepends=True) if line.strip(" ^~\n")]
    assert "".join(lines).startswith(CHAINED_REPORT)
    assert "json.decoder.JSONDecodeError: Expecting value" in report
    assert "The above exception was the direct cause" in report
    assert CHAINED_FRAME in report


async def test_a_report_tells_nothing_of_the_server(python: Box) -> None:
    report = await report_of(python, CHAINED)

    assert sysconfig.get_path("stdlib") not in report
    assert "perilune" not in report


@pytest.mark.parametrize(
    ("code", "line", "column"),
    [
        pytest.param("def handler(ctx, event)\n    return 1", 1, 24, id="colon"),
        pytest.param("x = 1\n  y = 2", 2, None, id="indentation"),
        pytest.param("x = (1,\n", 1, 5, id="bracket"),
        pytest.param("def handler(ctx, event):\n    yield from x = 1", 2, None, id="nonsense"),
        pytest.param("x = 'é' 'ä' +* 2", 1, 14, id="wide characters"),
        pytest.param("x = 1\ny = 'é\0'", 2, 7, id="NUL"),
    ],
)
async def test_syntax_errors_have_a_place_and_a_tip(
    python: Box, code: str, line: int, column: int | None
) -> None:
    result = await python.run(code)

    record = await python.record(result)
    report = record.error_message or ""
    assert record.error_kind == "syntax"
    assert report.startswith(f"Error at line {line}: ") and "[TIP] " in report
    if column is not None:
        caret = next(text for text in report.split("\n") if text.strip() == "^")
        assert caret.index("^") - len(">   1 | ") + 1 == column


@pytest.mark.parametrize(
    ("code", "error", "line", "tip"),
    [
        pytest.param("x = 1", "handler not found", None, "There is no handler", id="no handler"),
        pytest.param("handler = 7", "handler not found", None, "There is no handler", id="number"),
        pytest.param(
            "\ndef handler():\n    pass",
            "TypeError: handler() takes 0 positional",
            2,
            "called with two arguments",
            id="arguments",
        ),
        pytest.param("1 / 0", "ZeroDivisionError: division by zero", 1, None, id="top level"),
        pytest.param(
            "import requests",
            "ModuleNotFoundError",
            1,
            "There is no module 'requests'",
            id="module",
        ),
        pytest.param(
            "raise ImportError(\"cannot import name 'Args' from 'core._core'\")",
            "ImportError",
            1,
            "A compiled part of a package is missing",
            id="compiled part",
        ),
        pytest.param(
            "from perilune_guest import kvs",
            "ImportError",
            1,
            "Modules: log, kv",
            id="guest module",
        ),
        pytest.param(
            "from perilune_guest import kv\nkv.fetch('a')",
            "AttributeError: module 'perilune_guest.kv' has no attribute 'fetch'",
            2,
            "There is no kv.fetch",
            id="guest function",
        ),
        pytest.param(
            "from perilune_guest.kv import incrr",
            "ImportError",
            1,
            "Did you mean kv.incr?",
            id="name of a guest function",
        ),
        pytest.param(
            "from perilune_guest import kv\nkv.get({})",
            "TypeError: get() argument 'key': a str is expected, not dict",
            2,
            None,
            id="argument",
        ),
        pytest.param(
            "from perilune_guest import http\nhttp.get('http://x', tiemout=1)",
            "TypeError: http has no option 'tiemout', only: ",
            2,
            None,
            id="option",
        ),
        pytest.param(
            "from perilune_guest import kv\nkv.set('k' * 600, '')",
            "perilune_guest.KvError: KV error: key is too long",
            2,
            None,
            id="guest error",
        ),
        pytest.param("None.x", "AttributeError: 'NoneType'", 1, "None", id="None"),
        pytest.param(
            "import socket\nsocket.socket()",
            "PermissionError: [Errno 1]",
            2,
            "out of reach of functions",
            id="sandbox",
        ),
        pytest.param("def f():\n    f()\nf()", "RecursionError", 2, "too deeply", id="recursion"),
        pytest.param("{}['k']", "KeyError: 'k'", 1, "no such key", id="key"),
        pytest.param("nothing", "NameError: name 'nothing'", 1, "has no value", id="name"),
        pytest.param("raise SystemExit(3)", "the function called sys.exit(3)", 1, None, id="exit"),
        pytest.param(
            "class Odd(Exception):\n    def __str__(self):\n        raise ValueError\nraise Odd",
            "Odd",
            4,
            None,
            id="an error without text",
        ),
    ],
)
async def test_failures(
    python: Box, code: str, error: str, line: int | None, tip: str | None
) -> None:
    report = await report_of(python, code)

    place = "Error: " if line is None else f"Error at line {line}: "
    assert report.startswith(place) and error in report.partition("\n")[0]
    if tip is not None:
        assert tip in report.partition("[TIP] ")[2]


async def test_of_a_very_long_chain_the_last_error_comes_first(python: Box) -> None:
    code = (
        "def handler(ctx, event):\n    error = None\n    for n in range(3000):\n"
        "        try:\n            raise ValueError(n) from error\n"
        "        except ValueError as raised:\n            error = raised\n    raise error"
    )

    report = await report_of(python, code)

    assert report.startswith("Error at line 5: ValueError: 2999\n")


async def test_errors_can_be_caught_by_class(python: Box) -> None:
    code = (
        "import perilune_guest\nfrom perilune_guest import kv\ndef handler(ctx, event):\n"
        "    try:\n        kv.set('k' * 600, '')\n    except perilune_guest.KvError as error:\n"
        "        return str(isinstance(error, perilune_guest.Error))"
    )

    assert await python.body(code) == "True"


async def test_a_failing_module_is_loaded_anew(python: Box) -> None:
    """What fails while it is loaded is not left half loaded for the next execution."""
    function_id = await python.add("from perilune_guest import kv\nkv.incr('n')\n1 / 0")

    for _ in range(2):
        assert "ZeroDivisionError" in str((await python.call(function_id)).error)

    assert await python.store.kv.get(function_id, b"n") == b"2"
