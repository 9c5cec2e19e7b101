"""The route of copies of the database."""

from perilune.api.handlers.backup import MEDIA_TYPE, Backups, NotOffered
from perilune.api.routes.route import Route
from perilune.api.scopes import TokenScope


def backup_routes(backups: Backups) -> list[Route]:
    """Return what hands out copies."""
    return [
        Route(
            "GET",
            "/api/backup",
            backups.download,
            "getBackup",
            "Download a copy of the whole database, compressed with gzip",
            tag="Server",
            scope=TokenScope.ADMIN,
            media_type=MEDIA_TYPE,
            errors=(NotOffered,),
        )
    ]
