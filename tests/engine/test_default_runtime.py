"""An engine that is given no runtime builds the Lua runtime from the services it is given."""

from pathlib import Path

from perilune.engine import Config, ExecutionRequest, new
from perilune.events import HTTPEvent
from perilune.services.env import Env
from perilune.services.kv import KV
from perilune.services.logger import StoreLogger
from perilune.store import Function, open_store

CODE = """
function handler(ctx, event)
  kv.set("who", env.get("WHO") .. " in " .. ctx.functionName)
  return { body = kv.get("who") }
end
"""


async def test_the_default_runtime_uses_the_configured_services(tmp_path: Path) -> None:
    async with open_store(tmp_path / "perilune.db") as store:
        await store.create_function(Function(id="f", name="greeter"))
        await store.create_version("f", CODE)
        env = Env(store.env)
        await env.set("f", "WHO", "Ada")
        engine = new(
            Config(
                db=store,
                logger=StoreLogger(store.logs),
                kv_store=KV(store.kv),
                env_store=env,
                execution_timeout=20,
            )
        )
        try:
            result = await engine.execute(
                ExecutionRequest(function_id="f", event=HTTPEvent(method="GET", path="/fn/f"))
            )
        finally:
            await engine.close()

        assert result.error is None
        assert result.response is not None
        assert result.response.body == b"Ada in greeter"
        assert await store.kv.get("f", b"who") == b"Ada in greeter"
