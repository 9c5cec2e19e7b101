"""Functions in Python: what they get, what they may return, what lasts."""

import json
import os
import sysconfig
from pathlib import Path
from typing import Any

import pytest

import perilune
from bench.processes import children_of, command_of, pss_kib, workers_of
from perilune.events import HTTPEvent
from perilune.store import ExecutionStatus
from tests.runtimes.conftest import TIMEOUT_S, Box

pytestmark = pytest.mark.asyncio(loop_scope="module")

SOURCES = Path(perilune.__file__).parents[1]
JSON = "application/json"
TEXT = "text/plain; charset=utf-8"


def returning(expression: str) -> str:
    return f"def handler(ctx, event):\n    return {expression}"


KEYS = b'{"true":1,"null":2,"3":null}'
RESPONSES = [
    pytest.param("'hé'", 200, TEXT, "hé".encode(), id="text"),
    pytest.param("b'\\xff'", 200, "application/octet-stream", b"\xff", id="bytes"),
    pytest.param("{'name': 'lamp'}", 200, JSON, b'{"name":"lamp"}', id="data"),
    pytest.param("{'status': 'ok'}", 200, JSON, b'{"status":"ok"}', id="data that has a status"),
    pytest.param("{'body': 'x', 'id': 7}", 200, JSON, b'{"body":"x","id":7}', id="and a body"),
    pytest.param("[1, None, True, 2.5]", 200, JSON, b"[1,null,true,2.5]", id="a list"),
    pytest.param("10 ** 30", 200, JSON, b"1" + b"0" * 30, id="a large number"),
    pytest.param(r"['\udcff\n', 1]", 200, JSON, rb'["\udcff\n",1]', id="text that isn't Unicode"),
    pytest.param("type('M', (str,), {})('<b>')", 200, TEXT, b"<b>", id="a kind of text"),
    pytest.param("[type('M', (str,), {})('<b>')]", 200, JSON, b'["<b>"]', id="one in a list"),
    pytest.param(
        "{True: 1, None: 2, 3: float('nan')}", 200, JSON, KEYS, id="keys that are no text"
    ),
    pytest.param(
        "[10 ** 30, float('inf')]", 200, JSON, b"[1" + b"0" * 30 + b",null]", id="infinity"
    ),
    pytest.param("None", 204, None, b"", id="nothing"),
    pytest.param("('made', 201)", 201, TEXT, b"made", id="text and status"),
    pytest.param("({'id': 7}, 201, {'X-A': 'b'})", 201, JSON, b'{"id":7}', id="with headers"),
    pytest.param("('<p>', 200, {'content-type': 'text/html'})", 200, "text/html", b"<p>", id="own"),
    pytest.param("{'statusCode': 404}", 404, None, b"", id="status alone"),
    pytest.param("{'status': 201, 'body': {'id': 7}}", 201, JSON, b'{"id":7}', id="dict as body"),
    pytest.param("{'body': 'plain'}", 200, None, b"plain", id="no type of its own"),
    pytest.param(
        "{'body': 'aGk=', 'isBase64Encoded': True}", 200, None, b"aGk=", id="base64, not decoded"
    ),
]


@pytest.mark.parametrize(("expression", "status", "content_type", "body"), RESPONSES)
async def test_results_that_a_handler_may_return(
    python: Box, expression: str, status: int, content_type: str | None, body: bytes
) -> None:
    result = await python.run(returning(expression))

    assert result.error is None and result.response is not None, result.error
    response = result.response
    headers = {name.lower(): value for name, value in response.headers.items()}
    assert (response.status_code, response.body) == (status, body)
    assert headers.get("content-type") == content_type


REFUSED = [
    pytest.param("{'statusCode': 99}", "invalid statusCode: 99", id="status"),
    pytest.param("('x', 'many')", "invalid statusCode: 'many'", id="status as text"),
    pytest.param("('x',)", "a tuple is (body, status)", id="short tuple"),
    pytest.param("object()", "invalid body: ", id="no data"),
    pytest.param(
        "('x', 200, {'A': 'b\\r\\nC: d'})", "line breaks and NUL are not allowed", id="line break"
    ),
    pytest.param("('x', 200, {'A B': 'c'})", "invalid header name", id="header name"),
    pytest.param("('x', 200, {'A': object()})", "str or int expected, got object", id="header"),
    pytest.param("('x', 200, ['A'])", "invalid headers: a dict is expected", id="headers"),
    pytest.param("{'body': '***', 'isBase64Encoded': True}", "not base64", id="no base64"),
]


