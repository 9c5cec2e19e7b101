"""The frames that host and worker exchange over their socket.

A frame is a header of five bytes (body length as unsigned 32-bit big endian,
then the protocol version) and a msgpack body: a tagged array.  Strings that
belong to guest code travel as msgpack *bin* (`bytes`), because Lua strings
are byte strings; names and texts of the protocol itself are *str*.

The host trusts nothing that arrives here: `FrameReader` bounds the length
before it buffers a byte of the body, and decoding is strict: what a value of a
guest may be is said down to the depth that calls need, and its keys are byte
strings or numbers.  Lists as keys could be chosen so that all of them collide,
and one frame would keep the host busy for hours.
"""

import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Generic, TypeVar

import msgspec

PROTOCOL_VERSION = 1
HEADER = struct.Struct(">IB")
MAX_FRAME_BYTES = 16 * 1024 * 1024
SHORT_BYTES = 4096
"""Frames are copied before they are decoded if they are shorter."""
EXAMINED_BYTES = 16 * 1024
"""Shorter frames are decoded at once: they can't mean much."""
MAX_HEADERS_BYTES = 256 * 1024
"""Names and values of all header lines of a response, with `HEADER_LINE_BYTES` for each."""
HEADER_LINE_BYTES = 32
"""What a line counts beyond its text, as in HTTP/2 (RFC 9113, section 6.5.2)."""


class FrameError(Exception):
    """The peer broke the protocol; the connection can't be used any more."""


class HostFunction(msgspec.Struct, frozen=True, array_like=True):
    """A function that the host carries out for guests; from the guest API table."""

    module: str
    name: str
    args: list[tuple[str, bool]]
    """`(type, optional)` of each."""
    has_reply: bool = True
    fails_with_false: bool = False
    """Whether a failure is `false, err` to the guest; `nil, err` otherwise."""
    arg_names: list[str] = []
    """The name of each argument, for languages that have some."""


class Setup(msgspec.Struct, frozen=True, array_like=True, tag="setup"):
    """Host → worker, once, before the first invocation."""

    memory_bytes: int
    """Most bytes the guest's heap may take."""
    response_body_bytes: int
    """Longest response body, in bytes after base64 decoding."""
    log_line_bytes: int
    """Longest log message; longer ones are cut by the worker with a mark."""
    host_functions: list[HostFunction]
    language: str = ""
    """The language of the code that will come, for interpreters of several."""
    host_calls: int = 0
    """Most calls with a reply in one invocation, reads of shared values included."""


class Invoke(msgspec.Struct, frozen=True, array_like=True, tag="invoke"):
    """Host → worker: run this function version once."""

    version_id: str
    code: str | None
    """Source; None when this worker has been given it before."""
    context: dict[str, Any]
    """The guest's `ctx`, camelCase, absent members left out."""
    event: dict[str, Any]
    """The guest's `event`, camelCase."""
    time_left_s: float
    check_only: bool = False
    """Only look for mistakes: the outcome is a `Failure`, or a `Result` that says nothing."""
    calls_only: bool = False
    """Make a call for each value, since somebody observes them: none is read from shared memory."""


class PackedInvoke(Invoke, frozen=True, array_like=True, tag="invoke"):
    """The same, as it is read by a worker whose guests get both undecoded."""

    context: msgspec.Raw  # type: ignore[assignment]  # the form that it is packed in again
    event: msgspec.Raw  # type: ignore[assignment]


class Reply(msgspec.Struct, frozen=True, array_like=True, tag="reply"):
    """Host → worker: the outcome of a `Call`."""

    error: str | None
    """Operational failure, given to the guest as `nil, error` (or `false, error`)."""
    value: Any = None


if TYPE_CHECKING:
    Argument = Any  # a value of a guest: whoever uses it looks at it first
else:
    _Scalar = bytes | int | float | bool | None
    _Key = bytes | int | float
    # Values deeper than members of attachments in a list of options stay undecoded.
    _Third = _Scalar | list[msgspec.Raw] | dict[_Key, msgspec.Raw]
    _Second = _Scalar | list[_Third] | dict[_Key, _Third]
    _First = _Scalar | list[_Second] | dict[_Key, _Second]
    Argument = _Scalar | list[_First] | dict[_Key, _First]


Figure = Annotated[int, msgspec.Meta(ge=0, le=2**40)]
"""What a worker says that something amounts to."""


class Call(msgspec.Struct, array_like=True, tag="call"):
    """Worker → host: the guest calls a host function."""

    name: str
    """`module.function`, as in the guest API table."""
    args: list[Argument]
    reads: Figure = 0
    """How many values this invocation has read from shared memory so far."""


