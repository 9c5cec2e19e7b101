"""The composition root: builds the server out of its packages and injects their dependencies.

It knows every package and decides nothing.
"""

from perilune.app.data import (
    bring_key,
    ensure_example,
    has_database,
    open_data,
    open_database,
    open_secrets,
)
from perilune.app.data_dir import DATABASE_FILE, DataDirError, DataDirInUse, hold_data_dir
from perilune.app.memory import returning_memory
from perilune.app.process import raise_descriptor_limit
from perilune.app.runtimes import HostedRuntime, OpenRuntime, open_workers
from perilune.app.secrets import Rotation, SecretKeys, prune, rotate
from perilune.app.server import NoWorkersError, RunningServer, open_server
from perilune.app.services import Services

__all__ = [
    "DATABASE_FILE",
    "DataDirError",
    "DataDirInUse",
    "HostedRuntime",
    "NoWorkersError",
    "OpenRuntime",
    "Rotation",
    "RunningServer",
    "SecretKeys",
    "Services",
    "bring_key",
    "ensure_example",
    "has_database",
    "hold_data_dir",
    "open_data",
    "open_database",
    "open_secrets",
    "open_server",
    "open_workers",
    "prune",
    "raise_descriptor_limit",
    "returning_memory",
    "rotate",
]