@pytest.mark.parametrize(("expression", "problem"), REFUSED)
async def test_results_that_a_handler_must_not_return(
    python: Box, expression: str, problem: str
) -> None:
    result = await python.run(returning(expression))

    assert problem in str(result.error)
    record = await python.record(result)
    assert (record.status, record.error_kind) == (ExecutionStatus.ERROR, "runtime")


async def test_headers_may_have_several_values(python: Box) -> None:
    result = await python.run(returning("('x', 200, {'Set-Cookie': ['a=1', 'b=2'], 'X-N': 7})"))

    assert result.response is not None
    assert result.response.headers["Set-Cookie"] == ["a=1", "b=2"]
    assert result.response.headers["X-N"] == "7"


EVENT = HTTPEvent(
    method="POST",
    path="/fn/x/users/7",
    relative_path="/users/7",
    headers={"Content-Type": "application/json", "X-Odd": "\udcff"},
    body='{"name":"Ada"}',
    query={"page": "2"},
    multi_query={"page": ["2", "3"]},
)
SEEN = [
    pytest.param("event.method", "POST", id="attribute"),
    pytest.param("event['method']", "POST", id="item"),
    pytest.param("event.relative_path", "/users/7", id="snake case"),
    pytest.param("event.relativePath", "/users/7", id="camel case"),
    pytest.param("event['relativePath']", "/users/7", id="camel case item"),
    pytest.param("event.get('nothing', 'default')", "default", id="get"),
    pytest.param("event.headers['content-type']", JSON, id="headers in any case"),
    pytest.param("event.headers.get('CONTENT-TYPE')", JSON, id="get of headers in any case"),
    pytest.param("str('content-TYPE' in event.headers)", "True", id="in headers in any case"),
    pytest.param("str(event.headers.get('x-missing'))", "None", id="missing header"),
    pytest.param("event.headers['x-odd'].encode('utf-8', 'surrogateescape').hex()", "ff", id="odd"),
    pytest.param("event.json()['name']", "Ada", id="json"),
    pytest.param("event.body_bytes.decode()", '{"name":"Ada"}', id="bytes"),
    pytest.param("event.query['page']", "2", id="query"),
    pytest.param("'-'.join(event.multi_query['page'])", "2-3", id="all of the query"),
    pytest.param("ctx.version", "1", id="context"),
    pytest.param("ctx['functionName'] + ctx.function_name", "ff", id="context in both forms"),
    pytest.param(f"str(0 < ctx.time_left() <= {TIMEOUT_S})", "True", id="time left"),
    pytest.param(
        f"str(0 < ctx.get_remaining_time_in_millis() <= {TIMEOUT_S * 1000})", "True", id="in ms"
    ),
    pytest.param("type(event).__module__ + type(ctx).__name__", "perilune_guestContext", id="type"),
]


@pytest.mark.parametrize(("expression", "value"), SEEN)
async def test_arguments_of_a_handler(python: Box, expression: str, value: str) -> None:
    assert await python.body(returning(expression), EVENT) == value


@pytest.mark.parametrize(
    "body",
    ["{", "", "NaN", "[-Infinity]", "1 2", pytest.param("[" * 100_000, id="nested without end")],
)
async def test_a_body_that_is_not_json_is_a_value_error(python: Box, body: str) -> None:
    code = (
        "def handler(ctx, event):\n    try:\n        return repr(event.json())\n"
        "    except ValueError:\n        return 'no JSON'"
    )

    seen = await python.body(code, HTTPEvent(method="POST", path="/", body=body))

    assert seen == "no JSON"


async def test_a_byte_order_mark_before_json_is_skipped(python: Box) -> None:
    event = HTTPEvent(method="POST", path="/", body='\ufeff{"a":"\ufeff"}'.encode())
    code = "def handler(ctx, event):\n    from perilune_guest import json\n"
    code += "    return [event.json(), json.decode(event.body), len(event.body)]"

    result = await python.run(code, event)

    assert result.response is not None
    assert json.loads(result.response.body) == [{"a": "\ufeff"}, {"a": "\ufeff"}, 10]


async def test_a_binary_body_keeps_its_bytes(python: Box) -> None:
    event = HTTPEvent(method="POST", path="/", body=b"\xff\x00a")

    assert await python.body(returning("event.body_bytes.hex()"), event) == "ff0061"


async def test_a_missing_member_says_what_there_is(python: Box) -> None:
    result = await python.run(returning("event.verb"))

    assert "AttributeError: there is no 'verb' here, only: method, path" in str(result.error)


