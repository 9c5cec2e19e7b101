"""Drives one address with wrk and reads what it measured."""

import json
import subprocess
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

SCRIPT = """
wrk.method = {method}
wrk.body = {body}
wrk.headers["Content-Type"] = "application/json"
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
    errors: int
    """Socket errors, time-outs and answers other than 2xx or 3xx, in all runs together."""

    def to_json(self) -> dict[str, float]:
        """Return the members for the results file."""
        return asdict(self)


def drive(
    url: str, *, connections: int, seconds: float, method: str = "GET", body: str = ""
) -> Measured:
    """Load *url* for *seconds* and return what wrk saw.

    Raises:
        RuntimeError: wrk failed or printed no result.
    """
    script = SCRIPT.format(method=json.dumps(method), body=json.dumps(body) if body else "nil")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "load.lua"
        path.write_text(script)
        done = subprocess.run(
            ["wrk", "-t1", f"-c{connections}", f"-d{seconds:g}s", "-s", str(path), url],
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
                errors=seen["errors"],
            )
    raise RuntimeError(f"wrk gave no result: {done.stdout}{done.stderr}")


def middle(runs: list[Measured]) -> Measured:
    """Return the median of each figure; errors are added up."""
    return Measured(
        requests_per_s=median(run.requests_per_s for run in runs),
        p50_ms=median(run.p50_ms for run in runs),
        p99_ms=median(run.p99_ms for run in runs),
        errors=sum(run.errors for run in runs),
    )
