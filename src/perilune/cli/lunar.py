"""`perilune import-lunar`: brings a Lunar installation into the data directory."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from perilune.cli.boundary import EXIT_OK, fail, read_file_settings
from perilune.cli.output import note, print_json, print_table, progress_bars
from perilune.clock import wall_clock
from perilune.errors import PeriluneError

if TYPE_CHECKING:
    from perilune.store import LunarReport


@click.command("import-lunar")
@click.argument("path", type=click.Path(path_type=Path, exists=True))
@click.option("--data-dir", metavar="PATH", help="Data directory to fill. [DATA_DIR]")
@click.option("--merge", is_flag=True, help="Allow a store that has functions; its own stay.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def import_lunar(path: Path, data_dir: str | None, merge: bool, as_json: bool) -> None:
    """Take over functions and everything of theirs from Lunar.

    PATH is Lunar's database or the directory with its lunar.db.  It is copied first and never
    written to, unless it is the data directory itself: then the copy stays beside it as
    lunar.db.lunar-backup.  Stop Lunar, and the server of the data directory, before.
    """
    settings = read_file_settings({"data_dir": data_dir})
    try:
        report = _bring(path, settings.data_dir, merge=merge)
    except PeriluneError as error:
        fail(error)
    if as_json:
        print_json(_members(report))
    else:
        _show(report)
    sys.exit(EXIT_OK)


def _bring(path: Path, data_dir: Path, *, merge: bool) -> "LunarReport":
    from perilune.app import DATABASE_FILE, bring_key, hold_data_dir
    from perilune.store import StoreNotEmpty, UnusableLunarFile, maintenance_of

    source = path / DATABASE_FILE if path.is_dir() else path
    target = data_dir / DATABASE_FILE
    maintenance, now = maintenance_of(target), int(wall_clock())
    with hold_data_dir(data_dir), progress_bars() as progress:
        if target.exists() and source.samefile(target):
            report = maintenance.migrate_lunar(now=now, progress=progress)
            if report is None:
                raise UnusableLunarFile(f"{target} is no database of Lunar")
            return report
        if maintenance.is_lunar():
            raise StoreNotEmpty(
                f"{target} is a database of Lunar itself; take that one over first, with:"
                f" perilune import-lunar {data_dir} --data-dir {data_dir}"
            )
        report = maintenance.import_lunar(source, now=now, merge=merge, progress=progress)
    if bring_key(source, data_dir):
        note(f"Lunar's API key was copied to {data_dir}")
    return report


def _members(report: "LunarReport") -> dict[str, Any]:
    tables = {
        name: {
            "found": one.found,
            "taken": one.taken,
            "present": one.present,
            "dropped": one.dropped,
        }
        for name, one in report.tables.items()
    }
    backup = None if report.backup is None else str(report.backup)
    return {
        "lunar_version": report.version,
        "tables": tables,
        "repaired": report.repaired,
        "backup": backup,
    }


def _show(report: "LunarReport") -> None:
    print_table(
        ("table", "found", "taken", "already here", "belonged to nothing"),
        (
            (name, one.found, one.taken, one.present, one.dropped)
            for name, one in report.tables.items()
        ),
    )
    for kind, number in report.repaired.items():
        if number:
            click.echo(f"{kind.replace('_', ' ')}: {number}")
    if report.backup is not None:
        click.echo(f"the database as Lunar left it: {report.backup}")
