"""The `perilune` command.

One module per group of commands.  `boundary.py` is where the environment is read and errors
become exit codes, `connection.py` what commands share that talk to a server.
"""

import click

from perilune import __version__
from perilune.cli import (
    completion,
    database,
    entries,
    environment,
    executions,
    files,
    functions,
    invoke,
    keys,
    lunar,
    schedule,
    secrets,
    server,
    servers,
    signing_secrets,
    tokens,
    trial,
)

__all__ = ["main"]


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="perilune", message="%(prog)s %(version)s")
def main() -> None:
    """Perilune, a self-hosted function platform."""


for command in (
    server.serve,
    server.init,
    server.version,
    servers.servers,
    lunar.import_lunar,
    database.backup,
    database.restore,
    database.check,
    database.vacuum,
    keys.key,
    secrets.secrets,
    tokens.tokens,
    functions.deploy,
    functions.functions,
    functions.versions,
    functions.rollback,
    invoke.invoke,
    executions.executions,
    executions.logs,
    trial.try_out,
    trial.replay,
    environment.env,
    signing_secrets.signing_secrets,
    entries.kv,
    schedule.schedule,
    files.export_files,
    files.import_files,
    files.apply,
    completion.completion,
):
    main.add_command(command)
