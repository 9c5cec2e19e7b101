"""The documents made from the guest API table say what the code says."""

import json
import re
from pathlib import Path

import pytest

from perilune import __version__
from perilune.config import Settings
from perilune.events import ExecutionContext, HTTPEvent
from perilune.runtimes import WorkerLimits
from perilune.runtimes.guest.api import GUEST_API, MODULES, ArgType, Argument, GuestFunction
from perilune.runtimes.guest.docs import guest_api_json, llms_text, signature
from perilune.runtimes.guest.values import guest_context, guest_event
from perilune.services.http import HTTPLimits
from perilune.services.kv import KVLimits
from perilune.services.logger import LogLimits

FUNCTIONS_PAGE = Path(__file__).parents[2] / "docs" / "reference" / "functions.md"
PAGES = [
    pytest.param(llms_text(), id="llms.txt"),
    pytest.param(FUNCTIONS_PAGE.read_text(encoding="utf-8"), id="functions.md"),
]
MIB = 1024 * 1024
REPEAT = GuestFunction(
    module="strings",
    name="repeat",
    args=(Argument("s", ArgType.STRING), Argument("n", ArgType.INT, optional=True)),
    returns="string",
    summary="Repeats text.",
    example='strings["repeat"]("ab", 3)',
)


def test_reserved_words_are_called_in_brackets():
    assert signature(REPEAT) == 'strings["repeat"](s: string, n?: int)'


def test_the_document_for_editors_has_everything_about_a_function():
    document = json.loads(guest_api_json([REPEAT]))

    del document["handler"]  # it is about no function
    assert document == {
        "version": __version__,
        "modules": [
            {
                "name": "strings",
                "summary": MODULES["strings"],
                "functions": [
                    {
                        "name": "repeat",
                        "full_name": "strings.repeat",
                        "call": 'strings["repeat"]',
                        "signature": 'strings["repeat"](s: string, n?: int)',
                        "arguments": [
                            {"name": "s", "type": "string", "optional": False},
                            {"name": "n", "type": "int", "optional": True},
                        ],
                        "returns": "string",
                        "summary": "Repeats text.",
                        "example": 'strings["repeat"]("ab", 3)',
                        "examples": {"lua": 'strings["repeat"]("ab", 3)'},
                        "instead": {},
                        "since": "0.1.0",
                        "runs_on": "worker",
                    }
                ],
            }
        ],
    }


@pytest.mark.parametrize("function", GUEST_API, ids=lambda function: function.full_name)
def test_the_guide_names_every_function(function: GuestFunction):
    line = f"- `{signature(function)}` → `{function.returns}`: {function.summary}\n"

    assert line in llms_text()


def test_no_placeholder_is_left_in_the_guide():
    assert not re.search(r"\$[a-z_{]", llms_text())


@pytest.mark.parametrize(
    ("what", "limit"),
    [
        ("time of one execution *", f"{Settings().execution_timeout:g} s"),
        ("memory of one execution *", f"{WorkerLimits().memory_bytes // MIB} MiB"),
        ("request body *", f"{Settings().request_body // MIB} MiB"),
        ("response body *", f"{WorkerLimits().response_body_bytes // MIB} MiB"),
        (
            "host calls with an answer in one execution (`kv`, `env`, `http`, ...)",
            f"{WorkerLimits().host_calls:,}",
        ),
        (
            "`http`, `ai` and `email` calls in one execution, together *",
            f"{WorkerLimits().outbound_calls}",
        ),
        (
            "time of one HTTP request, redirects and body included *",
            f"{HTTPLimits().timeout_s:g} s",
        ),
        ("body received by one HTTP request *", f"{HTTPLimits().max_bytes // MIB} MiB"),
        ("log lines of one execution", f"{LogLimits().max_lines:,}"),
        ("one log line", f"{WorkerLimits().log_line_bytes // 1024} KiB"),
        ("all log lines of one execution", f"{LogLimits().max_total_bytes // MIB} MiB"),
        ("kv key", f"{KVLimits().max_key_bytes} bytes"),
        ("kv value", f"{KVLimits().max_value_bytes // MIB} MiB"),
        ("kv data of one function, keys and values", f"{KVLimits().max_function_bytes // MIB} MiB"),
    ],
)
def test_the_guide_states_the_limits_of_the_code(what: str, limit: str):
    assert f"| {what} | {limit} |\n" in llms_text()


@pytest.mark.parametrize("page", PAGES)
def test_every_field_of_the_event_is_documented(page: str):
    fields = guest_event(HTTPEvent(method="GET", path="/fn/f"))

    assert first_column(page, "event") == set(fields)


@pytest.mark.parametrize("page", PAGES)
def test_every_field_of_the_context_is_documented(page: str):
    context = ExecutionContext(
        execution_id="e",
        function_id="f",
        started_at=0,
        request_id="r",
        version="1",
        function_name="n",
        base_url="u",
    )

    assert first_column(page, "ctx") == set(
        guest_context(context, HTTPEvent(method="GET", path="/"))
    )


def first_column(page: str, heading: str) -> set[str]:
    """The names in the first column of the table below a heading."""
    section = re.split(rf"^#+ {heading}\n", page, flags=re.MULTILINE)[1]
    table = section.partition("\n#")[0]
    cells = re.findall(r"^\| (`[^|]*) \|", table, re.MULTILINE)
    return set(re.findall(r"`(\w+)`", " ".join(cells)))
