"""Headers, query, path and addresses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perilune.masking import DEFAULT_MASKER, REDACTED

MASKED_URLS = [
    pytest.param("https://u:p@host/x", f"https://{REDACTED}@host/x", id="user-and-password"),
    pytest.param("https://ghp_abc@host/x", f"https://{REDACTED}@host/x", id="token-as-user"),
    pytest.param("https://u:p@ss@host", f"https://{REDACTED}@host", id="at-sign-in-password"),
    pytest.param("//u:p@ss@host/x", f"//{REDACTED}@host/x", id="at-sign-and-no-scheme"),
    pytest.param("//u:p@host/x", f"//{REDACTED}@host/x", id="no-scheme"),
    pytest.param(
        "https://h/v1?key=AIza&model=a%20b", f"https://h/v1?key={REDACTED}&model=a%20b", id="query"
    ),
    pytest.param(
        "https://h/cb#access_token=abc&state=1",
        f"https://h/cb#access_token={REDACTED}&state=1",
        id="fragment",
    ),
    pytest.param("https://h/eyJh.eyJz.c2ln/x", f"https://h/{REDACTED}/x", id="jwt-in-path"),
]


def test_originals_are_not_changed() -> None:
    headers = {"Authorization": "Bearer x", "Accept": "*/*"}
    many = {"Set-Cookie": ["a=1", "b=2"], "Accept": ["a", "b"]}

    masked, masked_many = DEFAULT_MASKER.headers(headers), DEFAULT_MASKER.multi_headers(many)
    masked_many["Accept"].append("c")

    assert masked == {"Authorization": REDACTED, "Accept": "*/*"}
    assert headers == {"Authorization": "Bearer x", "Accept": "*/*"}
    assert masked_many["Set-Cookie"] == [REDACTED, REDACTED]
    assert many == {"Set-Cookie": ["a=1", "b=2"], "Accept": ["a", "b"]}


def test_harmless_headers_are_an_equal_copy() -> None:
    headers = {"Accept": "*/*", "X-Author": "Ada"}

    masked = DEFAULT_MASKER.headers(headers)

    assert masked == headers
    assert masked is not headers


@pytest.mark.parametrize("name", ["Location", "Referer", "X-Original-URL"])
def test_headers_that_hold_addresses(name: str) -> None:
    address, masked = "/login?access_token=abc&next=1", f"/login?access_token={REDACTED}&next=1"

    assert DEFAULT_MASKER.headers({name: address}) == {name: masked}
    assert DEFAULT_MASKER.multi_headers({name: [address, "/"]}) == {name: [masked, "/"]}


def test_multi_query() -> None:
    assert DEFAULT_MASKER.multi_query({"token": ["a", "b"], "page": ["1"]}) == {
        "token": [REDACTED, REDACTED],
        "page": ["1"],
    }


@pytest.mark.parametrize(
    ("query", "masked"),
    [
        pytest.param("", "", id="empty"),
        pytest.param("a=1&&b=%zz&c&=d", "a=1&&b=%zz&c&=d", id="broken-but-harmless"),
        pytest.param("a=%zz&token=x%20y&b", f"a=%zz&token={REDACTED}&b", id="rest-verbatim"),
        pytest.param("api%5Fk%65y=x", f"api%5Fk%65y={REDACTED}", id="escaped-name"),
        pytest.param("token=a=b", f"token={REDACTED}", id="equals-in-value"),
        pytest.param("token=a&token=b", f"token={REDACTED}&token={REDACTED}", id="repeated"),
        pytest.param("token=&a=1", "token=&a=1", id="no-value"),
        pytest.param("a=1;token=x;b=2&c=3", f"a=1;token={REDACTED}&c=3", id="semicolons"),
        pytest.param("token=a;b", f"token={REDACTED}", id="semicolon-in-value"),
        pytest.param("max_tokens=5&monkey=1", "max_tokens=5&monkey=1", id="look-alikes"),
    ],
)
def test_raw_query(query: str, masked: str) -> None:
    assert DEFAULT_MASKER.raw_query(query) == masked
    assert DEFAULT_MASKER.path(f"/p?{query}") == f"/p?{masked}"


@pytest.mark.parametrize(("url", "masked"), MASKED_URLS)
def test_url(url: str, masked: str) -> None:
    assert DEFAULT_MASKER.url(url) == masked


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/",
        "/fn/abc/tokens/keyboard",
        "https://example.com/@ada?page=2#top",
        "mailto:ada@example.com",
        "https://example.com/a%20b?q=ada@example.com",
    ],
)
def test_harmless_urls_keep_their_bytes(url: str) -> None:
    assert DEFAULT_MASKER.url(url) == url
    assert DEFAULT_MASKER.path(url) == url


@given(st.text())
def test_nothing_raises(text: str) -> None:
    for prefix in ("", "token=", "//", "%", "?token;"):
        given_text = prefix + text
        assert isinstance(DEFAULT_MASKER.raw_query(given_text), str)
        assert isinstance(DEFAULT_MASKER.path(given_text), str)
        assert isinstance(DEFAULT_MASKER.url(given_text), str)
