"""`perilune completion`: what a shell needs to complete commands and options."""

import click
from click.shell_completion import get_completion_class


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the completion script of a shell.

    In bash and zsh: eval "$(perilune completion bash)"; in fish: perilune completion fish |
    source.
    """
    kind = get_completion_class(shell)
    if kind is None:
        raise click.ClickException(f"there is no completion for {shell}")
    click.echo(kind(context.find_root().command, {}, "perilune", "_PERILUNE_COMPLETE").source())
