"""The certificate that the server speaks HTTPS with, and its renewal while the server runs."""

import asyncio
import logging
import ssl
from pathlib import Path

from perilune.errors import PeriluneError

LOOK_EVERY_S = 60.0
"""How often the files are looked at."""

_log = logging.getLogger(__name__)


class TlsError(PeriluneError):
    """Certificate and key can't be used."""

    code = "tls_error"


class Certificate:
    """A certificate and its key in PEM files, which may be replaced at any time.

    New connections get what was found last; connections that exist go on.
    """

    def __init__(self, certificate: str, key: str) -> None:
        """Read the files.

        Raises:
            TlsError: they can't be read, or don't belong together.
        """
        self._files = (Path(certificate), Path(key))
        self._stamp = self._look()
        self.context = self._read()
        """What connections are served with."""
        self._timer: asyncio.TimerHandle | None = None

    def watch(self, every_s: float = LOOK_EVERY_S) -> None:
        """Begin to look for new files now and then."""
        loop = asyncio.get_running_loop()

        def look() -> None:
            self.renew()
            self._timer = loop.call_later(every_s, look)

        self._timer = loop.call_later(every_s, look)

    def stop(self) -> None:
        """Stop looking."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def renew(self) -> None:
        """Take over new files, if there are any; what can't be used is reported and left."""
        stamp = self._look()
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            # On the side first: a failure halfway would leave a context without its key.
            self._read()
            self._load_into(self.context)
        except TlsError as problem:
            _log.error("the certificate stays as it was: %s", problem)
        else:
            _log.info("the certificate has been renewed")

    def _read(self) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._load_into(context)
        return context

    def _load_into(self, context: ssl.SSLContext) -> None:
        certificate, key = self._files
        try:
            # An empty password, so that an encrypted key is an error and no question on a terminal.
            context.load_cert_chain(certificate, key, password="")
        except OSError as problem:
            raise TlsError(f"can't use {certificate} with {key}: {problem}") from problem

    def _look(self) -> tuple[tuple[int, int], ...]:
        """Return what changes whenever the files do."""
        found = []
        for file in self._files:
            try:
                about = file.stat()
            except OSError:
                # Reading it will say what is wrong.
                found.append((0, 0))
            else:
                found.append((about.st_mtime_ns, about.st_ino))
        return tuple(found)
