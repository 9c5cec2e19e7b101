"""Every setting of the server, declared once.

The environment variable, the command-line flag, the `--help` line and the row
in the reference all come from the one line that declares a setting.  A value
that can't be understood stops the start; it is never replaced by a default.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from perilune.config.parsers import (
    MIB,
    Parse,
    absolute_url,
    choice,
    choices,
    duration,
    host_name,
    names,
    networks,
    origins,
    postgres_url,
    size,
    time_zone,
    whole,
)
from perilune.errors import PeriluneError

PREFIX = "PERILUNE_"
CLIENT_VARIABLES = frozenset({"PERILUNE_URL", "PERILUNE_TOKEN", "PERILUNE_TOKEN_FILE"})
"""Read by commands that talk to a server; no settings of the server itself."""


class SettingError(PeriluneError):
    """A setting has a value that can't be used."""

    code = "invalid_setting"

    def __init__(self, source: str, problem: str) -> None:
        super().__init__(f"{source}: {problem}")
        self.source = source
        """The environment variable or flag the value came from."""


def setting(
    default: Any,  # of the type that the field's annotation names
    text: str,
    *,
    env: str = "",
    parse: Parse = str,
    secret: bool = False,
) -> Any:  # the same
    """Declare a setting.

    Args:
        default: its value when it is given nowhere.
        text: one line of help.
        env: its environment variable; by default the prefix and the field's name.
        parse: turns text into a value, or raises `ValueError` saying what is wrong.
        secret: it is never shown, may come from the file that `<env>_FILE` names,
            and its flag names such a file.
    """
    return field(
        default=default,
        repr=not secret,
        metadata={"help": text, "env": env, "parse": parse, "secret": secret},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the operator can decide.  Durations are in seconds, sizes in bytes."""

    port: int = setting(
        3000, "TCP port to listen on; 0 picks a free one", env="PORT", parse=whole(0, 65535)
    )
    host: str = setting("", "address to listen on; empty: all interfaces", env="HOST")
    data_dir: Path = setting(
        Path("data"), "directory of the database and the API key", env="DATA_DIR", parse=Path
    )
    database_url: str = setting(
        "",
        "URL of a PostgreSQL database (postgresql://USER:PASSWORD@HOST/NAME) that several servers"
        " may share; empty: a file in the data directory",
        env="DATABASE_URL",
        parse=postgres_url,
        secret=True,
    )
    min_free_disk: int = setting(
        16 * MIB,
        "free space on the disk of the data directory below which no execution begins, at most a"
        " fifth of the disk; half as much is held in reserve; 0: no bound and no reserve",
        parse=size(0, 1024 * 1024 * MIB),
    )
    execution_timeout: float = setting(
        300.0,
        "longest time one execution may take",
        env="EXECUTION_TIMEOUT",
        parse=duration(1, 86400),
    )
    api_key: str = setting(
        "",
        "key of the management API; empty: the one in the data directory",
        env="API_KEY",
        secret=True,
    )
    secret_key: str = setting(
        "",
        "keys (comma-separated, 64 hexadecimal digits each) that encrypt secrets at rest; the"
        " first one encrypts; empty: those in the data directory",
        env="PERILUNE_SECRET_KEY",
        secret=True,
    )
    base_url: str = setting(
        "",
        "public base URL given to functions; empty: http(s)://localhost:PORT",
        env="BASE_URL",
        parse=absolute_url,
    )
    session_lifetime: float = setting(
        86400.0, "time after which a login has to be repeated", parse=duration(60, 366 * 86400)
    )
    cors_origins: tuple[str, ...] = setting(
        (),
        "origins (comma-separated) whose pages may use the management API, with a bearer token",
        parse=origins,
    )
    trusted_proxies: tuple[str, ...] = setting(
        (),
        "addresses and networks (comma-separated) of reverse proxies whose X-Forwarded-For and"
        " X-Forwarded-Proto are believed",
        parse=networks,
    )
    function_host: str = setting(
        "",
        "host name of its own for functions: it serves them and nothing else, and no other does",
        parse=host_name,
    )
    tls_certificate: str = setting(
        "", "file with the certificate chain (PEM); with a key, the server speaks HTTPS"
    )
    tls_key: str = setting("", "file with the certificate's private key (PEM)")
    time_zone: str = setting(
        "",
        "time zone of schedules and of local times in functions; empty: the machine's",
        env="TZ",
        parse=time_zone,
    )
    sandbox: str = setting(
        "strict",
        "strict: refuse to start when workers can't be locked down completely; relaxed: go on",
        parse=choice("strict", "relaxed"),
    )
    sandbox_require: tuple[str, ...] = setting(
        (),
        "layers of the sandbox to refuse the start without: namespaces, own_user, speculation",
        parse=choices("namespaces", "own_user", "speculation"),
    )
    workers_warm: int = setting(
        2, "workers kept ready, of each language in use", parse=whole(0, 1000)
    )
    workers_max: int = setting(
        16,
        "most workers that belong to functions; those kept ready come on top",
        parse=whole(1, 1000),
    )
    worker_memory: int = setting(
        128 * MIB, "memory one worker may use", parse=size(16 * MIB, 64 * 1024 * MIB)
    )
    workers_memory: int = setting(
        2048 * MIB,
        "memory of all workers together beyond which idle ones are stopped; at most half of what"
        " the machine or the control group has",
        parse=size(64 * MIB, 1024 * 1024 * MIB),
    )
    python_packages: str = setting(
        "off",
        "on: Python functions may require packages, which pip installs; off: refuse that",
        parse=choice("off", "on"),
    )
    worker_idle: float = setting(
        60.0, "time after which an idle worker is stopped", parse=duration(1, 86400)
    )
    queue: int = setting(
        1000, "executions that may wait for a worker; more are refused", parse=whole(0, 1_000_000)
    )
    request_body: int = setting(
        6 * MIB, "largest body of a request to a function", parse=size(0, 1024 * MIB)
    )
    response_body: int = setting(
        6 * MIB, "largest body of a function's response", parse=size(1024, 1024 * MIB)
    )
    body_memory: int = setting(
        32 * MIB,
        "what large bodies (above 64 KiB) may hold in memory at a time: those of requests, and"
        " unsent ones of answers once more; beyond it they wait or get 503",
        parse=size(MIB, 1024 * 1024 * MIB),
    )
    http_allow: tuple[str, ...] = setting(
        (),
        "networks, addresses and host names (comma-separated) that functions may reach although"
        " they are not public",
        parse=names,
    )
    http_timeout: float = setting(
        30.0, "longest time one HTTP request of a function may take", parse=duration(1, 3600)
    )
    http_response_body: int = setting(
        10 * MIB, "largest body a function may receive over HTTP", parse=size(1024, 12 * MIB)
    )
    http_calls: int = setting(
        50, "HTTP, AI and e-mail calls one execution may make", parse=whole(0, 1000)
    )
    header_timeout: float = setting(
        10.0, "time in which a request's head must arrive", parse=duration(1, 3600)
    )
    body_timeout: float = setting(
        30.0, "time in which a request's body must arrive", parse=duration(1, 3600)
    )
    keep_alive: float = setting(
        75.0, "time an idle connection is kept open", parse=duration(1, 3600)
    )
    max_connections: int = setting(
        10_000, "connections open at a time; more are closed at once", parse=whole(1, 1_000_000)
    )
    shutdown_grace: float = setting(
        30.0,
        "time running requests get at the end before they are cancelled",
        parse=duration(0, 3600),
    )
    drain_delay: float = setting(
        0.0,
        "time at the end for which /readyz says 503 while calls are still accepted",
        parse=duration(0, 3600),
    )
    mask_names: tuple[str, ...] = setting(
        (), "more names (comma-separated) whose values are hidden in records", parse=names
    )
    log_level: str = setting(
        "info", "least severe level logged", parse=choice("debug", "info", "warning", "error")
    )
    log_format: str = setting(
        "auto", "json, text, or auto: text on a terminal", parse=choice("auto", "json", "text")
    )
    access_log: str = setting(
        "api",
        "requests that are logged: off, api, or all (calls of functions too)",
        parse=choice("off", "api", "all"),
    )
    metrics: str = setting(
        "token",
        "who may read /metrics: token (whoever may read the API), public, or off (nobody)",
        parse=choice("token", "public", "off"),
    )


@dataclass(frozen=True, slots=True)
class Declaration:
    """One setting, as its declaration describes it."""

    name: str
    env: str
    flag: str
    """For a secret the flag names a file."""
    help: str
    default: Any
    parse: Parse
    secret: bool

    @property
    def shown_default(self) -> str:
        """The default as one would write it."""
        if isinstance(self.default, tuple):
            return ",".join(self.default)
        if isinstance(self.default, float):
            return f"{self.default:g}s"
        if isinstance(self.default, int) and self.default >= MIB and self.default % MIB == 0:
            return f"{self.default // MIB}MiB"
        return str(self.default)

    @property
    def metavar(self) -> str:
        """What `--help` calls the flag's value."""
        return "PATH" if self.secret or isinstance(self.default, Path) else "VALUE"

    @property
    def help_line(self) -> str:
        """The flag's line in `--help`."""
        what = f"file with the {self.help}" if self.secret else self.help
        default = f" Default: {self.shown_default}." if self.shown_default else ""
        return f"{what[:1].upper()}{what[1:]}.{default} [{self.env}]"


def declarations() -> tuple[Declaration, ...]:
    """Return all settings in the order in which they are declared."""
    found = []
    for one in dataclasses.fields(Settings):
        about = one.metadata
        flag = "--" + one.name.replace("_", "-") + ("-file" if about["secret"] else "")
        found.append(
            Declaration(
                name=one.name,
                env=about["env"] or PREFIX + one.name.upper(),
                flag=flag,
                help=about["help"],
                default=one.default,
                parse=about["parse"],
                secret=about["secret"],
            )
        )
    return tuple(found)


def load_settings(environ: Mapping[str, str], flags: Mapping[str, str | None]) -> Settings:
    """Return the settings; a flag wins over a variable, and empty text counts as absent.

    Args:
        environ: the process environment.
        flags: by field name the text given on the command line, or None.

    Raises:
        SettingError: a value can't be used, or a secret's file can't be read.
    """
    values: dict[str, Any] = {}
    for one in declarations():
        found = _given(one, environ, flags.get(one.name))
        if found is None:
            continue
        source, text = found
        try:
            values[one.name] = one.parse(text)
        except ValueError as problem:
            raise SettingError(source, str(problem)) from None
    settings = Settings(**values)
    if settings.workers_warm > settings.workers_max:
        raise SettingError(
            "PERILUNE_WORKERS_WARM",
            f"must not be more than PERILUNE_WORKERS_MAX ({settings.workers_max})",
        )
    if bool(settings.tls_certificate) is not bool(settings.tls_key):
        raise SettingError(
            "PERILUNE_TLS_CERTIFICATE", "must be given together with PERILUNE_TLS_KEY"
        )
    return settings


def unknown_variables(environ: Mapping[str, str]) -> list[str]:
    """Return the variables that look like settings but are none: probably typing errors."""
    known = {one.env for one in declarations()}
    known |= {one.env + "_FILE" for one in declarations() if one.secret}
    known |= CLIENT_VARIABLES
    return sorted(name for name in environ if name.startswith(PREFIX) and name not in known)


def _given(
    one: Declaration, environ: Mapping[str, str], flag_text: str | None
) -> tuple[str, str] | None:
    """Return where a setting is given and its text, or None."""
    if not one.secret:
        if flag_text is not None:
            return (one.flag, flag_text) if flag_text else None
        text = environ.get(one.env, "")
        return (one.env, text) if text else None
    if flag_text:
        return one.flag, _secret_in(one.flag, flag_text)
    text, file = environ.get(one.env, ""), environ.get(one.env + "_FILE", "")
    if text and file:
        raise SettingError(one.env, f"is set together with {one.env}_FILE; use one of them")
    if file:
        return one.env + "_FILE", _secret_in(one.env + "_FILE", file)
    return (one.env, text) if text else None


def _secret_in(source: str, file: str) -> str:
    """Return the secret in *file*; an empty file is an error, not an absent secret."""
    try:
        text = Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as problem:
        raise SettingError(source, f"can't read {file!r}: {problem}") from problem
    if not text:
        raise SettingError(source, f"the file {file!r} is empty")
    return text
