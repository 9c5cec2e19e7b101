"""A server with something on every screen."""

from dataclasses import dataclass

from tests.dashboard.conftest import Site

GREETER = """\
-- Greets whoever calls it.
function handler(ctx, event)
  local name = event.query.name or "world"

  log.info("greeting " .. name)
  return { statusCode = 200, body = { hello = name } }
end
"""
FAILING = """\
function handler(ctx, event)
  log.warn("this will not go well")
  return { body = event.user.name }
end
"""


@dataclass(frozen=True, slots=True)
class Sample:
    """What was created."""

    function_id: str
    success_id: str
    error_id: str


async def fill(site: Site) -> Sample:
    """Create functions with versions and executions."""
    function_id = await site.create(
        GREETER, name="quotes", description="Says hello", save_response=True
    )
    await site.api.put(
        f"/api/functions/{function_id}", json={"code": GREETER.replace("200", "201") + "\n-- end\n"}
    )
    succeeded = await site.api.get(f"/fn/{function_id}?name=Ada")
    failing_id = await site.create(FAILING, name="failing")
    failed = await site.api.get(f"/fn/{failing_id}")
    for name in ("payments", "nightly-report"):
        await site.create(GREETER, name=name)
    return Sample(
        function_id=function_id,
        success_id=succeeded.headers["x-execution-id"],
        error_id=failed.headers["x-execution-id"],
    )
