"""What an answer of a sandboxed function can't do to the origin it shares (KD-03)."""

import pytest

from perilune.api.calls.answers import function_answer
from perilune.api.calls.events import mount_of
from perilune.api.headers import ResponseNames
from perilune.events import HTTPResponse

MOUNT = b"/fn/f"
BINDS = """
Accept-CH Accept-CH-Lifetime Activate-Storage-Access Ad-Auction-Allowed Alt-Svc Alternate-Protocol
Attribution-Reporting-Register-Source Clear-Site-Data Critical-CH Expect-CT Expect-Staple
IdP-SignIn-Status NEL Observe-Browsing-Topics Origin-Agent-Cluster Origin-Trial Proxy-Authenticate
Public-Key-Pins Public-Key-Pins-Report-Only Report-To Reporting-Endpoints Sec-Session-Registration
Secure-Session-Registration Service-Worker-Allowed Set-Cookie2 Set-Login Shared-Storage-Write
Strict-Transport-Security Supports-Loading-Mode Use-As-Dictionary X-Accel-Redirect X-Sendfile
X-Envoy-Immediate-Health-Check-Fail X-LiteSpeed-Location X-Reproxy-URL
"""
UNHEARD_OF = "Sec-Tomorrow Accept-Tomorrow Origin-Tomorrow Tomorrow-Policy Tomorrow-Security"
PASSES = """
Accept-Patch Accept-Ranges Access-Control-Allow-Credentials Access-Control-Max-Age Age Allow
Authentication-Info Cache-Control CDN-Cache-Control Content-Disposition Content-Encoding
Content-Language Content-Security-Policy Content-Security-Policy-Report-Only
Cross-Origin-Embedder-Policy-Report-Only Cross-Origin-Opener-Policy Cross-Origin-Resource-Policy
Deprecation Document-Isolation-Policy
ETag Expires Last-Modified Link Location No-Vary-Search Permissions-Policy Pragma
Priority RateLimit RateLimit-Policy Referrer-Policy Refresh Retry-After Server-Timing SourceMap
Speculation-Rules Sunset Surrogate-Control Timing-Allow-Origin Vary Warning WWW-Authenticate
API-Version CE-Id Foo Grpc-Status HX-Redirect MCP-Session-Id My-Header Stripe-Version Svix-Id
Total-Count Traceparent Tus-Resumable Webhook-Id X X- X-A X-Content-Type-Options X-Frame-Options
X-Policy X-Robots-Tag X-Set-Something
"""


def answer_to(headers, mount=MOUNT):
    """Return the answer's headers as pairs of text, and the remarks."""
    remarks: list[str] = []
    answer = function_answer(
        HTTPResponse(headers=headers), [], ResponseNames(), remarks, mount=mount
    )
    return [(name.decode(), value.decode()) for name, value in answer.headers], remarks


@pytest.mark.parametrize("name", [*BINDS.split(), *UNHEARD_OF.split()])
def test_a_header_that_binds_more_than_its_answer_is_not_sent(name):
    for value in ("v", ["v", "w"]):
        headers, remarks = answer_to({name: value})
        trusted, none = answer_to({name: value}, mount=None)

        assert name.lower() not in dict(headers)
        assert len(remarks) == 1 and name.lower() in remarks[0].lower()
        assert name.lower() in dict(trusted) and none == []


@pytest.mark.parametrize("name", PASSES.split())
def test_a_header_about_the_answer_and_one_of_the_functions_own_is_sent(name):
    headers, remarks = answer_to({name: "v"})

    assert (name.lower(), "v") in headers and remarks == []


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        pytest.param("a=1", "a=1; Path=/fn/f", id="no path"),
        pytest.param("a=1; Path=/; Secure", "a=1; Secure; Path=/fn/f", id="the whole host"),
        pytest.param("a=1; path = /api", "a=1; Path=/fn/f", id="the API"),
        pytest.param("a=1;Path=/fn/other", "a=1; Path=/fn/f", id="another function"),
        pytest.param("a=1; Path=/fn/f2", "a=1; Path=/fn/f", id="one whose name begins so"),
        pytest.param("a=1; Path=/fn/f", "a=1; Path=/fn/f", id="itself"),
        pytest.param("a=1; Path=/fn/f/x", "a=1; Path=/fn/f/x", id="a place in it"),
        pytest.param("a=1; Path=/fn/f/; Path=/", "a=1; Path=/fn/f", id="the last path counts"),
        pytest.param("a=1; Path=/fn/f/" + 1100 * "x", "a=1; Path=/fn/f", id="an ignored path"),
        pytest.param("a=1; Path", "a=1; Path=/fn/f", id="a path without value"),
        pytest.param('a=1; Path="/fn/f"', "a=1; Path=/fn/f", id="a quoted path"),
        pytest.param("a=1; DOMAIN=example.org", "a=1; Path=/fn/f", id="a domain"),
        pytest.param("a=1; Priority=High", "a=1; Path=/fn/f", id="a priority"),
        pytest.param(
            "a=1; Max-Age=9; SameSite=Lax;; HttpOnly",
            "a=1; Max-Age=9; SameSite=Lax; HttpOnly; Path=/fn/f",
            id="other attributes",
        ),
    ],
)
def test_cookies_stay_below_the_function(given, sent):
    assert [v for n, v in answer_to({"Set-Cookie": given})[0] if n == "set-cookie"] == [sent]
    trusted, _ = answer_to({"Set-Cookie": given}, mount=None)
    assert ("set-cookie", given) in trusted


@pytest.mark.parametrize(
    ("cookies", "kept"),
    [
        pytest.param([f"c{i}=1" for i in range(20)], 20, id="just enough"),
        pytest.param([f"c{i}=1" for i in range(60)], 20, id="too many"),
        pytest.param([f"c{i}=" + 3900 * "x" for i in range(40)], 4, id="too much"),
        pytest.param(["big=" + 4093 * "x", "small=1"], 1, id="one too large"),
        pytest.param(["big=" + 4092 * "x", "small=1"], 2, id="one as large as can be"),
    ],
)
def test_an_answer_has_a_bounded_number_and_size_of_cookies(cookies, kept):
    headers, remarks = answer_to({"Set-Cookie": cookies})

    sent = [v for n, v in headers if n == "set-cookie"]
    assert len(sent) == kept and sum(map(len, sent)) <= 16 * 1024
    assert len(remarks) == (kept < len(cookies))
    assert all("cookies are not sent" in one for one in remarks)


def test_the_mount_is_the_path_that_was_called():
    assert mount_of(b"/fn/f") == mount_of(b"/fn/f/") == mount_of(b"/fn/f/a/b") == b"/fn/f"
    assert mount_of(b"/fn/caf%C3%A9/x") == b"/fn/caf%C3%A9"
    assert mount_of(b"/fn/a;Path=/api") == b"/fn/a%3BPath="
