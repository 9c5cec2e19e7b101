"""A JavaScript function that waits for values keeps nothing else of it from going on."""

import pytest

pytest.importorskip("deno")

from tests.runtimes.conftest import Box

ENDS = [
    pytest.param(
        "let isOver = false; setTimeout(() => (isOver = true), 5);", "isOver", id="a timer"
    ),
    pytest.param("const late = AbortSignal.timeout(5);", "late.aborted", id="a signal"),
    pytest.param(
        "let isOver = false;"
        'crypto.subtle.digest("SHA-256", new Uint8Array(3)).then(() => (isOver = true));',
        "isOver",
        id="work in a thread",
    ),
]

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize(("begin", "is_over"), ENDS)
async def test_what_is_due_is_done_between_reads(javascript: Box, begin: str, is_over: str) -> None:
    code = f"""
    import {{ kv }} from "perilune";
    export default async () => {{
      {begin}
      let reads = 0;
      for (; reads < 5000 && !{is_over}; reads++) await kv.get("x");
      return String(reads);
    }};
    """

    result = await javascript.call(await javascript.add(code, runtime="javascript"))

    assert result.response is not None
    assert 0 < int(result.response.text) < 5000


async def test_calls_that_are_made_together_are_answered_in_their_order(javascript: Box) -> None:
    code = """
    import { env, kv } from "perilune";
    export default async () => {
      await kv.set("a", "1");
      const seen = [];
      const note = (name) => (value) => seen.push(`${name}${value}`);
      await Promise.all([
        kv.get("a").then(note("a")),
        kv.set("a", "2").then(note("set")),
        kv.get("a").then(note("a")),
        env.get("MISSING").then(note("env")),
        kv.get("b").then(note("b")),
      ]);
      seen.push(`last${await kv.get("a")}`);
      return seen.join(" ");
    };
    """

    result = await javascript.call(await javascript.add(code, runtime="javascript"))

    assert result.response is not None
    assert result.response.text == "a1 settrue a2 envnull bnull last2"


async def test_a_promise_that_nobody_looks_at_is_noticed_between_reads(javascript: Box) -> None:
    code = """
    import { kv } from "perilune";
    export default async () => {
      Promise.reject(new Error("nobody looks"));
      let isSeen = false;
      addEventListener("unhandledrejection", () => (isSeen = true));
      for (let reads = 0; reads < 5000 && !isSeen; reads++) await kv.get("x");
      return isSeen ? "seen" : "not seen";
    };
    """

    result = await javascript.call(await javascript.add(code, runtime="javascript"))

    record = await javascript.record(result)
    assert "nobody looks" in (record.error_message or "")
