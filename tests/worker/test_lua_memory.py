"""The memory of Lua functions: its limit, what is left behind, how deep calls may go."""

import pytest

from perilune.worker.frames import Failure, Reply, Result
from tests.worker.lua_guest import Guest


@pytest.fixture(scope="module")
def guest() -> Guest:
    return Guest()


def test_memory_limit_is_a_fatal_failure():
    failure = Guest().failure(
        "function handler() local t = {} for i = 1, 1e9 do t[i] = i .. 'x' end end"
    )

    assert (failure.kind, failure.fatal) == ("memory", True)


@pytest.mark.parametrize("count", ["1e9", "2^31", "1e10", "1/0"])
def test_repetition_beyond_the_limit_is_a_memory_failure(count):
    failure = Guest().failure(f'function handler() return {{body = ("x"):rep({count})}} end')

    assert (failure.kind, failure.fatal) == ("memory", True)


def test_rethrown_memory_error_is_still_a_memory_failure():
    failure = Guest().failure(
        "function handler() local ok, e = pcall(string.rep, 'x', 1e9) error(e, 0) end"
    )

    assert (failure.kind, failure.fatal) == ("memory", True)


def test_caught_memory_error_lets_the_guest_go_on():
    guest = Guest()

    ok, message = guest.texts('pcall(string.rep, "x", 1e9)')

    assert (ok, message) == ("false", "not enough memory")
    assert guest.text("1 + 1") == "2"


def test_host_calls_at_the_memory_limit_do_not_hang():
    """An allocation that fails while Python is on the stack would never return."""
    guest = Guest(*[Reply(None, b"z" * 1000)] * 300)
    code = """
    function handler()
      local kept, done = {}, 0
      pcall(function() for i = 1, 1e9 do kept[i] = ("x"):rep(10) .. i end end)
      for i = 1, 100 do
        pcall(kv.get, "key" .. i)
        pcall(string.upper, "\195\169" .. i)
        done = i
      end
      kept = nil
      return {body = done}
    end
    """

    outcome = guest.execute(code)

    assert isinstance(outcome, Result) or outcome.kind == "memory"


def test_a_reply_counts_against_the_memory_limit():
    guest = Guest(Reply(None, b"z" * (40 * 1024 * 1024)))

    failure = guest.failure('function handler() return {body = #(kv.get("k") .. "x")} end')

    assert (failure.kind, failure.fatal) == ("memory", True)


def test_garbage_of_one_invocation_does_not_count_against_the_next():
    guest = Guest()
    code = (
        "function handler(ctx, event) "
        "local t = {} for i = 1, 2e5 do t[i] = i .. event.path end return {} end"
    )

    outcomes = []
    for _ in range(5):
        outcomes.append(guest.execute(code))
        guest.interpreter.tidy()

    assert not [o for o in outcomes if isinstance(o, Failure)]


def test_stack_overflow_is_an_ordinary_error(guest):
    failure = guest.failure(
        "local function f() return 1 + f() end\nfunction handler()\n return f()\nend"
    )

    assert "stack overflow" in failure.message
    assert (failure.kind, failure.fatal) == ("runtime", False)
    # When compiled code overflows, LuaJIT sometimes has no room left to tell where.
    assert failure.line in (1, None)
    assert guest.text("pcall(function() local function f() return 1 + f() end f() end)") == "false"
