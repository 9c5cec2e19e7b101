"""How the server presents itself: TLS, a host of its own for functions, CORS, hardening."""

import asyncio
import socket
import ssl
from pathlib import Path

import httpx
import pytest
from starlette.responses import PlainTextResponse

from perilune.api import Certificate, HttpServer, TlsError, bind_sockets
from perilune.api.connections.asgi import answered_by
from tests.upstream.certificate import write_certificate

from .conftest import KEY, open_site

KEY_HEADER = {"Authorization": f"Bearer {KEY}"}

# --- TLS ----------------------------------------------------------------------


@pytest.fixture
def files(tmp_path):
    """The files of a certificate and of its key."""
    return write_certificate(tmp_path)


def serial_of(port: int) -> bytes:
    """Return the certificate that a new connection gets."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection(("127.0.0.1", port), timeout=30) as plain,
        context.wrap_socket(plain) as connection,
    ):
        return connection.getpeercert(binary_form=True) or b""


async def test_kd_205_the_server_speaks_https_with_a_certificate(tmp_path, files):
    context = ssl.create_default_context(cafile=files[0])
    async with (
        open_site(tmp_path, tls_certificate=files[0], tls_key=files[1]) as site,
        httpx.AsyncClient(
            base_url=f"https://127.0.0.1:{site.server.port}",
            verify=context,
            trust_env=False,
            timeout=30,
        ) as client,
    ):
        login = await client.post("/api/auth/login", json={"apiKey": KEY})
        listed = await client.get("/api/functions")
        plain = await site.raw(b"GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n")

    assert login.headers["set-cookie"].endswith("; Secure")
    assert listed.status_code == 200, "the cookie that is `Secure` came back"
    assert plain == b"", "nothing is said without TLS"
    assert site.server.url == f"https://localhost:{site.server.port}"


async def test_files_without_a_certificate_stop_the_start(tmp_path, files):
    for certificate, key in ((str(tmp_path / "nope"), files[1]), (files[1], files[0])):
        with pytest.raises(TlsError, match="can't use"):
            async with open_site(tmp_path, tls_certificate=certificate, tls_key=key):
                pass


async def test_a_renewed_certificate_is_taken_over_by_new_connections(tmp_path, files, caplog):
    caplog.set_level("INFO", logger="perilune.api.connections.tls")
    certificate = Certificate(*files)
    (listening,) = bind_sockets("127.0.0.1", 0)
    server = HttpServer(
        answered_by(PlainTextResponse("hello")), [listening], certificate=certificate
    )
    await server.start()
    first = await asyncio.to_thread(serial_of, server.port)

    certificate.renew()
    same = await asyncio.to_thread(serial_of, server.port)
    write_certificate(tmp_path)
    certificate.renew()
    second = await asyncio.to_thread(serial_of, server.port)
    Path(files[1]).write_text("no key")
    certificate.renew()
    certificate.renew()
    kept = await asyncio.to_thread(serial_of, server.port)

    await server.stop(1.0)
    assert first == same != second and kept == second
    messages = [record.getMessage() for record in caplog.records]
    assert [one.partition(":")[0] for one in messages] == [
        "the certificate has been renewed",
        "the certificate stays as it was",
    ]


async def test_the_files_are_looked_at_now_and_then(files):
    looked = asyncio.Event()

    class Watched(Certificate):
        def renew(self) -> None:
            looked.set()

    certificate = Watched(*files)
    certificate.watch(every_s=0.001)
    await asyncio.wait_for(looked.wait(), 30)
    looked.clear()
    await asyncio.wait_for(looked.wait(), 30)
    certificate.stop()


# --- a host of its own for functions (KD-03) -----------------------------------


@pytest.mark.parametrize(
    ("host", "path", "status"),
    [
        pytest.param("fn.example.org", "/fn/{id}", 200, id="function"),
        pytest.param("FN.example.org:3000", "/fn/{id}", 200, id="case and port"),
        pytest.param("fn.example.org", "/api/functions", 404, id="no API there"),
        pytest.param("fn.example.org", "/", 404, id="no dashboard there"),
        pytest.param("fn.example.org", "/docs", 404, id="no documents there"),
        pytest.param("example.org", "/api/functions", 200, id="API"),
        pytest.param("example.org", "/", 200, id="dashboard"),
        pytest.param("example.org", "/fn/{id}", 404, id="no function elsewhere"),
        pytest.param("127.0.0.1", "/fn/{id}", 404, id="nor at the address"),
        pytest.param("fn.example.org.x", "/fn/{id}", 404, id="nor at a name like it"),
        pytest.param("fn.example.org.", "/fn/{id}", 200, id="final dot"),
        pytest.param("fn.example.org.:80", "/api/functions", 404, id="no API behind a final dot"),
        pytest.param("", "/fn/{id}", 404, id="no function without a host"),
        pytest.param("", "/api/functions", 404, id="no API without a host"),
        pytest.param("", "/", 404, id="no dashboard without a host"),
        pytest.param("", "/healthz", 200, id="health without a host"),
    ],
)
async def test_functions_can_have_a_host_of_their_own(tmp_path, host, path, status):
    async with open_site(tmp_path, function_host="fn.example.org") as site:
        function_id = await site.answering()

        answer = await site.client.get(path.format(id=function_id), headers={"Host": host})

    assert answer.status_code == status
    if status == 404:
        assert answer.json()["error"] == "Not found"
        assert answer.headers["x-content-type-options"] == "nosniff"


async def test_the_functions_host_is_never_an_origin_of_ours(tmp_path):
    """Although it is the base URL that functions are told."""
    settings = {"function_host": "fn.example.org", "base_url": "https://fn.example.org"}
    async with open_site(tmp_path, **settings) as site:
        login = await site.client.post("/api/auth/login", json={"apiKey": KEY})
        headers = {
            "Cookie": login.headers["set-cookie"].partition(";")[0],
            "Authorization": "",
            "Origin": "https://fn.example.org",
            "X-Requested-With": "x",
        }

        answer = await site.client.post("/api/functions", content=b"", headers=headers)

    assert answer.status_code == 403


# --- CORS (KD-08) -------------------------------------------------------------

PREFLIGHT = {
    "Access-Control-Request-Method": "PUT",
    "Access-Control-Request-Headers": "authorization",
}


def cors_of(answer: httpx.Response) -> dict[str, str]:
    return {k: v for k, v in answer.headers.items() if k.startswith("access-control-")}


async def test_configured_origins_may_use_the_api(tmp_path):
    async with open_site(tmp_path, cors_origins=("https://tools.example",)) as site:
        origin = {"Origin": "https://tools.example"}
        preflight = await site.client.options(
            "/api/functions", headers=origin | PREFLIGHT | {"Authorization": ""}
        )
        answer = await site.client.get("/api/functions", headers=origin)
        refused = await site.client.get("/api/functions", headers=origin | {"Authorization": ""})

    assert preflight.status_code == 200
    assert preflight.headers["access-control-allow-origin"] == "https://tools.example"
    assert "PUT" in preflight.headers["access-control-allow-methods"]
    assert "authorization" in preflight.headers["access-control-allow-headers"].lower()
    assert answer.headers["access-control-allow-origin"] == "https://tools.example"
    assert answer.headers["vary"] == "Origin"
    assert refused.status_code == 401, "being let in takes a credential as ever"
    for one in (preflight, answer):
        assert "access-control-allow-credentials" not in one.headers


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "https://tools.example.evil", "http://tools.example", "null"]
)
async def test_other_origins_are_told_nothing(tmp_path, origin):
    async with open_site(tmp_path, cors_origins=("https://tools.example",)) as site:
        preflight = await site.client.options(
            "/api/functions", headers={"Origin": origin, "Authorization": ""} | PREFLIGHT
        )
        answer = await site.client.get("/api/functions", headers={"Origin": origin})

    assert preflight.status_code == 401
    assert cors_of(preflight) == cors_of(answer) == {}
