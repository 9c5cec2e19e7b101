"""What every store offers, whatever database it is; callers know nothing else of it.

`DB` is what can be read and written, inside of a transaction and outside; `Store` is an open
store.  What holds for all of it:

- A write is committed when its method returns.  Cancelling the wait does not cancel the write.
- Writes are committed in the order in which they were asked for, those nobody waits for
  (`LogRows.append` and the like) among them: a log line that was appended before an execution
  was closed can be read as soon as that execution is seen as closed.
- A read sees every write that has returned, and of a transaction all or nothing.
- A failure is a `StoreError`: the named ones are answers, `StoreUnavailable` is a failed database.
- Cursors are texts that only the store that made them understands; they stay valid for as long
  as the row they came from does not change its place, across restarts too.
"""

from perilune.store.contract.credentials import SessionRows, TokenRows
from perilune.store.contract.executions import (
    AIRequestRows,
    EmailRequestRows,
    ExecutionRecords,
    LogRows,
    RecordDone,
    RequestRows,
    StatisticsRows,
    TickRows,
)
from perilune.store.contract.limits import FailedAttempts, LimitRows
from perilune.store.contract.servers import Heartbeat, ServerRows
from perilune.store.contract.store import DB, ExecutionStore, Store
from perilune.store.contract.values import EnvRows, KVRows, SecretRows, SigningSecretRows

__all__ = [
    "DB",
    "AIRequestRows",
    "EmailRequestRows",
    "EnvRows",
    "ExecutionRecords",
    "ExecutionStore",
    "FailedAttempts",
    "Heartbeat",
    "KVRows",
    "LimitRows",
    "LogRows",
    "RecordDone",
    "RequestRows",
    "SecretRows",
    "ServerRows",
    "SessionRows",
    "SigningSecretRows",
    "StatisticsRows",
    "Store",
    "TickRows",
    "TokenRows",
]
