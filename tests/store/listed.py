"""Executions of every kind for tests of lists, and what a list of them is to show."""

from perilune.store import ExecutionFilter, ExecutionStatus, ExecutionTrigger
from tests.store.helpers import NOW, execution_of, some_version

ERROR, SUCCESS, PENDING = ExecutionStatus.ERROR, ExecutionStatus.SUCCESS, ExecutionStatus.PENDING
HTTP, CRON = ExecutionTrigger.HTTP, ExecutionTrigger.CRON


async def some_executions(store):
    """Sixty executions of two functions, of every kind, several in each second; oldest first."""
    one, other = await some_version(store), await some_version(store)
    second = await store.create_version(one.function_id, "return 2")
    made = []
    for number in range(60):
        version = (one, second, other)[number % 3]
        status = (SUCCESS, ERROR, SUCCESS, PENDING)[number % 4]
        message = f"Error at line {number}\nmore of it 100%" if status == ERROR else None
        made.append(
            await store.create_execution(
                execution_of(
                    version,
                    status=status,
                    error_message=message,
                    event_json="{}",
                    trigger=(HTTP, HTTP, CRON, HTTP, CRON)[number % 5],
                    created_at=NOW + number // 4,
                )
            )
        )
    return one, second, made


def expected(made, wanted: ExecutionFilter):
    """What a list is to show, without any database."""
    found = [
        one
        for one in made
        if wanted.function_id in (None, one.function_id)
        and wanted.status in (None, one.status)
        and wanted.trigger in (None, one.trigger)
        and wanted.version_id in (None, one.function_version_id)
        and (wanted.since is None or one.created_at >= wanted.since)
        and (wanted.until is None or one.created_at < wanted.until)
        and (
            wanted.text is None
            or (one.status == ERROR and wanted.text.lower() in one.error_message.lower())
        )
    ]
    return found[::-1]
