"""The reference page of all settings."""

from perilune.config.settings import declarations


def settings_table() -> str:
    """Return the reference page of all settings as Markdown."""
    lines = [
        "# Settings",
        "",
        "Generated from `perilune.config`; a flag wins over a variable, an empty variable counts",
        "as absent, and a value that can't be understood stops the start.  Durations are whole",
        "seconds or like `30s`, `5m`, `1h`; sizes are bytes or like `512KiB`, `6MiB`.",
        "",
        "| Variable | Flag of `perilune serve` | Default | Meaning |",
        "|---|---|---|---|",
    ]
    for one in declarations():
        default = f"`{one.shown_default}`" if one.shown_default else "-"
        variable = f"`{one.env}`" + (f" or `{one.env}_FILE`" if one.secret else "")
        flag = f"`{one.flag} PATH`" if one.secret else f"`{one.flag}`"
        lines.append(f"| {variable} | {flag} | {default} | {one.help} |")
    return "\n".join(lines) + "\n"
