"""The body that creates or changes a function, and the rules for its values.

Its settings, with their rules, are those that `perilune.function_settings` declares.  The shape is
checked first, as a whole; then the rules, one member after the other, and the first broken one is
reported.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, UnsetType

from perilune.api.errors import InvalidRequest
from perilune.api.rules.schedules import (
    check_active,
    checked_expression,
    checked_zone,
    pause_without_schedule,
)
from perilune.api.rules.versions import MAX_CODE_BYTES, MAX_NOTE_CHARS, checked_code
from perilune.function_settings import (
    HTTP_METHODS,
    SETTINGS,
    Form,
    Setting,
    SettingValue,
    UpdateFunctionRequest,
)
from perilune.ids import has_id_form

_ADDRESS_OF_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_MEANT_BY_PATHS = frozenset("/\\?#% ")
_LINE_SEPARATORS = frozenset({"Cc", "Zl", "Zp"})

# What the description of the API says of these members.  Their rules are checked further down,
# since whoever breaks one is told which.
_PRINTABLE = r"[^\x00-\x1f\x7f-\x9f\u2028\u2029]"
_METHOD = f"({'|'.join(HTTP_METHODS)})"
_PATTERNS = {
    Form.NAME: rf"^{_PRINTABLE}*[^\s\x00-\x1f\x7f-\x9f]{_PRINTABLE}*$",
    Form.ADDRESS: r"^(?!\.{1,2}$)(?![0-9a-v]{20}$)[^\s/\\?#%\x00-\x1f\x7f-\x9f]*$",
    Form.METHODS: f"^({_METHOD}(,{_METHOD})*)?$",
}
_Code = Annotated[
    str,
    msgspec.Meta(
        description=f"At most {MAX_CODE_BYTES} bytes.", extra_json_schema={"pattern": r"\S"}
    ),
]
_Note = Annotated[
    str,
    msgspec.Meta(
        description="What there is to say about the version that the code becomes.",
        extra_json_schema={"maxLength": MAX_NOTE_CHARS},
    ),
]


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What this server has for functions; settings beyond it are refused."""

    runtimes: tuple[str, ...] = ("lua",)
    """The languages, the default one first."""
    memory_mb: int = 128
    """Most memory of a function, in MiB."""
    timeout_s: int = 300
    """Longest time of an execution."""


class VersionBody(msgspec.Struct, frozen=True, kw_only=True):
    """What makes a new version of a function; what was not given is `UNSET`."""

    code: _Code | UnsetType | None = UNSET
    note: _Note | UnsetType | None = UNSET
    requirements: str | UnsetType | None = UNSET


def _member(setting: Setting) -> tuple[str, Any, Any]:
    """Return the member of a body that has *setting*, for `msgspec.defstruct`."""
    described = msgspec.Meta(description=setting.help, extra_json_schema=_schema(setting))
    kind = Annotated[setting.kind, described]  # type: ignore[name-defined]  # made at run time
    return setting.name, kind | UnsetType | None, UNSET


def _schema(setting: Setting) -> dict[str, object]:
    if setting.words:
        return {"enum": [*([""] if setting.empty_clears else []), *setting.words]}
    if setting.kind is int:
        most = {} if setting.most is None else {"maximum": setting.most}
        return {"minimum": setting.least, **most}
    longest = {} if setting.max_chars is None else {"maxLength": setting.max_chars}
    pattern = {"pattern": _PATTERNS[setting.form]} if setting.form in _PATTERNS else {}
    return {**longest, **pattern}


FunctionBody: type[VersionBody] = msgspec.defstruct(  # type: ignore[assignment]  # by its bases
    "FunctionBody",
    [_member(one) for one in SETTINGS.values()],
    bases=(VersionBody,),
    namespace={"__doc__": "Code and settings of a function; what is left out stays as it is."},
    frozen=True,
    kw_only=True,
)


def checked_creation(
    body: VersionBody, capabilities: Capabilities
) -> tuple[UpdateFunctionRequest, str, str | UnsetType]:
    """Return the settings, the code and the language of a new function.

    Raises:
        InvalidRequest: a rule is broken.
    """
    if not isinstance(getattr(body, "name", None), str):
        body = msgspec.structs.replace(body, name="")
    settings, runtime = _checked(body, capabilities)
    code = checked_code(body.code if isinstance(body.code, str) else "")
    check_active(settings)
    return settings, code, runtime


