"""Shows one execution from end to end, and fails on any surprise.

It starts a server on a free port in a temporary data directory, calls the
example function with secrets in a header and in the body, prints the answer and
the stored record, checks that no secret was written anywhere, and stops the
server.  The exit code is 0 only if everything went as promised.
"""

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import Any

START_LIMIT_S = 30.0
STOP_LIMIT_S = 30.0
REQUEST_LIMIT_S = 10.0
POLL_S = 0.05
REDACTED = "[REDACTED]"


class Surprise(Exception):
    """Something did not go as promised."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server answered."""

    status: int
    headers: "Message[str, str]"
    """Looked up in any case."""
    body: bytes

    def json(self) -> Any:  # Any: whatever the server sent
        """Return the body as JSON values."""
        return json.loads(self.body)


class Client:
    """Calls one server on loopback."""

    def __init__(self, base_url: str, api_key: str = "") -> None:
        self._base_url = base_url
        self._api_key = api_key
        # Proxies of the environment have no business with loopback.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def get(self, path: str) -> Answer:
        """Read from the management API with the key; any status but 200 is a surprise."""
        answer = self.send("GET", path, {"Authorization": f"Bearer {self._api_key}"})
        expect(answer.status == 200, f"GET {path} answered {answer.status}: {answer.body!r}")
        return answer

    def send(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> Answer:
        """Send one request and return the answer, whatever its status."""
        request = urllib.request.Request(
            self._base_url + path, data=body, headers=dict(headers), method=method
        )
        try:
            with self._opener.open(request, timeout=REQUEST_LIMIT_S) as response:
                return Answer(response.status, response.headers, response.read())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.headers, error.read())


def main() -> int:
    """Run the demonstration; return the exit code."""
    with tempfile.TemporaryDirectory(prefix="perilune-demo-") as directory:
        data_dir = Path(directory)
        log_path = data_dir / "server.log"
        port = _free_port()
        with log_path.open("wb") as log:
            server = _start(data_dir, port, log.fileno())
        try:
            execution_id, planted = _show(server, data_dir, f"http://127.0.0.1:{port}")
            _stop(server)
            _search(data_dir, execution_id, planted)
        except (Surprise, OSError, ValueError, LookupError) as error:
            print(f"\nSurprise: {error}", file=sys.stderr)
            print(log_path.read_text(encoding="utf-8", errors="replace"), file=sys.stderr)
            return 1
        finally:
            if server.poll() is None:
                server.kill()
                server.wait()
    print("\nThe server stopped cleanly. No secret was found in its files or its log.")
    return 0


def expect(condition: bool, otherwise: str) -> None:
    """Raise `Surprise` with *otherwise* unless *condition* holds."""
    if not condition:
        raise Surprise(otherwise)


def _start(data_dir: Path, port: int, log_fd: int) -> "subprocess.Popen[bytes]":
    environment = {
        **os.environ,
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "DATA_DIR": str(data_dir),
        "PYTHONUNBUFFERED": "1",
    }
    for name in ("API_KEY", "BASE_URL"):  # those of another server on this machine
        environment.pop(name, None)
    return subprocess.Popen(
        [sys.executable, "-m", "perilune", "serve", "--example"],
        stdin=subprocess.DEVNULL,
        stdout=log_fd,
        stderr=subprocess.STDOUT,
        env=environment,
    )


def _show(
    server: "subprocess.Popen[bytes]", data_dir: Path, base_url: str
) -> tuple[str, tuple[str, ...]]:
    """Call the example and print its record; return the execution's id and the secrets sent."""
    _wait_until(lambda: Client(base_url).send("GET", "/readyz", {}).status == 200, server)
    client = Client(base_url, (data_dir / "api_key.txt").read_text(encoding="utf-8").strip())
    print(f"The server listens on {base_url}")

    # The server answers a moment before it has created its example.
    _wait_until(lambda: client.get("/api/functions").json()["functions"] != [], server)
    [function] = client.get("/api/functions").json()["functions"]
    print(f"\nGET /api/functions\n  {function['id']}  {function['name']}")

    token = f"demo-secret-{secrets.token_hex(8)}"
    password = f"demo-password-{secrets.token_hex(8)}"
    answer = client.send(
        "POST",
        f"/fn/{function['id']}?name=Ada",
        {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        json.dumps({"name": "Ada", "password": password}).encode(),
    )
    expect(answer.status == 200, f"the function answered {answer.status}: {answer.body!r}")
    print(f"\nPOST /fn/{function['id']}?name=Ada  (with a bearer token and a password in the body)")
    print(f"  {answer.status} {answer.body.decode().strip()}")

    listed = client.get(f"/api/functions/{function['id']}/executions").json()["executions"]
    expect(len(listed) == 1, f"one execution was expected, {len(listed)} are listed")
    execution_id = listed[0]["id"]
    expect(
        execution_id == answer.headers["X-Execution-Id"],
        f"the answer names execution {answer.headers['X-Execution-Id']}, the list {execution_id}",
    )
    print(f"\nGET /api/functions/{function['id']}/executions\n  {execution_id}")

    record = client.get(f"/api/executions/{execution_id}").json()
    event = json.loads(record["event_json"])
    print(f"\nGET /api/executions/{execution_id}")
    print(json.dumps({**record, "event_json": event}, indent=2))
    expect(record["status"] == "success", f"the record says {record['status']!r}")
    expect(event["headers"]["Authorization"] == REDACTED, "the bearer token is not masked")
    expect(json.loads(event["body"])["password"] == REDACTED, "the password is not masked")
    expect(json.loads(event["body"])["name"] == "Ada", "the name is not as it was sent")
    return execution_id, (token, password)


def _wait_until(condition: Callable[[], bool], server: "subprocess.Popen[bytes]") -> None:
    limit = time.monotonic() + START_LIMIT_S
    while time.monotonic() < limit:
        expect(server.poll() is None, f"the server ended with exit code {server.returncode}")
        try:
            if condition():
                return
        except OSError:
            pass  # not listening yet
        time.sleep(POLL_S)
    raise Surprise(f"the server was not ready within {START_LIMIT_S:g} s")


def _stop(server: "subprocess.Popen[bytes]") -> None:
    server.send_signal(signal.SIGTERM)
    try:
        code = server.wait(STOP_LIMIT_S)
    except subprocess.TimeoutExpired as error:
        raise Surprise(f"the server did not stop within {STOP_LIMIT_S:g} s") from error
    expect(code == 0, f"the server stopped with exit code {code}")


def _search(data_dir: Path, execution_id: str, planted: tuple[str, ...]) -> None:
    """Look for the secrets in every file that the server left behind, its log included."""
    files = {path: path.read_bytes() for path in data_dir.rglob("*") if path.is_file()}
    is_recorded = any(execution_id.encode() in content for content in files.values())
    expect(is_recorded, "the record is in none of the files, so searching them proves nothing")
    for path, content in files.items():
        for secret in planted:
            expect(secret.encode() not in content, f"{path.name} contains a secret")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main())
