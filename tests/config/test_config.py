"""Settings come from flags and variables, and what can't be understood stops the start."""

from pathlib import Path

import pytest

from perilune.config import (
    SettingError,
    Settings,
    declarations,
    load_settings,
    settings_table,
    unknown_variables,
)

REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "settings.md"


def load(**environ: str) -> Settings:
    return load_settings(environ, {})


def test_nothing_given_means_the_defaults():
    assert load() == Settings()


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        pytest.param("300", 300.0, id="plain"),
        pytest.param("30s", 30.0, id="seconds"),
        pytest.param("5m", 300.0, id="minutes"),
        pytest.param("1h", 3600.0, id="hours"),
        pytest.param("", 300.0, id="empty is absent"),
    ],
)
def test_execution_timeout_accepts(text, seconds):
    assert load(EXECUTION_TIMEOUT=text).execution_timeout == seconds


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        pytest.param("EXECUTION_TIMEOUT", "soon", id="timeout: word"),
        pytest.param("EXECUTION_TIMEOUT", "1.5", id="timeout: fraction"),
        pytest.param("EXECUTION_TIMEOUT", "-1", id="timeout: negative"),
        pytest.param("EXECUTION_TIMEOUT", "0", id="timeout: zero"),
        pytest.param("EXECUTION_TIMEOUT", "30 s", id="timeout: blank"),
        pytest.param("EXECUTION_TIMEOUT", "30S", id="timeout: upper case"),
        pytest.param("EXECUTION_TIMEOUT", "٣", id="timeout: other digits"),
        pytest.param("PORT", "65536", id="port: too large"),
        pytest.param("PORT", "http", id="port: word"),
        pytest.param("PORT", "+80", id="port: sign"),
        pytest.param("BASE_URL", "example.org", id="url: relative"),
        pytest.param("BASE_URL", "ftp://example.org", id="url: scheme"),
        pytest.param("BASE_URL", "https://", id="url: no host"),
        pytest.param("BASE_URL", "https://example.org/?a=1", id="url: query"),
        pytest.param("BASE_URL", "https://example.org:x", id="url: port"),
        pytest.param("PERILUNE_SANDBOX", "off", id="sandbox: unknown word"),
        pytest.param("PERILUNE_SANDBOX_REQUIRE", "namespaces,user", id="layers: unknown word"),
        pytest.param("PERILUNE_WORKER_MEMORY", "128MB", id="memory: unit"),
        pytest.param("PERILUNE_WORKER_MEMORY", "1KiB", id="memory: too little"),
        pytest.param("PERILUNE_LOG_LEVEL", "INFO", id="level: upper case"),
        pytest.param("PERILUNE_CORS_ORIGINS", "*", id="origins: any"),
        pytest.param("PERILUNE_CORS_ORIGINS", "https://a.example/b", id="origins: path"),
        pytest.param("PERILUNE_TRUSTED_PROXIES", "*", id="proxies: any"),
        pytest.param("PERILUNE_TRUSTED_PROXIES", "proxy.example", id="proxies: name"),
        pytest.param("PERILUNE_TRUSTED_PROXIES", "10.0.0.1/8", id="proxies: no network"),
        pytest.param("PERILUNE_FUNCTION_HOST", "https://fn.example", id="host: URL"),
        pytest.param("PERILUNE_FUNCTION_HOST", "fn.example:80", id="host: port"),
        pytest.param("PERILUNE_FUNCTION_HOST", ".example", id="host: dot"),
        pytest.param("PERILUNE_SESSION_LIFETIME", "59", id="session: too short"),
    ],
)
def test_a_bad_value_is_refused_by_name(variable, text):
    with pytest.raises(SettingError, match=f"^{variable}: ") as caught:
        load(**{variable: text})

    assert caught.value.source == variable


def test_origins_take_the_form_in_which_browsers_send_them():
    given = "https://A.example/, http://b.example:80, https://c.example:444, http://[::1]:443"

    assert load(PERILUNE_CORS_ORIGINS=given).cors_origins == (
        "https://a.example",
        "http://b.example",
        "https://c.example:444",
        "http://[::1]:443",
    )


def test_certificate_and_key_belong_together():
    with pytest.raises(SettingError, match="^PERILUNE_TLS_CERTIFICATE: must be given together"):
        load(PERILUNE_TLS_KEY="key.pem")


def test_a_flag_wins_over_a_variable_and_is_named_in_errors():
    assert load_settings({"PORT": "1"}, {"port": "2"}).port == 2
    with pytest.raises(SettingError, match=r"^--port: "):
        load_settings({"PORT": "1"}, {"port": "x"})


def test_sizes_and_lists():
    settings = load(PERILUNE_REQUEST_BODY="512KiB", PERILUNE_MASK_NAMES="iban, customer-no,")

    assert settings.request_body == 512 * 1024
    assert settings.mask_names == ("iban", "customer-no")


def test_more_warm_workers_than_workers_are_refused():
    with pytest.raises(SettingError, match="PERILUNE_WORKERS_WARM"):
        load(PERILUNE_WORKERS_WARM="5", PERILUNE_WORKERS_MAX="4")


def test_the_key_may_come_from_a_file(tmp_path):
    file = tmp_path / "key"
    file.write_text("0123456789abcdef\n")

    assert load(API_KEY_FILE=str(file)).api_key == "0123456789abcdef"
    assert load_settings({}, {"api_key": str(file)}).api_key == "0123456789abcdef"


@pytest.mark.parametrize(
    "environ",
    [
        pytest.param({"API_KEY": "x" * 20, "API_KEY_FILE": "/f"}, id="both"),
        pytest.param({"API_KEY_FILE": "/does/not/exist"}, id="missing file"),
        pytest.param({"API_KEY_FILE": "/dev/null"}, id="empty file"),
    ],
)
def test_a_bad_key_file_is_refused(environ):
    with pytest.raises(SettingError, match="API_KEY"):
        load_settings(environ, {})


def test_the_key_is_not_in_the_settings_text():
    assert "hunter2" not in repr(load(API_KEY="hunter2hunter2hunter2"))


def test_the_url_of_a_database_is_never_shown():
    url = "postgresql://me:s3cret@host/db"

    assert load(DATABASE_URL=url).database_url == url
    assert "s3cret" not in repr(load(DATABASE_URL=url))
    with pytest.raises(SettingError, match="^DATABASE_URL: must be a URL like") as caught:
        load(DATABASE_URL="mysql://me:s3cret@host/db")
    assert "s3cret" not in str(caught.value)


def test_mistyped_variables_are_found():
    environ = {"PERILUNE_QUEU": "1", "PERILUNE_QUEUE": "1", "HOME": "/"}

    assert unknown_variables(environ) == ["PERILUNE_QUEU"]


def test_every_setting_has_its_own_variable_flag_and_help():
    found = declarations()

    assert len({one.env for one in found}) == len({one.flag for one in found}) == len(found)
    assert all(one.help and "\n" not in one.help and "|" not in one.help for one in found)


@pytest.mark.parametrize("one", [pytest.param(d, id=d.name) for d in declarations()])
def test_every_default_is_what_its_text_means(one):
    """What the table shows can be written back as a value."""
    if one.shown_default:
        assert one.parse(one.shown_default) == one.default


def test_the_reference_page_is_up_to_date():
    """Write it again with `python -c "..."` as its first line of failure says."""
    assert REFERENCE.read_text() == settings_table(), (
        "run: python -c 'from perilune.config import settings_table; "
        'print(settings_table(), end="")\' > docs/reference/settings.md'
    )
