"""Routes of the servers that work on one database."""

from perilune.api.handlers.servers import Servers
from perilune.api.routes.route import Route
from perilune.api.routes.shapes import ServerList
from perilune.api.scopes import TokenScope


def server_routes(servers: Servers) -> list[Route]:
    """Return what shows servers."""
    return [
        Route(
            "GET",
            "/api/servers",
            servers.list,
            "listServers",
            "List the servers that work on the database",
            tag="Server",
            scope=TokenScope.READ,
            answer=ServerList,
        )
    ]
