"""A server with all the ways in which the outside world may answer."""

import asyncio
import gzip
import json

from aiohttp import web

MIB = 1024 * 1024


async def answer(request: web.BaseRequest) -> web.StreamResponse:
    """Answer by path: /echo, /status/N, /to?url=…, /loop, /gzip, /bomb, /endless, /drip, /slow."""
    path = request.path
    if path.startswith("/status/"):
        return web.Response(status=int(path.removeprefix("/status/")), text="nope")
    if path == "/to":
        status = int(request.query.get("status", "302"))
        return web.Response(status=status, headers={"Location": request.query["url"]})
    if path == "/loop":
        return web.Response(status=302, headers={"Location": "/loop"})
    if path == "/cookie":
        return web.Response(headers={"Set-Cookie": "session=1; Path=/"})
    if path in ("/gzip", "/bomb", "/torn"):
        data = gzip.compress(b"0" * (64 * MIB) if path == "/bomb" else b"compressed text")
        data = data[:-4] if path == "/torn" else data
        return web.Response(body=data, headers={"Content-Encoding": "gzip"})
    if path in ("/endless", "/drip"):
        return await _go_on(request, pause_s=0.05 if path == "/drip" else 0.0)
    if path == "/slow":
        await asyncio.sleep(60)
    return await _echo(request)


async def _echo(request: web.BaseRequest) -> web.StreamResponse:
    document = {
        "method": request.method,
        "path": request.path_qs,
        "headers": dict(request.headers),
        "body": (await request.read()).decode("utf-8", "replace"),
    }
    response = web.Response(text=json.dumps(document), content_type="application/json")
    response.headers.add("x-multi", "a")
    response.headers.add("X-Multi", "b")
    return response


async def _go_on(request: web.BaseRequest, *, pause_s: float) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b"x" * (1 if pause_s else 65536))
        await asyncio.sleep(pause_s)
