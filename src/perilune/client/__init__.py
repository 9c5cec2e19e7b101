"""What a program needs to use a server from outside: its address, its API, functions as files.

It imports nothing of the server.  `target` finds the server and the token, `connection`
speaks HTTP, `functions` and `executions` say what the API can do in one method per question;
`folders` reads and writes functions as plain files, `plan` compares them with a server,
`checking` asks it what is wrong with them before `deploy` changes anything.
"""

from perilune.client.connection import Connection, open_connection
from perilune.client.errors import (
    AmbiguousName,
    ClientError,
    NotFound,
    NotPermitted,
    RequestRefused,
    ServerUnreachable,
    UnusableTarget,
)
from perilune.client.executions import ExecutionsClient
from perilune.client.functions import FunctionsClient
from perilune.client.target import ServerTarget, find_target

__all__ = [
    "AmbiguousName",
    "ClientError",
    "Connection",
    "ExecutionsClient",
    "FunctionsClient",
    "NotFound",
    "NotPermitted",
    "RequestRefused",
    "ServerTarget",
    "ServerUnreachable",
    "UnusableTarget",
    "find_target",
    "open_connection",
]
