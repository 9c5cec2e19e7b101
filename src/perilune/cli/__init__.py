"""The `perilune` command.

One module per group of commands.  `boundary.py` is where the environment is read
and errors become exit codes.
"""

import click

from perilune import __version__
from perilune.cli.keys import key
from perilune.cli.lunar import import_lunar
from perilune.cli.secrets import secrets
from perilune.cli.server import init, serve, version
from perilune.cli.tokens import tokens

__all__ = ["main"]


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="perilune", message="%(prog)s %(version)s")
def main() -> None:
    """Perilune, a self-hosted function platform."""


main.add_command(serve)
main.add_command(init)
main.add_command(secrets)
main.add_command(version)
main.add_command(import_lunar)
main.add_command(key)
main.add_command(tokens)
