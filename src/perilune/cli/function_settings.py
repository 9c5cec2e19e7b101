"""`perilune functions set`: the settings of a function from the command line."""

import click

from perilune.cli.connection import Server, ServerClient, on_server
from perilune.cli.output import note, print_json, print_table
from perilune.function_settings import SETTINGS, Setting, SettingValue

_FLAGS = {"true": True, "false": False}


def _settings_table() -> str:
    width = max(map(len, SETTINGS))
    lines = [
        f"{name:{width}}  {one.values}"
        + (f"; empty: {one.unset}" if one.is_clearable else "")
        + ("; takes the scope admin" if one.admin_only else "")
        for name, one in SETTINGS.items()
        if not one.is_fixed
    ]
    # The mark keeps the lines as they are.
    return "\n".join(["\b", "Settings:", *(f"  {line}" for line in lines)])


@click.command("set", epilog=_settings_table())
@click.argument("function")
@click.argument("assignments", nargs=-1, required=True, metavar="SETTING=VALUE...")
@on_server
def set_settings(server: Server, function: str, assignments: tuple[str, ...]) -> None:
    """Change settings of FUNCTION, all of them or none; SETTING= clears one."""
    changes = dict(map(_assignment, assignments))

    async def work(client: ServerClient) -> dict[str, object]:
        of = await client.functions.id_of(function)
        done = await client.functions.update(of, changes)
        if changes.get("access") == "signature" and not await client.functions.signing_secrets(of):
            note("warning: calls are refused until there is a secret: perilune signing-secrets add")
        return done | {"url": client.functions.url_of(done)}

    found = server.run(work)
    now = {name: found.get(name, SETTINGS[name].default) for name in changes}
    if server.as_json:
        print_json({"id": found["id"], "url": found["url"], **now})
    else:
        note(f"changed {found['name']} ({found['id']}): {found['url']}")
        print_table(("setting", "value"), ((name, _text(value)) for name, value in now.items()))


def _assignment(text: str) -> tuple[str, SettingValue]:
    name, is_given, value = text.partition("=")
    setting = SETTINGS.get(name)
    if not is_given:
        raise click.UsageError(f"{text!r} is not of the form SETTING=VALUE")
    if setting is None:
        raise click.UsageError(f"no setting {name!r}; there are: {', '.join(SETTINGS)}")
    if setting.is_fixed:
        raise click.UsageError(f"{name} is chosen when the function is created")
    return name, _value(setting, value)


def _value(setting: Setting, text: str) -> SettingValue:
    """Return *text* as a value of the right type; whether it is allowed is known to the server."""
    if text == "" and setting.is_clearable:
        return None
    try:
        if setting.kind is bool:
            return _FLAGS[text]
        return int(text) if setting.kind is int else text
    except (KeyError, ValueError):
        raise click.UsageError(f"{setting.name} must be {setting.values}, not {text!r}") from None


def _text(value: object) -> object:
    return str(value).lower() if isinstance(value, bool) else value