ASYNC = """
import asyncio

async def double(number, results):
    await asyncio.sleep(0.01)
    results.append(number * 2)
    return number * 2

async def handler(ctx, event):
    results = []
    left_over = asyncio.create_task(asyncio.sleep(600))
    await asyncio.gather(double(1, results), double(2, results))
    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        group.create_task(double(3, results))
    return results
"""


async def test_handlers_may_be_async(python: Box) -> None:
    function_id = await python.add(ASYNC)

    for _ in range(3):
        result = await python.call(function_id)

        assert result.error is None and result.response is not None, result.error
        assert result.response.body == b"[2,4,6]"


async def test_asyncio_run_works_in_plain_handlers(python: Box) -> None:
    code = "import asyncio\nasync def main():\n    await asyncio.sleep(0)\n    return 'ran'\n"

    assert await python.body(code + returning("asyncio.run(main())")) == "ran"


async def test_a_deadlock_is_an_error_not_a_time_out(python: Box) -> None:
    code = "import asyncio\nasync def handler(ctx, event):\n    await asyncio.Event().wait()"
    function_id = await python.add(code)

    for _ in range(2):
        assert "waits for something that will never happen" in str(
            (await python.call(function_id)).error
        )


async def test_module_state_survives_within_one_version_only(python: Box) -> None:
    """As on other platforms; another version starts anew."""
    code = "count = 0\ndef handler(ctx, event):\n    global count\n    count += 1\n    return count"
    function_id = await python.add(code)

    first, second = await python.call(function_id), await python.call(function_id)
    await python.store.create_version(function_id, code + "\n")
    third = await python.call(function_id)

    bodies = [result.response and result.response.body for result in (first, second, third)]
    assert bodies == [b"1", b"2", b"1"]


async def test_other_functions_see_nothing_of_it(python: Box) -> None:
    await python.body("import json\njson.dumps = None\n" + returning("'changed'"))

    assert await python.body("import json\n" + returning("json.dumps([])")) == "[]"


OUTPUT = """
import logging, sys, warnings
print("loaded")
def handler(ctx, event):
    print("one", 2, end="\\n\\n")
    print("wrong", file=sys.stderr)
    logging.info("said %s", "so")
    logging.getLogger("shop").debug("details")
    logging.warning("hm")
    try:
        1 / 0
    except ZeroDivisionError:
        logging.exception("failed")
    sys.stdout.write("no line end")
    return "done"
"""


async def test_printed_and_logged_lines_are_in_the_log(python: Box) -> None:
    result = await python.run(OUTPUT)

    assert result.error is None, result.error
    lines = await python.lines(result)
    assert lines[:7] == [
        "INFO loaded",
        "INFO one 2",
        "INFO ",
        "ERROR wrong",
        "INFO said so",
        "DEBUG details",
        "WARN hm",
    ]
    assert lines[7].startswith("ERROR failed\nTraceback (most recent call last):")
    assert not [line for line in lines if 'File "/' in line]
    assert lines[8] == "INFO no line end"


async def test_bytes_can_be_written_to_the_log(python: Box) -> None:
    code = (
        "import sys\ndef handler(ctx, event):\n"
        "    sys.stdout.buffer.write('é\\nh'.encode()[:1])\n"
        "    sys.stdout.buffer.write('é\\nh'.encode()[1:])\n"
        "    print('i', 'j'.encode(sys.stdout.encoding))\n"
        "    sys.stderr.buffer.write(memoryview(b'\\xff!\\n'))\n"
        "    sys.stdout.buffer.write('é'.encode()[:1])"
    )
    function_id = await python.add(code)

    for _ in range(2):
        result = await python.call(function_id)
        lines = await python.lines(result)
        assert lines == ["INFO é", "INFO hi b'j'", "ERROR \ufffd!", "INFO \ufffd"]


TRACES = """
import json, logging, traceback, warnings
from perilune_guest import log

def handler(ctx, event):
    try:
        json.loads("{")
    except ValueError:
        traceback.print_exc()
        logging.exception("bad")
        log.error(traceback.format_exc())
    logging.info("%d", "x")
    log.info("".join(traceback.format_stack()))
    log.info("modules", json=json.__file__, log=logging.__file__)
    warnings.warn_explicit("old", UserWarning, json.__file__, 1)
"""


