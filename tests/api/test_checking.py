"""What is remembered of credentials, for how long, and what is written about their use."""

import asyncio
import hashlib
import os
import stat

import pytest

from perilune.api.access.keys import KEY_FILE, ApiKey, KeyHolder, load_api_key, rotate_api_key
from perilune.api.access.sessions import MAX_COOKIES, Sessions, session_tokens
from perilune.api.access.token_text import new_token
from perilune.api.access.tokens import MAX_REMEMBERED, REMEMBERED_S, TokenChecker, Tokens
from perilune.api.scopes import CallerKind, TokenScope
from perilune.store import PaginationParams, open_store
from tests.store.helpers import NOW, SettableClock

KEY = "0123456789abcdef"


class CountedRows:
    """The real rows, and how often they were asked."""

    def __init__(self, rows) -> None:
        self._rows = rows
        self.looked_up = 0
        self.noted: list[int] = []

    def __getattr__(self, name: str):
        return getattr(self._rows, name)

    async def find(self, digest: bytes):
        self.looked_up += 1
        return await self._rows.find(digest)

    def note_use(self, row_id: str, used_at: int) -> bool:
        self.noted.append(used_at)
        return self._rows.note_use(row_id, used_at)


@pytest.fixture
def clock():
    return SettableClock()


@pytest.fixture
async def store(tmp_path, clock):
    async with open_store(tmp_path / "lunar.db", clock=clock) as opened:
        yield opened


# --- tokens -------------------------------------------------------------------


class Desk:
    """Tokens and their checker on a real store, with one clock for everything."""

    def __init__(self, store, clock) -> None:
        self.rows = CountedRows(store.tokens)
        self.checker = TokenChecker(self.rows, clock=clock, monotonic=clock)
        self.tokens = Tokens(self.rows, revoked=self.checker.forget, clock=clock)

    async def make(self, lifetime_s: int | None = None, name: str = "ci") -> tuple[str, bytes]:
        made = await self.tokens.create(name, ["invoke"], lifetime_s)
        return made["id"], made["token"].encode()


@pytest.fixture
def desk(store, clock):
    return Desk(store, clock)


async def test_a_checked_token_is_recalled_without_a_look_up(desk, clock):
    token_id, token = await desk.make()
    assert desk.checker.recall(token) is None, "nobody has checked it yet"

    checked = await desk.checker.check(token)
    recalled = [desk.checker.recall(token) for _ in range(5)]

    assert checked is not None and checked.id == token_id
    assert checked.kind == CallerKind.TOKEN and checked.rights == {TokenScope.INVOKE}
    assert recalled == [checked] * 5 and desk.rows.looked_up == 1
    clock.now += REMEMBERED_S
    assert desk.checker.recall(token) is None
    assert await desk.checker.check(token) == checked
    assert desk.rows.looked_up == 2


async def test_only_text_in_the_form_of_a_token_is_looked_up(desk):
    for text in (b"", b"x", KEY.encode(), new_token().encode()[:-1]):
        assert await desk.checker.check(text) is None

    assert desk.rows.looked_up == 0
    assert await desk.checker.check(new_token().encode()) is None
    assert desk.rows.looked_up == 1


async def test_a_revoked_token_is_forgotten_at_once(desk):
    token_id, token = await desk.make()
    await desk.checker.check(token)

    await desk.tokens.revoke(token_id)

    assert desk.checker.recall(token) is None
    assert await desk.checker.check(token) is None


async def test_a_token_revoked_elsewhere_is_refused_soon(desk, store, clock):
    token_id, token = await desk.make()
    await desk.checker.check(token)

    await store.tokens.delete(token_id)

    clock.now += REMEMBERED_S
    assert await desk.checker.check(token) is None
    assert desk.checker.recall(token) is None


async def test_a_token_expires_also_while_it_is_remembered(desk, clock):
    _, token = await desk.make(lifetime_s=1)
    assert await desk.checker.check(token) is not None

    clock.now = NOW + 1

    assert REMEMBERED_S > 1
    assert desk.checker.recall(token) is None
    assert await desk.checker.check(token) is None


async def test_the_use_of_a_token_is_written_once_a_minute(desk, clock):
    _, token = await desk.make()

    for _ in range(130):
        assert desk.checker.recall(token) or await desk.checker.check(token)
        clock.now += 1

    assert desk.rows.noted == [NOW, NOW + 60, NOW + 120]


async def test_memory_for_tokens_is_bounded(desk):
    made = [await desk.make(name=f"t{number}") for number in range(MAX_REMEMBERED + 2)]
    for _, token in made:
        assert await desk.checker.check(token) is not None

    assert desk.checker.recall(made[0][1]) is None
    assert desk.checker.recall(made[1][1]) is None
    assert desk.checker.recall(made[2][1]) is not None
    assert desk.checker.recall(made[-1][1]) is not None


# --- sessions -----------------------------------------------------------------


class Holder:
    """A management key that a test replaces."""

    def __init__(self) -> None:
        self.digest = hashlib.sha256(b"first").digest()


