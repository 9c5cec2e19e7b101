"""Executes a function in a language of one's own and keeps the record in an SQLite file."""

import asyncio
import sys
from pathlib import Path

from perilune.engine import Config, ExecutionRequest, RuntimeRequest, RuntimeResult, new
from perilune.events import HTTPEvent, HTTPResponse
from perilune.ids import new_function_id
from perilune.services.logger import StoreLogger
from perilune.store import Function, open_store


class Upper:
    """A language with one statement: a text, which is answered in capitals."""

    async def execute(self, req: RuntimeRequest) -> RuntimeResult:
        """Answer with the text."""
        return RuntimeResult(response=HTTPResponse(body=req.code.upper()))


async def main(path: Path) -> None:
    """Create a function, execute it once, print the answer and the record."""
    async with open_store(path) as store:
        function = await store.create_function(Function(id=new_function_id(), name="greet"))
        await store.create_version(function.id, "hello")
        engine = new(Config(db=store, logger=StoreLogger(store.logs), runtime=Upper()))
        event = HTTPEvent(method="POST", path="/greet", body='{"password": "hunter2"}')
        result = await engine.execute(ExecutionRequest(function_id=function.id, event=event))
        record = await store.get_execution(result.execution_id)
        print(result.response.body if result.response else result.error)
        print(record.status, record.event_json)


asyncio.run(main(Path(sys.argv[1])))