async def test_the_log_does_not_tell_where_the_server_is(python: Box) -> None:
    result = await python.run(TRACES)

    text = "\n".join(await python.lines(result))
    assert text.count("JSONDecodeError") == 3 and "--- Logging error ---" in text
    assert "json/decoder.py" in text and 'File "perilune/worker/python/output.py"' in text
    assert 'File "/' not in text
    assert "json/__init__.py:1: UserWarning: old" in text
    assert sysconfig.get_path("stdlib") not in text and str(SOURCES) not in text


LIBRARY = [
    pytest.param("json.dumps({'a': 1})", '{"a": 1}', id="json"),
    pytest.param(
        "str(datetime.datetime(2024, 1, 1, tzinfo=zone).timestamp())", "1704063600.0", id="zone"
    ),
    pytest.param("hashlib.sha256(b'x').hexdigest()[:8]", "2d711642", id="hashlib"),
    pytest.param("xml.etree.ElementTree.fromstring('<a>b</a>').text", "b", id="xml"),
    pytest.param("sqlite3.connect(':memory:').execute('select 42').fetchone()[0]", 42, id="sqlite"),
    pytest.param("zlib.decompress(zlib.compress(b'z')).decode()", "z", id="zlib"),
    pytest.param("wsgiref.headers.Headers([('A', 'b')])['a']", "b", id="a module read when used"),
    pytest.param("sorted(zoneinfo.available_timezones())[0]", "Africa/Abidjan", id="zones"),
    pytest.param("str(random.random() != other)", "True", id="random"),
]


@pytest.mark.parametrize(("expression", "value"), LIBRARY)
async def test_the_standard_library_is_there(python: Box, expression: str, value: Any) -> None:
    code = (
        "import datetime, hashlib, json, random, sqlite3, wsgiref.headers, xml.etree.ElementTree,"
        " zlib, zoneinfo\nzone = zoneinfo.ZoneInfo('Europe/Berlin')\nother = random.random()\n"
    )

    body = await python.body(code + returning(f"[{expression}]"))

    assert json.loads(body) == [value]


async def test_workers_draw_different_random_numbers(python: Box) -> None:
    code = "import random, uuid\n" + returning("[random.random(), str(uuid.uuid4())]")

    drawn = [json.loads(await python.body(code + f"\n# {number}")) for number in range(3)]

    assert len({number for number, _ in drawn}) == len({text for _, text in drawn}) == 3


@pytest.mark.parametrize("module", ["msgspec", "perilune", "perilune.worker.frames", "tzdata"])
async def test_packages_of_the_server_cannot_be_imported(python: Box, module: str) -> None:
    result = await python.run(f"import {module}\n" + returning("'imported'"))

    assert f"ModuleNotFoundError: No module named '{module.partition('.')[0]}" in str(result.error)


async def test_dataclasses_and_pickles_find_their_module(python: Box) -> None:
    code = (
        "import dataclasses, pickle\n@dataclasses.dataclass\nclass Point:\n    x: int\n    y: int\n"
    )

    body = await python.body(code + returning("pickle.loads(pickle.dumps(Point(1, 2)))"))

    assert json.loads(body) == {"x": 1, "y": 2}


async def test_a_function_has_its_own_limit_of_memory(python: Box) -> None:
    code = returning("str(len(bytearray(60 * 1024 * 1024)))")
    small = await python.add(code, memory_mb=16)
    large = await python.add(code)

    refused, allowed = await python.call(small), await python.call(large)

    assert "the function may use 16 MiB" in str(refused.error)
    assert (await python.record(refused)).error_kind == "memory"
    assert allowed.error is None, allowed.error


async def test_an_unknown_language_is_a_clear_error(python: Box) -> None:
    result = await python.call(await python.add("x", runtime="cobol"))

    reason = "this server can't run functions in 'cobol', only in: lua, "
    assert str(result.error).startswith(reason)


async def test_a_warm_worker_is_small(python: Box) -> None:
    """Workers share what the process they were forked from has imported."""
    function_id = await python.add(returning("'hello'"))
    for _ in range(20):
        await python.call(function_id)

    sizes = [pss_kib(pid) for pid in _python_workers()]

    assert sizes
    if not any(sizes):
        pytest.skip("only root can weigh the processes of other users")
    assert max(sizes) < 12 * 1024


def _python_workers() -> set[int]:
    """Return the processes that were forked from Python's zygote."""
    return {
        worker
        for zygote in children_of(os.getpid())
        if "perilune.worker.python.interpreter" in command_of(zygote)
        for worker in workers_of(zygote)
    }
