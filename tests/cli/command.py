"""The `perilune` command, as the tests of it run it."""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from click.testing import CliRunner, Result

from perilune import cli

SRC = Path(cli.__file__).parents[2]


def environment(**extra: str) -> dict[str, str]:
    """Return the variables that the command needs to be found, and *extra*."""
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(SRC), **extra}


def run(*args: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, in this process: that saves the half second of a start."""
    given = environment(**environ)
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        with ThreadPoolExecutor(1) as thread:  # Where no loop is running.
            result = thread.submit(
                CliRunner().invoke,
                cli.main,
                args,
                env=dict.fromkeys(os.environ) | given,
                catch_exceptions=False,
            ).result()
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
    return subprocess.CompletedProcess(args, result.exit_code, result.stdout, result.stderr)


def run_process(*args: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, as a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "perilune", *args],
        env=environment(**environ),
        capture_output=True,
        text=True,
        timeout=60,
    )


@contextmanager
def serving(data_dir: Path, *args: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    """Run `perilune serve`; give the process and what it has said when it is ready."""
    process = subprocess.Popen(
        [sys.executable, "-m", "perilune", "serve", "--example", "--host", "127.0.0.1", *args],
        env=environment(PORT="0", DATA_DIR=str(data_dir), PERILUNE_LOG_FORMAT="json"),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    said: dict[str, str] = {}
    for line in process.stdout:
        message = json.loads(line)["message"]
        name, _, value = message.partition(": ")
        said[name] = value
        if name == "try":
            break
    try:
        yield process, said
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


class Site:
    """A served data directory and the command line that means it."""

    def __init__(self, port: str, data_dir: Path):
        self.environ = {"PERILUNE_URL": f"http://127.0.0.1:{port}", "DATA_DIR": str(data_dir)}
        self.key = (data_dir / "api_key.txt").read_text().strip()

    def __call__(self, *args: str, given: str | None = None, **environ: str) -> Result:
        return CliRunner().invoke(
            cli.main, args, input=given, env=self.environ | environ, catch_exceptions=False
        )

    def json_of_any(self, *args: str):
        """Return what a command prints whatever its exit code is."""
        return json.loads(self(*args, "--json").stdout)

    def json(self, *args: str, **environ: str):
        result = self(*args, "--json", **environ)
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)
