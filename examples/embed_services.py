"""Executes a function in Lua with every service that functions can use, in a program of one's own.

The services are those of the server.  Each one can be left out: functions are then told that it
is not configured.
"""

import asyncio
import sys
from contextlib import closing

from perilune.engine import Config, ExecutionRequest, new
from perilune.events import HTTPEvent
from perilune.ids import new_function_id
from perilune.services.ai import ChatClient, StoreAITracker
from perilune.services.email import DefaultEmailClient, StoreEmailTracker
from perilune.services.env import Env
from perilune.services.http import AiohttpClient, EgressPolicy
from perilune.services.kv import KV
from perilune.services.logger import StoreLogger
from perilune.services.maskers import ExecutionMaskers
from perilune.store import Function, open_store

CODE = """
function handler(ctx, event)
  log.info("called by " .. event.method)
  return { body = env.get("GREETING") .. ", visitor " .. kv.incr("visits") }
end
"""


async def main(path: str) -> None:
    """Create a function, call it twice, print the answers and its log."""
    # What functions may reach: public addresses, and these.
    policy = EgressPolicy(["10.1.2.0/24", "*.internal.example"])
    async with open_store(path) as store, AiohttpClient(policy) as http:
        env = Env(store.env)
        # Whatever stores texts hides the values of write-only variables.
        maskers = ExecutionMaskers(values=store)
        with closing(StoreLogger(store.logs, maskers=maskers)) as logger:
            engine = new(
                Config(
                    db=store,
                    logger=logger,
                    kv_store=KV(store.kv),
                    env_store=env,
                    http_client=http,
                    # Both read their keys from the variables of the function that calls them.
                    ai_client=ChatClient(http, env),
                    ai_tracker=StoreAITracker(store.ai_requests, maskers=maskers),
                    email_client=DefaultEmailClient(http, env, policy),
                    email_tracker=StoreEmailTracker(store.email_requests, maskers=maskers),
                    maskers=maskers,
                    execution_timeout=30,
                )
            )
            function = await store.create_function(Function(id=new_function_id(), name="greet"))
            await store.create_version(function.id, CODE)
            await env.set(function.id, "GREETING", "Hello")
            request = ExecutionRequest(
                function_id=function.id, event=HTTPEvent(method="GET", path="/greet")
            )
            try:
                results = [await engine.execute(request) for _ in range(2)]
            finally:
                await engine.close()  # Stops the workers.
            for result in results:
                print(result.response.text if result.response else result.error)
            for line in await logger.entries(results[0].execution_id):
                print(line.message)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