class Ready(msgspec.Struct, frozen=True, array_like=True, tag="ready"):
    """Worker → host, before `Setup`: locked down.  Who becomes another program says it again."""

    layers: list[str]
    """A report on the sandbox, for `perilune.worker.lockdown.grade`."""
    fatal: ClassVar[bool] = False
    held_us: ClassVar[None] = None


class Result(msgspec.Struct, array_like=True, tag="result"):
    """Worker → host: the handler returned a response."""

    status_code: int
    headers: dict[str, str | list[str]]
    body: bytes
    is_base64_encoded: bool
    warnings: list[str] = []
    cpu_us: Figure | None = None
    """Processor time that the worker used for it, in microseconds; None: not known."""
    peak_memory_kib: Figure | None = None
    """Most memory that the worker's process has held so far, in KiB; None: not known."""
    reads: Figure = 0
    """As in `Call`."""
    held_us: Figure | None = None
    """How long it had the worker, in microseconds, waiting included; None: not known."""
    fatal: ClassVar[bool] = False


class Failure(msgspec.Struct, array_like=True, tag="failure"):
    """Worker → host: the invocation failed inside the guest's interpreter."""

    kind: str
    """One of `runtime`, `syntax`, `memory`, `internal`."""
    message: str
    """The interpreter's own text, with traceback where there is one."""
    line: int | None = None
    column: int | None = None
    fatal: bool = False
    """The interpreter's state can't be trusted any more; the worker ends after this."""
    cpu_us: Figure | None = None
    """As in `Result`."""
    peak_memory_kib: Figure | None = None
    """As in `Result`."""
    reads: Figure = 0
    """As in `Call`."""
    held_us: Figure | None = None
    """As in `Result`."""


ToWorker = Setup | Invoke | Reply
Ending = Ready | Result | Failure
"""What ends an invocation, or the start of a worker."""
FromWorker = Call | Ending

M = TypeVar("M")

_HEADER_BYTES = HEADER.size
_pack_header, _read_header = HEADER.pack, HEADER.unpack_from
_encode_body = msgspec.msgpack.Encoder().encode


def encode(message: ToWorker | FromWorker) -> bytes:
    """Return the whole frame of *message*, header included.

    Raises:
        FrameError: the frame would be longer than `MAX_FRAME_BYTES`.
    """
    body = _encode_body(message)
    length = len(body)
    if length > MAX_FRAME_BYTES:
        raise _too_long(length)
    return _pack_header(length, PROTOCOL_VERSION) + body


Examine = Callable[[bytearray | memoryview], None]
"""Looks at the body of a frame before it is decoded; raises `FrameError` to refuse it."""


class FrameReader(Generic[M]):
    """Cuts a byte stream into decoded messages of one type.

    Append what the socket gave to its buffer, and take the messages out; it keeps the rest.
    """

    def __init__(
        self,
        message_type: Any,  # Any: a union of types is not a `type`
        examine: Examine | None = None,
    ) -> None:
        self._decode: Callable[[bytearray | memoryview], M]
        self._decode = msgspec.msgpack.Decoder(message_type).decode
        self._examine = examine
        self.buffer = bytearray()
        """What has not been taken out yet."""
        self.taken_bytes = 0
        """Size of all frames taken out so far."""

    def take(self) -> M | None:
        """Return the oldest complete message; None if more data is needed.

        Raises:
            FrameError: wrong version, too long, or not a message of this type.
        """
        buffer = self.buffer
        there = len(buffer)
        if there < _HEADER_BYTES:
            return None
        length, version = _read_header(buffer)
        if version != PROTOCOL_VERSION:
            raise FrameError(f"protocol version {version}, expected {PROTOCOL_VERSION}")
        if length > MAX_FRAME_BYTES:
            raise _too_long(length)
        end = _HEADER_BYTES + length
        if there < end:
            return None
        body: bytearray | memoryview
        try:
            if length < SHORT_BYTES:
                # A copy is quicker than a view, and what stays undecoded has its own memory.
                body = buffer[_HEADER_BYTES:end]
            else:
                body = memoryview(buffer)[_HEADER_BYTES:end]
                if self._examine is not None and end > EXAMINED_BYTES:
                    self._examine(body)
            message = self._decode(body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise FrameError(f"malformed frame: {error}") from error
        del body
        try:
            del buffer[:end]
        except BufferError:
            # The undecoded part of the message is still in there.
            self.buffer = buffer[end:]
        self.taken_bytes += end
        return message

    def feed(self, data: bytes) -> list[M]:
        """Return the messages completed by *data*, oldest first; raises as `take` does."""
        self.buffer += data
        return list(iter(self.take, None))


def _too_long(length: int) -> FrameError:
    return FrameError(f"frame of {length} bytes exceeds the limit of {MAX_FRAME_BYTES} bytes")
