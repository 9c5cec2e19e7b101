"""What a program needs to use a server from outside: its address, its API, functions as files.

It imports nothing of the server.  `target` finds the server and the token, `connection`
speaks HTTP, `functions` and `executions` say what the API can do in one method per question;
`folders` reads and writes functions as plain files, `plan` compares them with a server.
"""

from perilune.client.connection import Connection, open_connection
from perilune.client.errors import (
    AmbiguousName,
    ClientError,
    NotFound,
    NotPermitted,
    Refused,
    ServerUnreachable,
    UnusableTarget,
)
from perilune.client.executions import Executions
from perilune.client.functions import Functions
from perilune.client.target import Target, find_target

__all__ = [
    "AmbiguousName",
    "ClientError",
    "Connection",
    "Executions",
    "Functions",
    "NotFound",
    "NotPermitted",
    "Refused",
    "ServerUnreachable",
    "Target",
    "UnusableTarget",
    "find_target",
    "open_connection",
]
