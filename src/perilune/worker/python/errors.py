"""The errors that guests can catch."""

MODULES_WITH_ERRORS = (
    "kv",
    "env",
    "http",
    "json",
    "base64",
    "time",
    "url",
    "form",
    "cookies",
    "strings",
    "random",
    "router",
    "ai",
    "email",
)


class Error(Exception):
    """Something that the guest API was asked for can't be done; the text says why."""


_CLASSES: dict[str, type[Error]] = {
    module: type(f"{module.capitalize()}Error", (Error,), {"__doc__": f"A failure of {module}."})
    for module in MODULES_WITH_ERRORS
}


def error_of(module: str) -> type[Error]:
    """Return the class of a module's errors."""
    return _CLASSES.get(module, Error)


def error_classes() -> list[type[Error]]:
    """Return the classes of all modules."""
    return list(_CLASSES.values())
