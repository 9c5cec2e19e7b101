"""What a worker, one execution and the pool as a whole may use."""

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerLimits:
    """The limits of a runtime's workers.  Passing one is an error that names it."""

    warm: int = 2
    """Workers kept ready that belong to no function yet, of each language in use."""
    maximum: int = 16
    """Workers that belong to a function at most, busy and idle; those kept ready come on top."""
    queue: int = 1000
    """Executions that may wait for a worker; one more is refused."""
    memory_bytes: int = 128 * MIB
    """Most bytes of a guest's heap."""
    total_bytes: int = 2048 * MIB
    """Memory of all workers together beyond which idle ones are stopped, longest idle first."""
    idle_s: float = 60.0
    """An idle worker that belongs to a function is stopped after this time."""
    host_calls: int = 1000
    """Most host calls with an answer in one execution."""
    outbound_calls: int = 50
    """Most calls of http, ai and email, together, in one execution."""
    response_body_bytes: int = 6 * MIB
    log_line_bytes: int = 64 * 1024
    time_zone: str = ""
    """What workers take for local time, as in the variable `TZ`; empty: the machine's zone."""
    relaxed: bool = False
    """Run guest code although layers of the sandbox are missing."""
    required_layers: tuple[str, ...] = ()
    """Layers without which none is run in any case, for those that are optional or *relaxed*."""

    @property
    def per_function(self) -> int:
        """Most workers that one function version may hold, so that others always find one."""
        return max(1, self.maximum * 3 // 4)
