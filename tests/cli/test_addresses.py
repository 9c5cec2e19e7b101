"""What commands say of where functions are called, on a server that has a host for them."""

import json
import shlex
import subprocess
from pathlib import Path

import pytest

from perilune.cli import output
from tests.cli.command import Site, serving

BASE = "https://fn.example.org:8443"
WHERE = """
local json = json
function handler(ctx, event)
  return { body = json.encode({ event.host, event.path, router.url("/x") }) }
end
"""


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    data_dir = tmp_path_factory.mktemp("addresses") / "data"
    options = ("--function-host", "fn.example.org", "--base-url", "https://faas.example.org:8443")
    # Nobody reads its log, so it must not fill the pipe.
    with serving(data_dir, "--access-log", "off", *options) as (_, said):
        yield said


@pytest.fixture(scope="module")
def site(said):
    return Site(said["port"], Path(said["data directory"]))


@pytest.fixture
def where(site, tmp_path):
    """A function that answers where it was called."""
    file = tmp_path / "where.lua"
    file.write_text(WHERE)
    assert site("deploy", str(file)).stdout == f"where version 1: {BASE}/fn/where\n"
    yield file
    site("functions", "delete", "where", "--yes")


def test_the_line_to_try_names_the_host_of_functions(said):
    line = shlex.split(said["try"])

    printed = subprocess.run([*line, "-s"], capture_output=True, text=True, timeout=30, check=True)

    assert printed.stdout == "Hello, you! This is greeting number 1.\n"


def test_the_public_url_is_shown_everywhere(site, where):
    changed = site("functions", "set", "where", "address=here")

    url = f"{BASE}/fn/here"
    assert f": {url}\n" in changed.stderr
    assert url in site("functions", "list").stdout
    assert url in site("functions", "show", "where").stdout
    assert url in [one["url"] for one in site.json("functions", "list")]
    assert site.json("functions", "show", "here")["url"] == url
    assert site("deploy", str(where)).stdout == f"where version 1: {url}\n"


def test_a_call_goes_to_the_host_and_the_address_of_the_function(site, where):
    assert json.loads(site("invoke", "where", "a/b").stdout) == [
        "fn.example.org:8443",
        "/fn/where/a/b",
        f"{BASE}/fn/where/x",
    ]
    assert site("invoke", "where", "-H", "host: other.example").exit_code == 6


def test_a_function_is_meant_by_its_name_before_another_ones_address(site, where):
    site("functions", "set", "hello", "address=")
    site("functions", "set", "where", "address=hello")

    assert site.json("functions", "show", "hello")["name"] == "hello"
    site("functions", "set", "where", "address=only-here")
    assert site.json("functions", "show", "only-here")["name"] == "where"
    assert site("functions", "show", "nobody").exit_code == 3


def test_code_is_deployed_to_the_function_of_a_name_never_of_an_address(site, where, tmp_path):
    site("functions", "set", "where", "address=landing")
    file = tmp_path / "landing.lua"
    file.write_text(WHERE)

    done = site.json("deploy", str(file))

    assert done["url"] == f"{BASE}/fn/{done['id']}", "the address is another function's"
    assert len(site.json("versions", "where")) == 1
    site("functions", "delete", done["id"], "--yes")


def test_a_terminal_shows_all_of_a_long_value(monkeypatch, capsys):
    monkeypatch.setattr(output, "console", lambda: _narrow())
    url = f"{BASE}/fn/{'a-long-address-' * 4}"

    output.print_table(("name", "url"), [("n" * 30, url)])

    shown = capsys.readouterr().out
    assert "…" not in shown
    assert "".join(line[15:].strip() for line in shown.splitlines()[1:]) == url


def _narrow():
    from rich.console import Console

    return Console(width=30, force_terminal=True, color_system=None)
