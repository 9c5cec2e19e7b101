"""E-mail through an SMTP server of the function's choice (RFC 5321)."""

import asyncio
import os
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import cache
from ipaddress import ip_address
from typing import Protocol

from aiosmtplib import (
    SMTP,
    SMTPAuthenticationError,
    SMTPConnectError,
    SMTPException,
    SMTPNotSupported,
    SMTPRecipientRefused,
    SMTPResponseException,
)

from perilune.clock import WallClock, wall_clock
from perilune.ids import new_id
from perilune.services.email.message import OutgoingMessage, build_message
from perilune.services.email.payload import request_json
from perilune.services.email.provider import (
    read_variables,
    time_limit_s,
    without_secret,
)
from perilune.services.email.smtp_settings import SMTPTLS, SMTPSettings, read_smtp_settings
from perilune.services.email.types import (
    EmailConfigError,
    EmailError,
    SendRequest,
    SendResponse,
)
from perilune.services.email.validate import validate_send_request
from perilune.services.env import Env
from perilune.services.http import HTTPClientError

QUIT_WAIT_S = 1.0
"""How long a server that has taken the e-mail may take to say goodbye."""


class Egress(Protocol):
    """The part of the egress policy that SMTP needs."""

    async def resolve(self, host: str, port: int, /) -> Sequence[str]:
        """Return the addresses that may be connected to, at least one.

        Raises `HTTPClientError` if there is none, `OSError` if the name can't be resolved.
        """
        ...


class SMTPClient:
    """Sends e-mail through the SMTP server that the function's environment names.

    One attempt per e-mail, whatever happens: one that seems to have failed may
    have been taken, and a second one would be a second e-mail.  An e-mail goes
    to all of its recipients or to none.
    """

    def __init__(
        self,
        env: Env,
        policy: Egress,
        *,
        tls_context: ssl.SSLContext | None = None,
        clock: WallClock = wall_clock,
        new_id: Callable[[], str] = new_id,
    ) -> None:
        """Make a client.

        Args:
            env: the functions' variables.
            policy: decides which servers may be connected to.
            tls_context: whom to trust; by default what the system trusts.
            clock: dates the messages.
            new_id: makes their ids.
        """
        self._env = env
        self._policy = policy
        self._tls_context = tls_context or _what_the_system_trusts()
        self._clock = clock
        self._new_id = new_id

    async def send(self, function_id: str, request: SendRequest) -> SendResponse:
        """Hand one e-mail to the server.

        Raises:
            EmailValidationError: the e-mail breaks a rule.
            EmailConfigError: a variable is missing or unusable.
            EmailError: the server was not reached or did not take the e-mail.
        """
        validate_send_request(request)
        settings = read_smtp_settings(await read_variables(self._env, function_id))
        if request.tags:
            raise EmailError("tags are not supported by SMTP")
        if request.scheduled_at:
            raise EmailError("scheduled_at is not supported by SMTP")
        recorded = request_json(request)
        limit_s = time_limit_s(request)
        try:
            message_id = await self._send(settings, request, limit_s)
        except TimeoutError:
            raise EmailError(f"SMTP failed: timed out after {limit_s:g} s", recorded) from None
        except (SMTPException, HTTPClientError, OSError, ValueError) as error:
            # ValueError: a name or address that a library below us refuses to put on the wire.
            reason = without_secret(_reason(error), settings.password)
            raise EmailError(f"SMTP failed: {reason}", recorded) from error
        return SendResponse(id=message_id, request_json=recorded)

    async def _send(self, settings: SMTPSettings, request: SendRequest, limit_s: float) -> str:
        """Do everything that takes time; return the id of the message."""
        clock = asyncio.get_running_loop().time
        deadline = clock() + limit_s
        async with asyncio.timeout_at(deadline) as time_limit:
            message = await asyncio.to_thread(
                build_message, request, local_id=self._new_id(), now=self._clock()
            )
            async with self._open_session(settings) as session:
                await _hand_over(session, message)
                # It was taken: from here on being slow is no failure.
                time_limit.reschedule(None)
                await _say_goodbye(session, min(QUIT_WAIT_S, deadline - clock()))
        return message.id

    @asynccontextmanager
    async def _open_session(self, settings: SMTPSettings) -> AsyncIterator[SMTP]:
        """Connect, encrypt, log in; close the connection in the end."""
        connection = await self._connect(settings)
        session = SMTP(
            hostname=settings.host,
            sock=connection,
            # Not the name of this machine, which is nobody's business and costs a DNS query.
            local_hostname=_address_literal(connection),
            username=settings.username or None,
            password=settings.password or None,
            use_tls=settings.tls is SMTPTLS.IMPLICIT,
            start_tls=settings.tls is SMTPTLS.STARTTLS,
            tls_context=self._tls_context,
            timeout=None,
        )
        try:
            await session.connect()
            yield session
        finally:
            session.close()

    async def _connect(self, settings: SMTPSettings) -> socket.socket:
        """Connect to the first allowed address that answers."""
        failure = OSError(f"{settings.host} has no address")
        for address in await self._policy.resolve(settings.host, settings.port):
            is_open = settings.tls is SMTPTLS.NONE and not ip_address(address).is_loopback
            if settings.username and is_open:
                raise EmailConfigError("SMTP_TLS=none sends no password over a network")
            try:
                return await _connect_to(address, settings.port)
            except OSError as error:
                why = os.strerror(error.errno) if error.errno else str(error)
                failure = OSError(f"cannot connect to {settings.host}:{settings.port}: {why}")
        raise failure


