"""Values as guests get them: dictionaries with attributes, headers in any case."""

import json
import re
import time
from collections.abc import Mapping
from typing import Any

_MAX_WHOLE = 2.0**53
_UNDERSCORES = re.compile(r"_([a-z0-9])")


class Record(dict[str, Any]):
    """A dictionary whose members are attributes too, in camelCase as they are or in snake_case."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        if name in self:
            return self[name]
        camel = camel_case(name)
        if camel in self:
            return self[camel]
        raise AttributeError(f"there is no {name!r} here, only: {', '.join(self)}")


class Headers(dict[str, Any]):
    """Headers by name, found in any case."""

    __slots__ = ()

    def __missing__(self, name: object) -> Any:
        if isinstance(name, str):
            wanted = name.lower()
            for key, value in self.items():
                if key.lower() == wanted:
                    return value
        raise KeyError(name)

    def __contains__(self, name: object) -> bool:
        try:
            self[name]  # type: ignore[index]  # strangers are not found
        except KeyError:
            return False
        return True

    def get(self, name: str, default: Any = None) -> Any:
        """Return the value of a header, *default* if it is not there."""
        try:
            return self[name]
        except KeyError:
            return default


class Event(Record):
    """What happened: an HTTP request, or what else called the function."""

    __slots__ = ()

    @property
    def body_bytes(self) -> bytes:
        """The body as it was received."""
        return self["body"].encode("utf-8", "surrogateescape")  # type: ignore[no-any-return]

    def json(self) -> Any:
        """Return the body, which is JSON; raises ValueError if it is none."""
        return _read_json(self["body"])


class Context(Record):
    """About this execution."""

    __slots__ = ("_deadline_s",)

    def __init__(self, members: Mapping[str, Any], deadline_s: float) -> None:
        super().__init__(members)
        self._deadline_s = deadline_s

    def time_left(self) -> float:
        """Return the seconds until this execution is stopped."""
        return max(0.0, self._deadline_s - time.monotonic())

    def get_remaining_time_in_millis(self) -> int:
        """Return the same in whole milliseconds."""
        return int(self.time_left() * 1000)


class HttpResponse(Record):
    """What a server answered."""

    __slots__ = ()

    @property
    def ok(self) -> bool:
        """Whether the status is one of success."""
        return 200 <= int(self["statusCode"]) < 400

    @property
    def content(self) -> bytes:
        """The body as it was received."""
        return self["body"].encode("utf-8", "surrogateescape")  # type: ignore[no-any-return]

    def json(self) -> Any:
        """Return the body, which is JSON; raises ValueError if it is none."""
        return _read_json(self["body"])


class KvPage(list[Record]):
    """One part of a list of key-value pairs; each item has `key` and `value`."""

    def __init__(self, items: list[Record], cursor: str | None) -> None:
        super().__init__(items)
        self.cursor = cursor

    @property
    def items(self) -> list[Record]:
        """The pairs."""
        return self


def make_event(members: dict[str, Any]) -> Event:
    """Return an event, given as a frame has it."""
    event = Event(members)
    for name, value in members.items():
        if type(value) is not str:
            event[name] = _texts(value)
    for name in ("headers", "multiHeaders"):
        if name in event:
            event[name] = Headers(event[name])
    return event


def camel_case(name: str) -> str:
    """Return a name in snake_case as it is in camelCase."""
    return _UNDERSCORES.sub(lambda found: found[1].upper(), name)


def snake_case(name: str) -> str:
    """Return a name in camelCase as it is in snake_case."""
    return re.sub(r"(?<=[a-z0-9])[A-Z]", lambda found: "_" + found[0].lower(), name)


def text_of(data: bytes) -> str:
    """Return bytes as text; what is not UTF-8 becomes surrogate escapes."""
    return data.decode("utf-8", "surrogateescape")


def from_wire(value: Any) -> Any:
    """Return a value of a reply as guests get it."""
    if isinstance(value, bytes):
        return text_of(value)
    if isinstance(value, dict):
        return Record({_key(name): from_wire(member) for name, member in value.items()})
    if isinstance(value, list):
        return [from_wire(one) for one in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < _MAX_WHOLE:
        # The host counts in floats, as most languages do.
        return int(value)
    return value


def to_wire(value: Any) -> Any:
    """Return a guest's value for a call: texts as bytes.

    Raises:
        TypeError: it holds something that is no plain value.
    """
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape")
    if value is None or isinstance(value, bool | int | float | bytes):
        return value
    if isinstance(value, bytearray | memoryview):
        return bytes(value)
    if isinstance(value, Mapping):
        return {_wire_key(name): to_wire(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [to_wire(one) for one in value]
    raise TypeError(f"a plain value is expected, not {type(value).__name__}")


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


_JSON = json.JSONDecoder(parse_constant=_refuse_constant)


def _read_json(text: str) -> Any:
    """Return what JSON text says; raises ValueError, whatever is wrong with it.

    A byte order mark, which some writers put in front, is skipped (RFC 8259, 8.1).
    """
    try:
        return _JSON.decode(text.removeprefix("\ufeff"))
    except RecursionError:
        raise ValueError("the JSON is nested too deeply") from None


def _key(name: Any) -> Any:
    return text_of(name) if isinstance(name, bytes) else name


def _wire_key(name: Any) -> bytes:
    if isinstance(name, bytes):
        return name
    return str(name).encode("utf-8", "surrogateescape")


def _texts(value: Any) -> Any:
    """Return *value* with texts in the place of bytes; itself if there are none."""
    if isinstance(value, bytes):
        return text_of(value)
    if isinstance(value, dict):
        for key, member in value.items():
            if type(key) is not str or type(member) is not str:
                return {_key(name): _texts(one) for name, one in value.items()}
    elif isinstance(value, list):
        for one in value:
            if type(one) is not str:
                return [_texts(one) for one in value]
    return value
