"""What the operator can decide, and how that is read from the environment and the command line."""

from perilune.config.parsers import MIB, absolute_url, size
from perilune.config.reference import settings_table
from perilune.config.settings import (
    Declaration,
    SettingError,
    Settings,
    declarations,
    load_settings,
    setting,
    unknown_variables,
)

__all__ = [
    "MIB",
    "Declaration",
    "SettingError",
    "Settings",
    "absolute_url",
    "declarations",
    "load_settings",
    "setting",
    "settings_table",
    "size",
    "unknown_variables",
]
