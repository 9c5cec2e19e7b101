"""A real SMTP server on loopback that keeps what it is given."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import SMTP as SMTP_POLICY
from email.policy import SMTPUTF8 as SMTPUTF8_POLICY
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


class Mailbox:
    """What the server was given; the handler of aiosmtpd's hooks."""

    def __init__(self) -> None:
        self.port = 0
        self.envelopes: list[Envelope] = []
        self.was_encrypted: list[bool] = []
        self.logins: list[tuple[str, str]] = []
        self.commands: list[str] = []
        """Envelope commands, also of e-mails that were not handed over."""
        self.refused: dict[str, str] = {}
        """Answers to recipients who are not accepted."""
        self.data_answer = "250 2.0.0 OK"
        self.stalls_at = ""
        """The command that is never answered, if there is one."""

    def only_content(self) -> bytes:
        """Return the only e-mail there is, as it arrived."""
        (envelope,) = self.envelopes
        assert isinstance(envelope.content, bytes)
        return envelope.content

    def only_message(self) -> EmailMessage:
        """Return the only e-mail there is."""
        policy = SMTPUTF8_POLICY if self.envelopes[0].smtp_utf8 else SMTP_POLICY
        return BytesParser(EmailMessage, policy=policy).parsebytes(self.only_content())

    async def _reach(self, command: str) -> None:
        self.commands.append(command)
        if command == self.stalls_at:
            await asyncio.Event().wait()

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Accept a sender."""
        await self._reach("MAIL")
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Accept or refuse a recipient."""
        await self._reach("RCPT")
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Keep an e-mail."""
        await self._reach("DATA")
        self.envelopes.append(envelope)
        self.was_encrypted.append(session.ssl is not None)
        return self.data_answer

    async def handle_QUIT(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Say goodbye."""
        await self._reach("QUIT")
        return "221 Bye"

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        """Accept the logins with the password `right-password`."""
        assert isinstance(data, LoginPassword)
        self.logins.append((data.login.decode(), data.password.decode()))
        return AuthResult(success=data.password == b"right-password", handled=False)


@asynccontextmanager
async def open_smtp(
    *, implicit_tls: ssl.SSLContext | None = None, **options: Any
) -> AsyncIterator[Mailbox]:
    """Serve on a free port; *options* are those of aiosmtpd, `tls_context` offers STARTTLS."""
    mailbox = Mailbox()
    loop = asyncio.get_running_loop()
    connections: list[SMTP] = []

    def connect() -> SMTP:
        connections.append(
            SMTP(
                mailbox,
                hostname="mail.test",
                authenticator=mailbox.authenticate,
                loop=loop,
                **options,
            )
        )
        return connections[-1]

    server = await loop.create_server(connect, "127.0.0.1", 0, ssl=implicit_tls)
    mailbox.port = server.sockets[0].getsockname()[1]
    try:
        yield mailbox
    finally:
        server.close()
        for connection in connections:
            if isinstance(connection.transport, asyncio.Transport):
                connection.transport.close()
        await server.wait_closed()