def checked_update(
    body: VersionBody, capabilities: Capabilities
) -> tuple[UpdateFunctionRequest, str | UnsetType, str | UnsetType]:
    """Return the changed settings, the new code, if any, and the language, if it is given.

    An explicit null clears what can be cleared and counts as absent elsewhere.

    Raises:
        InvalidRequest: nothing is changed, or a rule is broken.
    """
    is_same_version = body.code in (UNSET, None) and body.requirements is UNSET
    if is_same_version and not _given(body):
        raise InvalidRequest("request: at least one field must be provided for update")
    return checked_draft(body, capabilities)


def checked_draft(
    body: VersionBody, capabilities: Capabilities
) -> tuple[UpdateFunctionRequest, str | UnsetType, str | UnsetType]:
    """Return what `checked_update` does; there may be no changes at all.

    Raises:
        InvalidRequest: a rule is broken.
    """
    settings, runtime = _checked(body, capabilities)
    code = checked_code(body.code) if isinstance(body.code, str) else UNSET
    return settings, code, runtime


def address_by_name(name: str) -> str | None:
    """Return the address that a new function of this name gets by itself, if it is free."""
    is_address = _ADDRESS_OF_NAME.fullmatch(name) and not has_id_form(name)
    return name if is_address else None


def _given(body: VersionBody) -> dict[str, SettingValue]:
    """Return the settings that *body* has; null is none for what has no such value."""
    return {
        name: value
        for name, setting in SETTINGS.items()
        if (value := getattr(body, name)) is not UNSET
        and (value is not None or setting.is_clearable)
    }


def _checked(
    body: VersionBody, capabilities: Capabilities
) -> tuple[UpdateFunctionRequest, str | UnsetType]:
    changes = {
        name: _checked_value(SETTINGS[name], value, capabilities)
        for name, value in _given(body).items()
    }
    runtime = changes.pop("runtime", UNSET)
    pause_without_schedule(changes)
    return UpdateFunctionRequest(**changes), runtime


def _checked_value(setting: Setting, value: Any, capabilities: Capabilities) -> Any:
    """Return *value*, which is of the setting's kind or None, as it is stored."""
    if value is None or (value == "" and setting.empty_clears):
        return None
    limit = getattr(capabilities, setting.server_limit) if setting.server_limit else None
    if words := setting.words or (limit if setting.kind is str else None):
        if value not in words:
            raise _refused(setting, f"must be one of: [{' '.join(map(str, words))}]")
    elif setting.kind is int:
        most = setting.most if limit is None else limit
        if not setting.least <= value <= most:
            raise _refused(setting, f"must be between {setting.least} and {most}")
    elif setting.kind is str:
        return _checked_text(setting, value)
    return value


def _checked_text(setting: Setting, text: str) -> str:
    if setting.form in _NORMALIZED:
        text = _NORMALIZED[setting.form](text)
    if setting.max_chars is not None and len(text) > setting.max_chars:
        raise _refused(setting, f"cannot be longer than {setting.max_chars} characters")
    if setting.form is Form.NAME and any(
        unicodedata.category(one) in _LINE_SEPARATORS for one in text
    ):
        raise _refused(setting, "cannot contain control characters")
    return text


def _refused(setting: Setting, rule: str) -> InvalidRequest:
    return InvalidRequest(f"{setting.name}: {setting.name} {rule}")


def _trimmed_name(text: str) -> str:
    if not text.strip():
        raise InvalidRequest("name: name cannot be empty")
    return text.strip()


def _checked_address(text: str) -> str:
    """Return an address as it is stored and compared."""
    text = unicodedata.normalize("NFC", text)
    if not text.isprintable() or not _MEANT_BY_PATHS.isdisjoint(text) or text in (".", ".."):
        raise InvalidRequest(
            "address: address cannot contain blanks, invisible characters or any of / \\ ? # %"
        )
    if has_id_form(text):
        raise InvalidRequest("address: address cannot have the form of an id")
    return text


def _sorted_methods(text: str) -> str:
    """Return the methods in a fixed order, each once."""
    words = {word.strip().upper() for word in text.split(",")}
    if not words <= set(HTTP_METHODS):
        raise InvalidRequest(
            "allowed_methods: allowed_methods must be a comma-separated list of:"
            f" [{' '.join(HTTP_METHODS)}]"
        )
    return ",".join(method for method in HTTP_METHODS if method in words)


_NORMALIZED: dict[Form | None, Callable[[str], str]] = {
    Form.NAME: _trimmed_name,
    Form.ADDRESS: _checked_address,
    Form.CRON: checked_expression,
    Form.TIME_ZONE: checked_zone,
    Form.METHODS: _sorted_methods,
}
"""What texts of a form become; each raises `InvalidRequest` for a text that is not of its form."""
