"""What can go wrong in the store, seen from outside."""

from perilune.errors import PeriluneError


class StoreError(PeriluneError):
    """A failure of the store.  What is not one of the subclasses is a fault, not an answer."""

    code = "store_error"


class FunctionNotFound(StoreError):
    """No function has this id."""

    code = "function_not_found"

    def __init__(self, message: str = "function not found") -> None:
        super().__init__(message)


class VersionNotFound(StoreError):
    """The function has no such version."""

    code = "version_not_found"

    def __init__(self, message: str = "version not found") -> None:
        super().__init__(message)


class NoActiveVersion(StoreError):
    """The function has versions, but none of them is active."""

    code = "no_active_version"

    def __init__(self, message: str = "no active version") -> None:
        super().__init__(message)


class ExecutionNotFound(StoreError):
    """No execution has this id."""

    code = "execution_not_found"

    def __init__(self, message: str = "execution not found") -> None:
        super().__init__(message)


class TokenNotFound(StoreError):
    """No API token has this id."""

    code = "token_not_found"

    def __init__(self, message: str = "token not found") -> None:
        super().__init__(message)


class TokenNameTaken(StoreError):
    """Another API token has this name."""

    code = "token_name_taken"

    def __init__(self, name: str) -> None:
        super().__init__(f"there is a token with the name {name!r} already")
        self.name = name


class AddressTaken(StoreError):
    """Another function has this address."""

    code = "address_taken"

    def __init__(self, address: str, name: str, function_id: str) -> None:
        super().__init__(f"{address!r} is the address of the function {name!r} ({function_id})")
        self.address = address


class SessionNotFound(StoreError):
    """No session that has not expired has this id."""

    code = "session_not_found"

    def __init__(self, message: str = "session not found") -> None:
        super().__init__(message)


class CannotDeleteActiveVersion(StoreError):
    """The active version is in use and stays."""

    code = "cannot_delete_active_version"

    def __init__(self, message: str = "cannot delete active version") -> None:
        super().__init__(message)


class ExecutionRunning(StoreError):
    """An execution that has not ended keeps its record."""

    code = "execution_running"

    def __init__(self, message: str = "execution is still running") -> None:
        super().__init__(message)


class AlreadyExists(StoreError):
    """A record with this id is stored already."""

    code = "already_exists"

    def __init__(self, message: str = "a record with this id already exists") -> None:
        super().__init__(message)


class NotANumber(StoreError, ValueError):
    """A stored value is not a number, or the sum is too large to be exact."""

    code = "not_a_number"

    def __init__(self, message: str = "the value is not a number") -> None:
        super().__init__(message)


class KVQuotaExceeded(StoreError, ValueError):
    """The pairs of the function would take more bytes than it may have."""

    code = "kv_quota_exceeded"

    def __init__(self, message: str = "the key-value quota is used up") -> None:
        super().__init__(message)


class TextNotStorable(StoreError, ValueError):
    """A text has the character NUL, which this store can't keep; nothing was written."""

    code = "text_not_storable"

    def __init__(self, message: str = "a text cannot contain NUL") -> None:
        super().__init__(message)


class VariableNotKept(StoreError, ValueError):
    """A variable's value was to stay as it is, and can't; nothing was written."""

    code = "variable_not_kept"

    def __init__(self, key: str, *, is_write_only: bool) -> None:
        super().__init__(
            f"{key} is write-only; only a new value can be made readable"
            if is_write_only
            else f"there is no variable {key} whose value could stay as it is"
        )
        self.key = key


class TooManyVariables(StoreError, ValueError):
    """The function has as many environment variables as it may have."""

    code = "too_many_variables"

    def __init__(self, limit: int) -> None:
        super().__init__(f"cannot have more than {limit} environment variables")


class SigningSecretNotFound(StoreError):
    """The function has no such signing secret."""

    code = "signing_secret_not_found"

    def __init__(self, message: str = "signing secret not found") -> None:
        super().__init__(message)


class TooManySigningSecrets(StoreError, ValueError):
    """The function has as many signing secrets as it may have."""

    code = "too_many_signing_secrets"

    def __init__(self, limit: int) -> None:
        super().__init__(f"a function cannot have more than {limit} signing secrets")


class SecretUnreadable(StoreError):
    """A stored secret can't be decrypted; the text says which, never what it was."""

    code = "secret_unreadable"


class InvalidCursor(StoreError, ValueError):
    """The cursor does not come from an earlier answer."""

    code = "invalid_cursor"

    def __init__(self, message: str = "the cursor does not come from an earlier answer") -> None:
        super().__init__(message)


class WritesLost(StoreError):
    """Rows nobody waits for (`LogRows.append`) failed or were dropped; reported, never raised."""

    code = "writes_lost"


class BackupFailed(StoreError):
    """A copy could not be made or put back; everything is as it was before."""

    code = "backup_failed"


class UnusableLunarFile(StoreError):
    """The file is none of Lunar's, or in a state in which it can't be taken over."""

    code = "unusable_lunar_file"


class StoreNotEmpty(StoreError):
    """The store to import into has functions already."""

    code = "store_not_empty"


class StoreUnavailable(StoreError):
    """The database failed, is locked, or is closed.

    What it said is chained.
    """

    code = "store_unavailable"


class DiskFull(StoreUnavailable):
    """There is no room left where the database is."""

    code = "disk_full"


class DiskNearlyFull(StoreUnavailable):
    """There is still room where the database is, but too little to begin an execution."""

    code = "disk_nearly_full"

    def __init__(self, message: str = "the disk is nearly full") -> None:
        super().__init__(message)


class IncompatibleDatabase(StoreError):
    """The database file is not ours, is newer than this program, or broke off in a migration."""

    code = "incompatible_database"


class UnknownStore(StoreError, ValueError):
    """The URL names no store that there is; it may hold a password, so it is not shown."""

    code = "unknown_store"


class StoreInUse(StoreError):
    """Another process has the store open."""

    code = "store_in_use"
