"""Values between the host and JavaScript functions: nothing is lost or changed on the way."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("deno")

from hypothesis import example, given
from hypothesis import strategies as st

from perilune.worker.frames import Call, Reply
from tests.profiles import examples
from tests.worker.deno_guest import DenoGuest

ECHO = "export default async (ctx, event) => { await kv.set('a', 'b', event.query); return 1; };"
REPLIED = """export default async () => {
    const value = await kv.get("a");
    await kv.set("a", "b", [value]);
    return JSON.stringify(value);
};"""

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=80),
    lambda inner: (
        st.lists(inner, max_size=20) | st.dictionaries(st.text(max_size=40), inner, max_size=20)
    ),
    max_leaves=40,
)


def as_sent(value: Any) -> Any:
    """Return *value* with its texts as guests send them: as bytes."""
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape")
    if isinstance(value, list):
        return [as_sent(one) for one in value]
    if isinstance(value, dict):
        return {as_sent(name): as_sent(one) for name, one in value.items()}
    return value


class Host:
    """Answers every call with the value that it holds."""

    def __init__(self) -> None:
        self.value: Any = None

    def answer(self, call: Call) -> Reply:
        return Reply(None, self.value if call.name == "kv.get" else True)


@pytest.fixture(scope="module")
def host() -> Host:
    return Host()


@pytest.fixture(scope="module")
def guest(host: Host) -> Iterator[DenoGuest]:
    process = DenoGuest(answer=host.answer)
    yield process
    assert process.close() == 0


@given(value=st.dictionaries(st.text(max_size=20), VALUES, max_size=20))
@example(value={"__proto__": {"x": 1}, "constructor": [], "toJSON": "x", "": ""})
@example(value={"a": ["x" * 31, "x" * 32, "é" * 31, "x" * 70_000]})
@example(value={"n": [0, -1, 127, 128, -129, 2**31, -(2**31) - 1, 2**32, 2**53 - 1, 0.5, 1e300]})
@example(value={"many": list(range(70_000))})
@examples(40)
def test_guests_can_send_back_the_values_they_get(guest: DenoGuest, value: Any) -> None:
    guest.result(ECHO, query=value)

    (call,) = guest.calls
    assert call == ("kv.set", [b"a", b"b", as_sent(value)])


@given(data=st.binary(max_size=200))
@example(data=bytes(range(256)))
@example(data=b"\xf0\x9f\x98\x80\xf0\x9f\x98")
@example(data=b"\xed\xa0\x80\xed\xb0\x80")
@example(data=b"\xff" * 50_000)
@example(data=b"\xef\xbb\xbfbom")
@examples(100)
def test_any_bytes_of_a_reply_come_back_as_they_were(
    guest: DenoGuest, host: Host, data: bytes
) -> None:
    host.value = data

    shown = guest.result(REPLIED)

    assert guest.calls[-1] == ("kv.set", [b"a", b"b", [data]])
    # What Python functions get is the same text.
    assert json.loads(shown.body.decode()) == data.decode("utf-8", "surrogateescape")


@pytest.mark.parametrize(
    "most_s", [30, pytest.param(5, id="quiet machine", marks=pytest.mark.soak)]
)
def test_much_binary_data_takes_no_longer_than_text(guest: DenoGuest, most_s: float) -> None:
    """A caller chooses what a body consists of."""
    body = (b"\xff" * 4_000_000).decode("utf-8", "surrogateescape")
    code = "export default (ctx, event) => String(event.bodyBytes.length);"

    started = time.monotonic()
    outcome = guest.result(code, body=body.encode("utf-8", "surrogateescape"))

    assert outcome.body == b"4000000"
    assert time.monotonic() - started < most_s


@given(text=st.text(st.characters(codec=None), max_size=60))
@examples(40)
def test_any_text_can_be_answered_with(guest: DenoGuest, text: str) -> None:
    code = "export default (ctx, event) => JSON.parse(event.body);"

    outcome = guest.result(code, body=json.dumps(text))

    expected = text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
    escaped = "".join(
        one if not 0xD800 <= ord(one) < 0xE000 or 0xDC80 <= ord(one) <= 0xDCFF else "\ufffd"
        for one in expected
    )
    assert outcome.body == escaped.encode("utf-8", "surrogateescape")
