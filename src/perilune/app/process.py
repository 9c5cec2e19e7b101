"""What the server's process asks of the system before it serves."""

import logging
import resource

SPARE_DESCRIPTORS = 512
"""For everything but connections: the database, workers, listening, requests of functions."""

_log = logging.getLogger(__name__)


def raise_descriptor_limit(max_connections: int) -> None:
    """Raise the limit of open files as far as it is needed and permitted; warn if it is short."""
    needed = max_connections + SPARE_DESCRIPTORS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < needed:
        soft = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    if soft < needed:
        _log.warning(
            "the limit of open files is %d; %d connections need %d: raise it (ulimit -n,"
            " LimitNOFILE) or lower PERILUNE_MAX_CONNECTIONS",
            soft,
            max_connections,
            needed,
        )
