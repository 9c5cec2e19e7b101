"""The HTTP client for tests."""

import pytest

from perilune.services.http import FakeClient, HTTPClient, HTTPClientError, Request, Response

URL = "https://api.example.org/items"


async def test_an_answer_belongs_to_one_method_and_url():
    client = FakeClient()
    client.set_response("POST", URL, Response(status_code=201, body=b"made"))

    made = await client.post(Request(url=URL, query={"dry": "1"}))
    other = await client.get(Request(url=URL))

    assert (made.status_code, made.body) == (201, b"made")
    assert other == Response(status_code=200)


async def test_a_request_can_fail():
    client = FakeClient()
    client.set_error("GET", URL, HTTPClientError("no route"))

    with pytest.raises(HTTPClientError, match="no route"):
        await client.get(Request(url=URL))


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
async def test_requests_are_kept_with_their_method(method):
    client: HTTPClient = (fake := FakeClient())

    await getattr(client, method)(Request(url=URL, body="b"))
    await client.request(Request(url=URL, method="head"))

    assert [one.method for one in fake.requests] == [method.upper(), "HEAD"]
    assert fake.requests[0].url == URL
