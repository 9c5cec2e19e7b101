"""What runs inside the worker.  It is imported before the lock-down, and serves after it."""

import socket
from string import Template

from perilune.worker.frames import Failure, Invoke, Result
from perilune.worker.lockdown import Profile
from perilune.worker.socket_channel import SocketChannel

PROFILE = Profile()  # no files, no threads: the least there is


def serve(connection: socket.socket) -> None:
    """Run invocations until the server closes the connection."""
    channel, template = SocketChannel(connection), Template("")
    channel.next_message()  # the limits
    while isinstance(invoke := channel.next_message(), Invoke):
        if invoke.code is not None:  # None from the second time on
            template = Template(invoke.code)
        try:
            text = template.substitute(invoke.event["query"])
        except (KeyError, ValueError) as error:
            channel.finish(Failure("runtime", f"{type(error).__name__}: {error}"))
        else:
            channel.finish(Result(200, {"Content-Type": "text/plain"}, text.encode(), False))
