"""The route of copies of the database."""

from fastapi import Response

from perilune.api.routes.table import RouteTable
from perilune.api.scopes import Scope
from perilune.api.subjects.backup import MEDIA_TYPE, Backups


def add_backup_routes(routes: RouteTable, backups: Backups) -> None:
    """Add what hands out copies."""

    async def get_backup() -> Response:
        return await backups.download()

    routes.add(
        "GET",
        "/api/backup",
        get_backup,
        "getBackup",
        "Server",
        scope=Scope.ADMIN,
        summary="Download a copy of the whole database, compressed with gzip",
        media_type=MEDIA_TYPE,
    )
