"""A real server behind each reverse proxy, which is started with its file in `deploy/`."""

import json
import shutil
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from cryptography import x509

from bench.processes import Server, free_port, serving
from tests.deploy.image import ROOT
from tests.upstream.certificate import write_certificate

pytestmark = pytest.mark.soak
MIB = 1024 * 1024
START_LIMIT_S = 30.0
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
SEEN = """
def handler(ctx, event):
    seen = {"host": event.host, "scheme": event.scheme, "client": event.remote_addr}
    return {"body": seen | {"method": event.method, "length": len(event.body)}}
"""
LARGE = "def handler(ctx, event):\n    return {'body': 'x' * (5 * 1024 * 1024)}"
CLIENT = "127.0.0.2"
"""Proxies connect from 127.0.0.1, which the server believes."""


@dataclass
class Site:
    """Where a proxy listens and what it needs."""

    folder: Path
    port: int
    upstream: str
    certificate: str
    key: str

    def adapt(self, name: str, changes: dict[str, str]) -> Path:
        """Write the file of `deploy/` with the addresses and files of this test."""
        text = (ROOT / "deploy" / name).read_text(encoding="utf-8")
        for old, new in ({"127.0.0.1:3000": self.upstream} | changes).items():
            assert old in text
            text = text.replace(old, new)
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path


def nginx(site: Site) -> list[str]:
    changes = {
        "listen 443": f"listen 127.0.0.1:{site.port}",
        "/etc/ssl/functions.example.org/fullchain.pem": site.certificate,
        "/etc/ssl/functions.example.org/key.pem": site.key,
    }
    block = site.adapt("nginx.conf", changes)
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    folders = " ".join(f"{kind}_temp_path {site.folder / kind};" for kind in kinds)
    main = site.folder / "main.conf"
    main.write_text(
        f"user root; daemon off; pid {site.folder}/pid; error_log stderr; events {{}}"
        f" http {{ access_log off; {folders} include {block}; }}"
    )
    return ["nginx", "-p", str(site.folder), "-c", str(main)]


def caddy(site: Site) -> list[str]:
    head = "{\n\tadmin off\n\tauto_https disable_redirects\n}\n"
    address = f"{head}https://localhost:{site.port} {{\n\tbind 127.0.0.1\n"
    certificate = f"\ttls {site.certificate} {site.key}\n"
    changes = {"\nfunctions.example.org {\n": f"\n{address}{certificate}"}
    path = site.adapt("Caddyfile", changes)
    return ["caddy", "run", "--adapter", "caddyfile", "--config", str(path)]


def haproxy(site: Site) -> list[str]:
    both = site.folder / "both.pem"
    both.write_text(Path(site.certificate).read_text() + Path(site.key).read_text())
    changes = {
        ":443": f"127.0.0.1:{site.port}",
        "/etc/haproxy/functions.example.org.pem": str(both),
    }
    return ["haproxy", "-db", "-f", str(site.adapt("haproxy.cfg", changes))]


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[Server]:
    settings = {"PERILUNE_TRUSTED_PROXIES": "127.0.0.1"}
    with serving(tmp_path_factory.mktemp("proxied") / "data", settings) as started:
        yield started


@pytest.fixture(scope="module")
def functions(server) -> dict[str, str]:
    code = {"seen": SEEN, "large": LARGE}
    added = {name: server.add_function(name, text, "python") for name, text in code.items()}
    return {name: url.removeprefix(server.base_url) for name, url in added.items()}


@pytest.fixture(scope="module", params=[nginx, caddy, haproxy], ids=lambda one: one.__name__)
def client(request, server, tmp_path_factory) -> Iterator[httpx.Client]:
    command_of: Callable[[Site], list[str]] = request.param
    if shutil.which(command_of.__name__) is None:
        pytest.skip(f"{command_of.__name__} is not installed")
    folder = tmp_path_factory.mktemp(command_of.__name__)
    folder.chmod(0o755)
    certificate, key = write_certificate(folder, x509.DNSName("localhost"))
    upstream = server.base_url.removeprefix("http://")
    site = Site(folder, free_port(), upstream, certificate, key)
    process = subprocess.Popen(command_of(site), env={"PATH": PATH, "HOME": str(folder)})
    transport = httpx.HTTPTransport(
        verify=ssl.create_default_context(cafile=certificate), local_address=CLIENT
    )
    try:
        with httpx.Client(
            base_url=f"https://localhost:{site.port}", transport=transport, timeout=30
        ) as opened:
            _wait_for(opened, process)
            yield opened
    finally:
        process.terminate()
        process.wait(30)


def _wait_for(client: httpx.Client, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_LIMIT_S
    while True:
        assert process.poll() is None, "the proxy has ended"
        try:
            client.get("/readyz").raise_for_status()
            return
        except httpx.HTTPError:
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_functions_see_the_caller_and_not_the_proxy(client, functions):
    forged = {"X-Forwarded-For": "192.0.2.1", "X-Forwarded-Proto": "gopher"}

    seen = client.put(functions["seen"], content=b"\0" * 5, headers=forged).json()

    host = f"localhost:{client.base_url.port}"
    assert seen == {
        "host": host,
        "scheme": "https",
        "client": CLIENT,
        "method": "PUT",
        "length": 5,
    }


def test_large_bodies_pass_both_ways_up_to_the_limit(client, functions):
    assert client.post(functions["seen"], content=bytes(6 * MIB)).json()["length"] == 6 * MIB
    assert len(client.get(functions["large"]).content) == 5 * MIB

    assert client.post(functions["seen"], content=bytes(6 * MIB + 1)).status_code == 413


def test_events_arrive_while_the_stream_is_open(client, server, functions):
    authorization = {"Authorization": f"Bearer {server.key}"}

    with client.stream("GET", "/api/executions/stream", headers=authorization) as stream:
        lines = stream.iter_lines()
        client.get(functions["seen"])

        data = next(line for line in lines if line.startswith("data: "))

    assert functions["seen"].endswith(json.loads(data[6:])["function_id"])