@pytest.fixture
def holder():
    return Holder()


@pytest.fixture
def rows(store):
    return CountedRows(store.sessions)


@pytest.fixture
def sessions(rows, holder, clock):
    return Sessions(rows, holder, lifetime_s=3600, clock=clock)


async def opened(sessions) -> bytes:
    token, _ = await sessions.open("192.0.2.1", "browser")
    return token.encode()


async def test_a_session_ends_by_itself(sessions, clock):
    token = await opened(sessions)

    clock.now = NOW + 3599
    assert await sessions.find([token]) is not None
    clock.now = NOW + 3600
    assert await sessions.find([token]) is None


async def test_a_new_key_ends_the_sessions_of_the_old_one(sessions, holder):
    token = await opened(sessions)

    holder.digest = hashlib.sha256(b"second").digest()

    assert await sessions.find([token]) is None
    later = await opened(sessions)
    assert await sessions.find([later]) is not None


async def test_the_use_of_a_session_is_written_once_a_minute(sessions, rows, clock, store):
    token = await opened(sessions)

    for _ in range(130):
        assert await sessions.find([token]) is not None
        clock.now += 1
        # What is queued is written before the next write is done.
        await store.kv.delete("f", b"k")

    assert rows.noted == [NOW + 60, NOW + 120]


async def test_sessions_that_are_ended_at_the_same_time_are_ended(sessions):
    token = await opened(sessions)

    callers = await asyncio.gather(sessions.close([token]), sessions.close([token]))

    assert None not in callers
    assert await sessions.find([token]) is None
    assert (await sessions.page(PaginationParams()))["sessions"] == []


async def test_the_user_agent_is_cut(sessions):
    _, session = await sessions.open("192.0.2.1", "x" * 5000)

    assert len(session.user_agent) == 200


@pytest.mark.parametrize(
    ("cookies", "found"),
    [
        pytest.param(["auth_token=a"], [b"a"], id="one"),
        pytest.param(["x=1; auth_token=a; y=2"], [b"a"], id="among others"),
        pytest.param(["auth_token=a", "auth_token=b"], [b"a", b"b"], id="two headers"),
        pytest.param(["auth_token=; auth_token=b"], [b"b"], id="empty"),
        pytest.param(["xauth_token=a; auth_tokenx=b"], [], id="other names"),
        pytest.param(["auth_token"], [], id="no value"),
        pytest.param(["; ".join(["auth_token=a"] * 50)], [b"a"] * MAX_COOKIES, id="too many"),
    ],
)
def test_tokens_in_cookies(cookies, found):
    headers = [(b"cookie", one.encode()) for one in cookies]

    assert session_tokens([(b"host", b"auth_token=h"), *headers]) == found


# --- the key ------------------------------------------------------------------


@pytest.fixture
def key(tmp_path):
    return load_api_key("", tmp_path)


async def test_a_replaced_key_is_noticed_within_a_second(tmp_path, key, clock, caplog):
    holder = KeyHolder(key, clock)
    assert holder.is_key(key.value.encode())

    new = rotate_api_key(tmp_path)

    assert holder.is_key(key.value.encode()), "the file is looked at once a second"
    clock.now += 1
    assert holder.is_key(new.value.encode()) and not holder.is_key(key.value.encode())
    assert "replaced" in caplog.text
    assert key.value not in caplog.text and new.value not in caplog.text


@pytest.mark.parametrize("content", ["", "short", None, b"\xff\xfe"])
async def test_a_key_that_cannot_be_used_replaces_nothing(tmp_path, key, clock, caplog, content):
    holder = KeyHolder(key, clock)
    file = tmp_path / KEY_FILE
    if content is None:
        file.unlink()
    elif isinstance(content, bytes):
        file.write_bytes(content)
    else:
        file.write_text(content)

    for _ in range(3):
        clock.now += 1
        assert holder.is_key(key.value.encode())

    assert not holder.is_key(b"") and not holder.is_key(b"short")
    assert len(caplog.records) == 1, "told once"
    file.unlink(missing_ok=True)
    new = rotate_api_key(tmp_path)
    clock.now += 1
    assert holder.is_key(new.value.encode())


async def test_a_configured_key_has_no_file(tmp_path, clock):
    holder = KeyHolder(ApiKey(KEY, None), clock)
    rotate_api_key(tmp_path)
    clock.now += 5

    assert holder.is_key(KEY.encode())


def test_rotating_replaces_an_invalid_key_too(tmp_path):
    (tmp_path / KEY_FILE).write_text("")

    new = rotate_api_key(tmp_path)

    assert load_api_key("", tmp_path).value == new.value


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_key_that_root_makes_belongs_to_whom_the_directory_belongs(tmp_path):
    os.chown(tmp_path, 12345, 12346)

    load_api_key("", tmp_path)
    rotate_api_key(tmp_path)

    found = (tmp_path / KEY_FILE).stat()
    assert (found.st_uid, found.st_gid) == (12345, 12346)
    assert stat.S_IMODE(found.st_mode) == 0o600
