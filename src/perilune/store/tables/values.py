"""All values of a function at once, for its table in memory."""

from perilune.store.database.connection import Connection
from perilune.store.database.statements import load_statements
from perilune.store.errors import StoreError
from perilune.store.tables.secrets import ENV_VARS, opened
from perilune.store.value_tables import MAX_TABLE_BYTES, MAX_VALUES
from perilune.vault import Sealed, Vault
from perilune.worker.shared_values import NEVER, PAIR, VARIABLE, Value

_KV = load_statements("kv")
_ENV = load_statements("env")


def read_values(
    connection: Connection, vault: Vault, function_id: str, now: float
) -> dict[bytes, Value] | None:
    """Return pairs that are there at *now*, and variables, by their names in a table.

    None if the function does not exist, if it has too many, or if one can't be decrypted.
    """
    row = connection.execute(_KV["sizes"], (function_id, MAX_VALUES + 1)).fetchone()
    if row is None or row[0] + row[1] > MAX_TABLE_BYTES or row[2] > MAX_VALUES:
        return None
    values: dict[bytes, Value] = {
        PAIR + key: (value, NEVER if expires_at is None else expires_at)
        for key, value, expires_at in connection.execute(_KV["all_pairs"], (function_id, now))
    }
    try:
        for key, text, key_id, _ in connection.execute(_ENV["all_variables"], (function_id,)):
            plain = opened(vault, Sealed(text, key_id), ENV_VARS, function_id, key)
            values[VARIABLE + key.encode()] = (plain.encode(), NEVER)
    except StoreError:
        return None
    return values
