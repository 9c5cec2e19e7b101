"""Drives one address with wrk and reads what it measured."""

import json
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median

SCRIPT = """
wrk.method = {method}
wrk.body = {body}
{headers}
function done(summary, latency)
  local e = summary.errors
  io.write(string.format(
    '\\nRESULT {{"requests":%d,"duration_us":%d,"p50_us":%d,"p99_us":%d,"errors":%d}}\\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    e.connect + e.read + e.write + e.status + e.timeout))
end
"""


@dataclass(frozen=True, slots=True)
class Measured:
    """One measurement, or the median of several."""

    requests_per_s: float
    p50_ms: float
    p99_ms: float
    requests: int
    """How many were answered, in all runs together."""
    errors: int
    """Socket errors, time-outs and answers other than 2xx or 3xx, in all runs together."""


def drive(
    url: str,
    *,
    connections: int,
    seconds: int,
    method: str = "GET",
    body: str = "",
    headers: Mapping[str, str] | None = None,
) -> Measured:
    """Load *url* for *seconds*, which wrk takes whole only, and return what wrk saw.

    Raises:
        RuntimeError: wrk failed or printed no result.
    """
    fields = {**({"Content-Type": "application/json"} if body else {}), **(headers or {})}
    script = SCRIPT.format(
        method=json.dumps(method),
        body=json.dumps(body) if body else "nil",
        headers="\n".join(
            f"wrk.headers[{json.dumps(name)}] = {json.dumps(value)}"
            for name, value in fields.items()
        ),
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "load.lua"
        path.write_text(script)
        done = subprocess.run(
            ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", str(path), url],
            capture_output=True,
            text=True,
            check=False,
        )
    for line in done.stdout.splitlines():
        if line.startswith("RESULT "):
            seen = json.loads(line.removeprefix("RESULT "))
            return Measured(
                requests_per_s=seen["requests"] / (seen["duration_us"] / 1e6),
                p50_ms=seen["p50_us"] / 1e3,
                p99_ms=seen["p99_us"] / 1e3,
                requests=seen["requests"],
                errors=seen["errors"],
            )
    raise RuntimeError(f"wrk gave no result: {done.stdout}{done.stderr}")


def middle(runs: list[Measured]) -> Measured:
    """Return the median of each figure; requests and errors are added up."""
    return Measured(
        requests_per_s=median(run.requests_per_s for run in runs),
        p50_ms=median(run.p50_ms for run in runs),
        p99_ms=median(run.p99_ms for run in runs),
        requests=sum(run.requests for run in runs),
        errors=sum(run.errors for run in runs),
    )
