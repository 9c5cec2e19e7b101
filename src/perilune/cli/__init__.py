"""The `perilune` command.

One module per group of commands.  `boundary.py` is where the environment is read and errors
become exit codes, `connection.py` what commands share that talk to a server.
"""

import click

from perilune import __version__
from perilune.cli.completion import completion
from perilune.cli.executions import executions, logs
from perilune.cli.functions import deploy, functions, rollback, versions
from perilune.cli.invoke import invoke
from perilune.cli.keys import key
from perilune.cli.lunar import import_lunar
from perilune.cli.server import init, serve, version
from perilune.cli.tokens import tokens

__all__ = ["main"]


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="perilune", message="%(prog)s %(version)s")
def main() -> None:
    """Perilune, a self-hosted function platform."""


for command in (
    serve,
    init,
    version,
    import_lunar,
    key,
    tokens,
    deploy,
    functions,
    versions,
    rollback,
    invoke,
    logs,
    executions,
    completion,
):
    main.add_command(command)