@cache
def _what_the_system_trusts() -> ssl.SSLContext:
    """Read the certificates of the system, once: it takes some 20 ms."""
    return ssl.create_default_context()


async def _connect_to(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ip_address(address).version == 6 else socket.AF_INET
    connection = socket.socket(family, socket.SOCK_STREAM)
    try:
        connection.setblocking(False)
        await asyncio.get_running_loop().sock_connect(connection, (address, port))
    except BaseException:
        connection.close()
        raise
    return connection


async def _hand_over(session: SMTP, message: OutgoingMessage) -> None:
    """Give the server envelope and message; nothing is sent if it refuses a recipient."""
    encoding, options = "ascii", []
    if message.international:
        await session.ehlo()
        if not session.supports_extension("smtputf8"):
            raise SMTPNotSupported(
                f"the server does not support addresses like {message.international} (SMTPUTF8)"
            )
        encoding, options = "utf-8", ["SMTPUTF8"]
    await session.mail(message.sender, options=options, encoding=encoding)
    refused = []
    for recipient in message.recipients:
        try:
            await session.rcpt(recipient, encoding=encoding)
        except SMTPRecipientRefused as error:
            refused.append(f"{recipient} ({_reason(error)})")
    if refused:
        raise SMTPException(f"nothing was sent, recipients were refused: {', '.join(refused)}")
    await session.data(message.data)


async def _say_goodbye(session: SMTP, wait_s: float) -> None:
    try:
        await session.quit(timeout=wait_s)
    except (SMTPException, OSError):
        pass  # The e-mail was taken; how the connection ends changes nothing.


def _address_literal(connection: socket.socket) -> str:
    """Return our address in the form that stands for a host name (RFC 5321 4.1.3)."""
    address = ip_address(connection.getsockname()[0])
    return f"[IPv6:{address}]" if address.version == 6 else f"[{address}]"


def _reason(error: BaseException) -> str:
    """Say what went wrong, on one line."""
    match error:
        case SMTPAuthenticationError():
            # Its text may repeat the credentials in a form that we would not recognise.
            return f"the server refused the credentials ({error.code})"
        case SMTPResponseException():
            text = f"{error.code} {error.message}"
        case SMTPConnectError() if error.__cause__:
            return _reason(error.__cause__)
        case ssl.SSLCertVerificationError():
            text = f"certificate refused: {error.verify_message}"
        case OSError() if error.strerror:
            text = error.strerror
        case _:
            text = str(error) or type(error).__name__
    # What a server says need not be text.
    return " ".join(text.encode("utf-8", "replace").decode().split())
