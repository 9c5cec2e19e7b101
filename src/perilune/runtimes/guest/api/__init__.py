"""The guest API, described once.

From this table come the allow-list of host calls, the bindings of every
language, the reference documentation and the completions of the editor.  An
entry that `runs_on_host` is a frame to the server; the others are implemented
inside the worker.
"""

import msgspec

from perilune.runtimes.guest.api.javascript_examples import (
    JAVASCRIPT_EXAMPLES,
    TYPESCRIPT_EXAMPLES,
)
from perilune.runtimes.guest.api.model import ArgType, Argument, GuestFunction
from perilune.runtimes.guest.api.network import AI, EMAIL, HTTP
from perilune.runtimes.guest.api.platform import PLATFORM_FUNCTIONS
from perilune.runtimes.guest.api.python_examples import PYTHON_EXAMPLES
from perilune.runtimes.guest.api.state import ENV, KV, LOG
from perilune.runtimes.guest.api.text import BASE64, JSON, STRINGS
from perilune.runtimes.guest.api.times import TIME
from perilune.runtimes.guest.api.values import CRYPTO, RANDOM
from perilune.runtimes.guest.api.web import ROUTER, URL

EXAMPLES = {
    "javascript": JAVASCRIPT_EXAMPLES,
    "typescript": {**JAVASCRIPT_EXAMPLES, **TYPESCRIPT_EXAMPLES},
    "python": PYTHON_EXAMPLES,
}
"""Examples in other languages than Lua: by language, then by full name of the function."""

_ON_PLATFORM = ("javascript", "typescript")

_TABLE: tuple[GuestFunction, ...] = (
    LOG
    + KV
    + ENV
    + HTTP
    + JSON
    + BASE64
    + CRYPTO
    + TIME
    + URL
    + STRINGS
    + RANDOM
    + ROUTER
    + AI
    + EMAIL
)

GUEST_API: tuple[GuestFunction, ...] = tuple(
    msgspec.structs.replace(
        function,
        examples={language: texts[function.full_name] for language, texts in EXAMPLES.items()},
        instead={
            language: PLATFORM_FUNCTIONS[function.full_name]
            for language in _ON_PLATFORM
            if function.full_name in PLATFORM_FUNCTIONS
        },
    )
    for function in _TABLE
)

HOST_FUNCTIONS: dict[str, GuestFunction] = {
    function.full_name: function for function in GUEST_API if function.runs_on_host
}

__all__ = ["GUEST_API", "HOST_FUNCTIONS", "ArgType", "Argument", "GuestFunction"]
