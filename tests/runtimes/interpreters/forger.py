"""A worker that has been taken over: it sends what the code it is given says, as raw bytes."""

import socket
import struct

from perilune.worker.frames import Call, FrameReader, Invoke, Ready, Result, ToWorker, encode
from perilune.worker.lockdown import Profile

PROFILE = Profile()


def serve(connection: socket.socket) -> None:
    """Answer each invocation with the forgery that its code names, or is in hexadecimal."""
    reader: FrameReader[ToWorker] = FrameReader(ToWorker)
    while data := connection.recv(65536):
        for frame in reader.feed(data):
            if isinstance(frame, Invoke) and frame.code is not None:
                connection.sendall(FORGERIES.get(frame.code) or bytes.fromhex(frame.code))


GOOD = encode(Result(200, {}, b"fine", False))
FORGERIES = {
    "good": GOOD,
    "noise": b"\xff" * 4096,
    "wrong version": struct.pack(">IB", 3, 99) + b"abc",
    "endless frame": struct.pack(">IB", 2**32 - 1, 1) + b"x" * 1000,
    "not msgpack": struct.pack(">IB", 4, 1) + b"\xc1\xc1\xc1\xc1",
    "unknown tag": struct.pack(">IB", 6, 1) + b"\x91\xa4evil",
    "wrong types": struct.pack(">IB", 9, 1) + b"\x92\xa6result\x01",
    "a frame for the worker": encode(Ready(["everything"])),
    "unknown call": encode(Call("os.execute", [b"id"])),
    "call of an inner name": encode(Call("__class__", [])),
    "too few arguments": encode(Call("kv.set", [b"k"])),
    "too many arguments": encode(Call("kv.get", [b"k", b"v", b"x"])),
    "wrong argument": encode(Call("kv.get", [{"key": 1}])),
    "wrong options": encode(Call("kv.set", [b"k", b"v", b"ttl"])),
    "status out of range": encode(Result(99999, {}, b"", False)),
    "more reads than are allowed": encode(Call("kv.get", [b"k"], reads=10**6)),
    "a negative number of reads": encode(Call("kv.get", [b"k"], reads=-1)),
    "fewer reads than before": encode(Call("log.info", [b"x"], reads=9))
    + encode(Call("log.info", [b"x"], reads=8)),
    "a result after too many reads": encode(Result(200, {}, b"", False, reads=10**6)),
    "two results": GOOD + GOOD,
    "a bad call and a result": encode(Call("os.execute", [b"id"])) + GOOD,
}
