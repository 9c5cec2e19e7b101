"""What the tests of the management API share."""

CODE = "function handler() end"


async def create(site, **members) -> dict:
    answer = await site.client.post(
        "/api/functions", json={"name": "quotes", "code": CODE, **members}
    )
    assert answer.status_code == 200, answer.text
    return answer.json()
