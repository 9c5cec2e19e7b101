"""Makes a database go away and come back, with the server that has it going on."""

import psycopg
from psycopg import sql

from tests.store.postgres.server import PostgresServer


class Switch:
    """Cuts all connections to a database and lets none in, and lets them in again."""

    def __init__(self, server: PostgresServer, database: str) -> None:
        self._administration = server.url("postgres")
        with psycopg.connect(database) as connection:
            self._name = connection.info.dbname

    def cut(self) -> None:
        """End the connections that there are."""
        with psycopg.connect(self._administration, autocommit=True) as connection:
            text = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
            connection.execute(text, (self._name,))

    def off(self) -> None:
        self._allow("false")
        self.cut()

    def on(self) -> None:
        self._allow("true")

    def _allow(self, allowed: str) -> None:
        with psycopg.connect(self._administration, autocommit=True) as connection:
            text = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
            connection.execute(text.format(sql.Identifier(self._name), sql.SQL(allowed)))
