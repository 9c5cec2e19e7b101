"""The systems that a server is compared with, each with the smallest function it can have.

`tools/install_peers.sh` installs them; those that are missing are left out.
"""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from bench.processes import free_port, wait_until_answering

FOLDER = Path(__file__).parent.parent / "build" / "peers"
"""Where they are installed unless told otherwise."""
NGINX_MODULES = Path("/usr/lib/nginx/modules")

ASGI = """
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200,
                "headers": [(b"content-type", b"text/plain"), (b"content-length", b"5")]})
    await send({"type": "http.response.body", "body": b"hello"})
"""
WORKER = "export default { async fetch(request) { return new Response('hello'); } };"
CAPNP = """
using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [ (name = "main", worker = .hello) ],
  sockets = [ (name = "http", address = "127.0.0.1:PORT", http = (), service = "main") ]
);
const hello :Workerd.Worker = (
  modules = [ (name = "worker", esModule = embed "worker.js") ], compatibilityDate = "2025-01-01"
);
"""
FRAMEWORK = """
import functions_framework

@functions_framework.http
def hello(request):
    return "hello"
"""
NGINX = """
load_module MODULES/ndk_http_module.so;
load_module MODULES/ngx_http_lua_module.so;
worker_processes auto;
daemon off;
pid nginx.pid;
error_log nginx-error.log;
events { worker_connections 2048; }
http {
  access_log off;
  client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4;
  scgi_temp_path t5;
  keepalive_requests 1000000000;
  server {
    listen 127.0.0.1:PORT;
    location / { content_by_lua_block { ngx.print("hello") } }
  }
}
"""


@dataclass(frozen=True, slots=True)
class Peer:
    """How a system is found and started."""

    name: str
    files: Mapping[str, str]
    """What has to be in its working folder; PORT and MODULES are filled in."""
    program: Callable[[Path], str | None]
    """Returns the program, None if it is not installed."""
    arguments: tuple[str, ...]
    release: Callable[[str], str]
    """Returns the version of a program."""


@dataclass(frozen=True, slots=True)
class Running:
    """A system that answers at *url*."""

    url: str
    pid: int


def _workerd(folder: Path) -> str | None:
    # The program itself: what npm links to may be a script that starts it.
    found = folder.glob("node_modules/@cloudflare/workerd-*/bin/workerd")
    return next((str(one.resolve()) for one in found), None)


def _framework(folder: Path) -> str | None:
    return shutil.which(folder / "venv/bin/functions-framework")


def _nginx(_: Path) -> str | None:
    has_lua = (NGINX_MODULES / "ngx_http_lua_module.so").exists()
    return shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin") if has_lua else None


def _output(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return (done.stdout + done.stderr).strip()


def _release_of_framework(program: str) -> str:
    python = str(Path(program).with_name("python"))
    ask = "from importlib.metadata import version; print(version('functions-framework'))"
    return f"functions-framework {_output(python, '-c', ask)}"


PEERS = (
    Peer(
        "bare ASGI",
        {"bare.py": ASGI},
        lambda _: sys.executable,
        (
            *("-m", "uvicorn", "bare:app", "--port", "PORT", "--loop", "uvloop"),
            *("--http", "httptools", "--lifespan", "off", "--no-access-log"),
            *("--log-level", "error", "--no-server-header"),
        ),
        lambda _: f"uvicorn {version('uvicorn')}",
    ),
    Peer(
        "workerd",
        {"worker.js": WORKER, "config.capnp": CAPNP},
        _workerd,
        ("serve", "config.capnp"),
        lambda program: _output(program, "--version"),
    ),
    Peer(
        "functions-framework",
        {"main.py": FRAMEWORK},
        _framework,
        ("--target=hello", "--host", "127.0.0.1", "--port", "PORT"),
        _release_of_framework,
    ),
    Peer(
        "nginx with Lua",
        {"nginx.conf": NGINX},
        _nginx,
        ("-p", ".", "-c", "nginx.conf"),
        lambda program: _output(program, "-v").removeprefix("nginx version: "),
    ),
)


@contextmanager
def running(peer: Peer, program: str, folder: Path) -> Iterator[Running]:
    """Run a peer on a free port, in a new folder of its own within *folder*.

    Raises:
        RuntimeError: it ended or did not answer.
    """
    port = free_port()
    place = folder / peer.name.replace(" ", "-")
    place.mkdir()
    filled = {"PORT": str(port), "MODULES": str(NGINX_MODULES)}
    for name, text in peer.files.items():
        (place / name).write_text(_fill(text, filled))
    command = [program, *(_fill(one, filled) for one in peer.arguments)]
    with (place / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=place, stdout=log, stderr=log)
    try:
        url = f"http://127.0.0.1:{port}/"
        wait_until_answering(url, process)
        yield Running(url, process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(40)


def _fill(text: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(name, value)
    return text
