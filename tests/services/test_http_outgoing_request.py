"""What is sent, and what a redirect makes of it, before anything goes out."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perilune.services.http import HTTPClientError, Request
from perilune.services.http.outgoing_request import build_request
from perilune.services.http.target import parse_target, quoted

SECRETS = {"Authorization": "Bearer x", "Cookie": "a=b", "Proxy-Authorization": "Basic y"}


@pytest.mark.parametrize(
    ("first", "location", "keeps"),
    [
        pytest.param("https://a.org/x", "/y", True, id="same server"),
        pytest.param("https://a.org/x", "https://A.org:443/y", True, id="same, spelled out"),
        pytest.param("http://a.org/x", "https://a.org/y", True, id="now encrypted"),
        pytest.param("https://a.org/x", "http://a.org/y", False, id="no longer encrypted"),
        pytest.param("https://a.org/x", "https://b.org/y", False, id="another host"),
        pytest.param("https://a.org/x", "//b.org/y", False, id="another host, same scheme"),
        pytest.param("https://a.org/x", "https://sub.a.org/y", False, id="host below"),
        pytest.param("https://a.org/x", "https://a.org:8443/y", False, id="another port"),
        pytest.param("http://a.org/x", "https://a.org:8443/y", False, id="encrypted, other port"),
    ],
)
def test_secrets_stay_with_their_server(first, location, keeps):
    outgoing = build_request(Request(url=first, headers={**SECRETS, "X-Other": "z"}))

    headers = outgoing.redirected(302, location).wire_headers()

    assert [name in headers for name in SECRETS] == [keeps] * 3
    assert headers["X-Other"] == "z"


def test_secrets_that_were_left_behind_do_not_come_back():
    outgoing = build_request(Request(url="https://a.org/", headers=SECRETS))

    back = outgoing.redirected(302, "https://b.org/").redirected(302, "https://a.org/")

    assert SECRETS.keys().isdisjoint(back.wire_headers())


@pytest.mark.parametrize(
    ("location", "keeps"), [("/y", True), ("//a.org/y", False), ("https://b.org/", False)]
)
def test_credentials_of_a_url_follow_relative_redirects_only(location, keeps):
    outgoing = build_request(Request(url="https://me%3Ax:s3cret@a.org/"))

    headers = outgoing.redirected(302, location).wire_headers()

    assert outgoing.wire_headers()["Authorization"] == "Basic bWU6eDpzM2NyZXQ="
    assert ("Authorization" in headers) == keeps
    assert headers["Referer"] == "https://a.org/"


def test_the_way_from_https_to_http_is_not_told():
    outgoing = build_request(Request(url="https://a.org/?token=1"))

    assert "Referer" not in outgoing.redirected(302, "http://a.org/").wire_headers()


@pytest.mark.parametrize(
    ("location", "told"),
    [
        pytest.param("/next", "http://a.org/first?token=1", id="the same origin"),
        pytest.param("http://a.org:8080/", "http://a.org/", id="another port"),
        pytest.param("http://b.org/", "http://a.org/", id="another host"),
        pytest.param("https://a.org/", "http://a.org/", id="another scheme"),
    ],
)
def test_other_origins_learn_neither_path_nor_query(location, told):
    outgoing = build_request(Request(url="http://a.org/first?token=1"))

    assert outgoing.redirected(302, location).wire_headers()["Referer"] == told


@pytest.mark.parametrize("method", ["BAD METHOD", "CONNECT", "X" * 33, "GE\tT"])
def test_a_method_that_cannot_be_sent(method):
    with pytest.raises(HTTPClientError, match="^failed to create request: net/http: invalid meth"):
        build_request(Request(url="http://h/", method=method))


@pytest.mark.parametrize(
    "given_text", [{"url": "http://h/\ud800"}, {"query": {"a": "\ud800"}}, {"body": "\ud800"}]
)
def test_binary_text(given_text):
    with pytest.raises(HTTPClientError, match="^failed to create request: .* not UTF-8"):
        build_request(Request(**({"url": "http://h/"} | given_text)))


@pytest.mark.parametrize(
    "host",
    [
        "127%2e0.0.1",
        "[127.0.0.1]",
        "[::1",
        "::1",
        "[fe80::1%25lo]",
        "a;b",
        "h:99999",
        "h:-1",
        "a<b",
    ],
)
def test_an_invalid_host_is_refused(host):
    with pytest.raises(HTTPClientError, match="^failed to parse URL: "):
        parse_target(f"http://{host}/")


@given(
    st.sampled_from(["http://{}@h:x/", "ftp://{}@h/", "http:{}@h/", "{}@h/p?q=@", "http:/{}@h/"]),
    st.text(st.characters(exclude_characters="/?#"), min_size=1),
)
def test_user_information_is_never_shown(form, password):
    shown = quoted(form.format(f"me:s3cret{password}s3cret"))

    assert "s3cret" not in shown
    assert "h" in shown


@given(st.text(st.characters(codec="ascii", exclude_characters="#?", min_codepoint=33)))
def test_a_path_arrives_as_it_was_written(path):
    escaped = quote(path, safe="/%") if "%" not in path else quote(path, safe="/")

    assert parse_target(f"http://h/{escaped}").url == f"http://h/{escaped}"
