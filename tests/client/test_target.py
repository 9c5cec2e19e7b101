"""Which server is meant, and that its proof goes nowhere else."""

import pytest

from perilune.client import UnusableTarget, find_target

LOCAL = "0123456789abcdef-local"


@pytest.fixture
def data_dir(tmp_path):
    (tmp_path / "api_key.txt").write_text(f"{LOCAL}\n")
    (tmp_path / "token").write_text("from-file\n")
    return tmp_path


@pytest.mark.parametrize(
    ("url", "token", "environ", "found"),
    [
        pytest.param(None, None, {}, ("http://127.0.0.1:3000", LOCAL), id="nothing"),
        pytest.param(None, None, {"PORT": "81"}, ("http://127.0.0.1:81", LOCAL), id="port"),
        pytest.param(None, None, {"API_KEY": " k "}, ("http://127.0.0.1:3000", "k"), id="key"),
        pytest.param("http://localhost:9/", None, {}, ("http://localhost:9", LOCAL), id="name"),
        pytest.param("http://[::1]:9", None, {}, ("http://[::1]:9", LOCAL), id="IPv6"),
        pytest.param(
            None,
            None,
            {"PERILUNE_URL": "https://x.org/p/", "PERILUNE_TOKEN": "t"},
            ("https://x.org/p", "t"),
            id="variables",
        ),
        pytest.param(
            "http://a.org",
            "mine",
            {"PERILUNE_URL": "http://b.org", "PERILUNE_TOKEN": "t"},
            ("http://a.org", "mine"),
            id="options win",
        ),
    ],
)
def test_options_win_over_variables_and_variables_over_the_local_server(
    data_dir, url, token, environ, found
):
    target = find_target(url, token, environ, data_dir)

    assert (target.url, target.token) == found
    assert "token" not in repr(target)


def test_a_token_may_be_in_a_file(data_dir):
    file = str(data_dir / "token")

    assert find_target(None, None, {"PERILUNE_TOKEN_FILE": file}, data_dir).token == "from-file"
    assert find_target(None, None, {"API_KEY_FILE": file}, data_dir).token == "from-file"
    with pytest.raises(UnusableTarget, match="use one of them"):
        find_target(None, None, {"PERILUNE_TOKEN_FILE": file, "PERILUNE_TOKEN": "t"}, data_dir)


@pytest.mark.parametrize(
    "url",
    ["https://x.org", "http://192.0.2.1", "http://localhost.x.org", "http://127.0.0.1.x.org"],
)
def test_the_local_key_goes_to_no_other_machine(data_dir, url):
    with pytest.raises(UnusableTarget, match="there is no token for") as caught:
        find_target(url, None, {"API_KEY": "0123456789abcdef-key"}, data_dir)

    assert "0123456789abcdef" not in str(caught.value)


@pytest.mark.parametrize("url", ["x.org", "ftp://x.org", "http://u:p@x.org", "http://x.org?a=b"])
def test_invalid_addresses_are_refused(data_dir, url):
    with pytest.raises(UnusableTarget, match="must be an absolute URL"):
        find_target(url, "t", {}, data_dir)
