"""What Python functions are told of the machine, and that nothing is denied to them in silence."""

import json
import os

import pytest

from tests.runtimes.conftest import Box

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        pytest.param("os.getcwd()", "/", id="getcwd"),
        pytest.param("os.getcwdb().decode()", "/", id="getcwdb"),
        pytest.param("os.path.abspath(__file__)", "/function.py", id="abspath"),
        pytest.param("str(pathlib.Path(__file__).resolve())", "/function.py", id="resolve"),
        pytest.param("str(pathlib.Path.cwd() / 'x')", "/x", id="Path.cwd"),
        pytest.param("os.uname().nodename", "localhost", id="uname"),
        pytest.param("list(posix.uname())[:3]", ["Linux", "localhost", "5.13.0"], id="posix"),
        pytest.param("socket.gethostname()", "localhost", id="gethostname"),
        pytest.param("_socket.gethostname()", "localhost", id="_socket"),
        pytest.param("socket.getfqdn()", "localhost", id="getfqdn"),
        pytest.param("platform.node()", "localhost", id="platform.node"),
        pytest.param("platform.release()", "5.13.0", id="platform.release"),
        pytest.param("platform.machine()", os.uname().machine, id="platform.machine"),
        pytest.param("email.utils.make_msgid().endswith('@localhost>')", True, id="message id"),
        pytest.param("signal.alarm(0)", 0, id="no alarm to cancel"),
    ],
)
async def test_what_a_function_is_told_is_a_constant(
    python: Box, expression: str, value: object
) -> None:
    code = (
        "import _socket, email.utils, os, pathlib, platform, posix, signal, socket\n"
        f"def handler(ctx, event):\n    return [{expression}]\n"
    )

    assert json.loads(await python.body(code)) == [value]


@pytest.mark.parametrize(
    "call", ["signal.alarm(1)", "signal.pause()", "os.sync()", "os.getpgrp()", "posix.sync()"]
)
async def test_calls_that_cannot_report_an_error_raise_one(python: Box, call: str) -> None:
    result = await python.run(
        f"import os, posix, signal\ndef handler(ctx, event):\n    return repr({call})\n"
    )

    assert result.error is not None
    name = call.partition(".")[2].partition("(")[0]
    assert f"Operation not permitted: {name}" in str(result.error)


@pytest.mark.parametrize(
    "reset",
    [
        "asyncio.set_event_loop_policy(None)",
        "asyncio.set_event_loop_policy(asyncio.DefaultEventLoopPolicy())",
        "asyncio.set_event_loop(asyncio.SelectorEventLoop())",
    ],
)
async def test_the_default_event_loop_works_for_later_executions(python: Box, reset: str) -> None:
    code = (
        f"import asyncio\nasync def work():\n    return 'done'\n"
        f"def handler(ctx, event):\n    {reset}\n"
        "    return asyncio.run(work()) + asyncio.new_event_loop().run_until_complete(work())\n"
    )
    function_id = await python.add(code)

    for _ in range(2):
        result = await python.call(function_id)
        assert result.error is None, result.error
        assert result.response is not None and result.response.body == b"donedone"
