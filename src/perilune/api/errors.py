"""Which error is answered with which HTTP status and text.  Nowhere else is that decided.

Two tables: for calls of functions, and for what the management API gets from the layers below it.
"""

from dataclasses import replace
from typing import ClassVar

from perilune.api.error_answer import ErrorAnswer
from perilune.engine import (
    EngineError,
    EventSerializationError,
    ExecutionRecordError,
    ExecutionTimeoutError,
    FunctionBusyError,
    FunctionDisabledError,
    FunctionNotFoundError,
    NoActiveVersionError,
    StorageUnavailableError,
    VersionNotFoundError,
)
from perilune.errors import PeriluneError
from perilune.runtimes import CheckUnavailable
from perilune.services.env import EnvError, EnvValidationError
from perilune.store import (
    AddressTaken,
    CannotDeleteActiveVersion,
    ExecutionNotFound,
    ExecutionRunning,
    FunctionNotFound,
    NoActiveVersion,
    SessionNotFound,
    SigningSecretNotFound,
    StoreError,
    StoreUnavailable,
    TextNotStorable,
    TokenNameTaken,
    TokenNotFound,
    TooManySigningSecrets,
    VariableNotKept,
    VersionNotFound,
)


class ApiError(PeriluneError):
    """A request that the HTTP layer itself refuses; the message goes to the client."""

    code = "api_error"
    status: ClassVar[int] = 400


class InvalidRequest(ApiError):
    """The request breaks a rule, which the message names."""

    code = "invalid_request"


class InvalidBody(InvalidRequest):
    """The body is not the JSON that is expected."""

    code = "invalid_body"

    def __init__(self) -> None:
        super().__init__("Invalid request body")


class BodyReadError(InvalidRequest):
    """The client went away in the middle of its request."""

    code = "body_read_error"

    def __init__(self) -> None:
        super().__init__("Failed to read request body")


class AuthenticationRequired(ApiError):
    """The caller has shown no valid credential."""

    code = "authentication_required"
    status = 401

    def __init__(self) -> None:
        super().__init__("Authentication required")


class InvalidKey(ApiError):
    """Somebody wanted to log in with something that is not the management key."""

    code = "invalid_api_key"
    status = 401

    def __init__(self) -> None:
        super().__init__("Invalid API key")


class CrossSiteRequest(ApiError):
    """A session's cookie came along with a change that the session's own page may not have made."""

    code = "cross_site_request"
    status = 403

    def __init__(self) -> None:
        super().__init__(
            "Changes within a session need the header X-Requested-With and must come from this"
            " server's own pages"
        )


class InsufficientScope(ApiError):
    """The caller's credential does not include the right that this takes."""

    code = "insufficient_scope"
    status = 403

    def __init__(self, scope: str) -> None:
        super().__init__(f"This needs a token with the scope {scope}")
        self.scope = scope


class TooManyAttempts(ApiError):
    """Too many wrong credentials came from the caller's address."""

    code = "too_many_attempts"
    status = 429

    def __init__(self, wait_s: int) -> None:
        super().__init__("Too many failed attempts, try again later")
        self.wait_s = wait_s
        """Seconds until the next attempt is looked at."""


class UnknownPath(ApiError):
    """Nothing is served under this path."""

    code = "not_found"
    status = 404

    def __init__(self) -> None:
        super().__init__("Not found")


class ComparedVersionNotFound(ApiError):
    """One of the versions to compare does not exist; the message says which."""

    code = "compared_version_not_found"
    status = 404

    def __init__(self, side: str) -> None:
        super().__init__(f"Version {side} not found")


class MethodNotAllowed(ApiError):
    """The path is served, but not with this method."""

    code = "method_not_allowed"
    status = 405

    def __init__(self, allowed: str) -> None:
        super().__init__("Method not allowed")
        self.allowed = allowed
        """The value of the Allow header."""


class BodyTimeout(ApiError):
    """The body did not arrive in time."""

    code = "body_timeout"
    status = 408

    def __init__(self) -> None:
        super().__init__("Request body was not received in time")


class BodyTooLarge(ApiError):
    """The body is larger than it may be."""

    code = "body_too_large"
    status = 413

    def __init__(self) -> None:
        super().__init__("Request body too large")


class NotReplayable(ApiError):
    """What an execution received is not known well enough to run it again."""

    code = "not_replayable"
    status = 409

    def __init__(self, why: str) -> None:
        super().__init__(f"The execution can't be replayed: {why}")


class CodeNotChecked(ApiError):
    """Whether code can be compiled was not found out; the message says why."""

    code = "code_not_checked"
    status = 503


class EntryNotFound(ApiError):
    """The function has no such key."""

    code = "kv_key_not_found"
    status = 404

    def __init__(self) -> None:
        super().__init__("Key not found")


class TooManyStreams(ApiError):
    """As many streams are open as there may be."""

    code = "too_many_streams"
    status = 503

    def __init__(self) -> None:
        super().__init__("Too many streams are open")


class SignatureRefused(ApiError):
    """A call of a function does not carry a signature that its secrets have made.

    The caller learns nothing but that; `reason` is for the operator's log.
    """

    code = "invalid_signature"
    status = 401

    def __init__(self, reason: str) -> None:
        super().__init__("Invalid signature")
        self.reason = reason


class RateLimited(ApiError):
    """A function is called more often than it may be."""

    code = "rate_limited"
    status = 429

    def __init__(self, wait_s: int, quota: tuple[tuple[bytes, bytes], ...]) -> None:
        super().__init__("Too many requests")
        self.wait_s = wait_s
        """Seconds until the next call is admitted."""
        self.quota = quota
        """The RateLimit headers."""


class OperationFailed(ApiError):
    """The store failed; the message says what could not be done."""

    code = "operation_failed"
    status = 500


class PackagesNotInstalled(ApiError):
    """The packages that a version requires can't be installed; the message says why."""

    code = "packages_not_installed"
    status = 422


class ClientGone(ApiError):
    """The client did not wait for its answer."""

    code = "client_gone"
    status = 400

    def __init__(self) -> None:
        super().__init__("The client went away")


class ShuttingDown(ApiError):
    """The server stops, and the request's time to finish is over."""

    code = "shutting_down"
    status = 503

    def __init__(self) -> None:
        super().__init__("Server is shutting down")


_SOON = ((b"retry-after", b"1"),)
INTERNAL = ErrorAnswer(500, "Internal server error", code="internal_error")
EXECUTION_FAILED = ErrorAnswer(500, "Function execution failed", code="execution_failed")
NO_RESPONSE = ErrorAnswer(500, "Function did not return HTTP response", code="no_response")
TIMED_OUT = ErrorAnswer(504, "Function execution timed out", code="execution_timeout")
BAD_MESSAGE = ErrorAnswer(400, "Invalid HTTP request", code="bad_message")
TARGET_TOO_LONG = ErrorAnswer(414, "Request target too long", code="target_too_long")
HEAD_TOO_LARGE = ErrorAnswer(431, "Request header fields too large", code="head_too_large")
UNKNOWN_CODING = ErrorAnswer(501, "Transfer coding not supported", code="unknown_coding")
BODIES_FULL = ErrorAnswer(503, "Too many large bodies at a time", _SOON, code="bodies_full")
NOT_RECORDED = ErrorAnswer(503, "Storage unavailable", code="not_recorded")
"""A function has run, but how that ended could not be recorded: no reason to call it again."""
NOT_READY_STATUS = 503
OVERLOADED = ErrorAnswer(503, "Too many executions are waiting", _SOON, code="overloaded")

_CALL_ERRORS: dict[type[BaseException], ErrorAnswer] = {
    FunctionNotFoundError: ErrorAnswer(404, "Function not found"),
    FunctionBusyError: ErrorAnswer(429, "Too many executions of this function", _SOON),
    FunctionDisabledError: ErrorAnswer(403, "Function is disabled"),
    NoActiveVersionError: ErrorAnswer(500, "No active version found"),
    VersionNotFoundError: ErrorAnswer(404, "Version not found"),
    ExecutionRecordError: INTERNAL,
    EventSerializationError: INTERNAL,
    StorageUnavailableError: ErrorAnswer(503, "Storage unavailable", _SOON),
    ExecutionTimeoutError: TIMED_OUT,
    EngineError: INTERNAL,
}
_EXECUTION_ERRORS: dict[str, ErrorAnswer] = {"timeout": TIMED_OUT, "overload": OVERLOADED}

_MANAGEMENT_ERRORS: dict[type[BaseException], ErrorAnswer] = {
    FunctionNotFound: ErrorAnswer(404, "Function not found"),
    VersionNotFound: ErrorAnswer(404, "Version not found"),
    ExecutionNotFound: ErrorAnswer(404, "Execution not found"),
    NoActiveVersion: ErrorAnswer(500, "No active version found"),
    CannotDeleteActiveVersion: ErrorAnswer(400, "Cannot delete active version"),
    ExecutionRunning: ErrorAnswer(409, "Execution is still running"),
    SessionNotFound: ErrorAnswer(404, "Session not found"),
    TokenNotFound: ErrorAnswer(404, "Token not found"),
    SigningSecretNotFound: ErrorAnswer(404, "Signing secret not found"),
    TooManySigningSecrets: ErrorAnswer(
        400, "signing_secrets: cannot have more than 10 signing secrets"
    ),
    TextNotStorable: ErrorAnswer(400, "a text cannot contain the character U+0000"),
    VariableNotKept: ErrorAnswer(400, "env_vars: a value that was to stay is not there"),
    TokenNameTaken: ErrorAnswer(409, "name: another token has this name"),
    AddressTaken: ErrorAnswer(409, "address: another function has this address"),
    StoreUnavailable: ErrorAnswer(503, "Storage unavailable"),
    StoreError: INTERNAL,
    EnvError: INTERNAL,
    CheckUnavailable: ErrorAnswer(501, "Code of this language can't be checked"),
}
_MANAGEMENT_ERRORS |= _CALL_ERRORS


def refusal(error: BaseException) -> ErrorAnswer:
    """Return the answer for what `Engine.execute` raised, or for an `ApiError`."""
    if isinstance(error, ApiError):
        return _api_answer(error)
    return _look_up(_CALL_ERRORS, _kind(error))


def execution_failure(error: BaseException) -> ErrorAnswer:
    """Return the answer for an execution that ended with *error*; its text stays inside."""
    return _EXECUTION_ERRORS.get(getattr(error, "error_kind", ""), EXECUTION_FAILED)


def management_failure(error: BaseException) -> ErrorAnswer:
    """Return the answer for anything that a management operation raised."""
    if isinstance(error, ApiError):
        return _api_answer(error)
    if isinstance(error, EnvValidationError):
        return ErrorAnswer(InvalidRequest.status, str(error), code=InvalidRequest.code)
    answer = _look_up(_MANAGEMENT_ERRORS, _kind(error))
    return replace(answer, message=f"address: {error}") if type(error) is AddressTaken else answer


def management_status(kind: type[PeriluneError]) -> int:
    """Return the status that a management operation answers errors of this kind with."""
    if issubclass(kind, ApiError):
        return kind.status
    if issubclass(kind, EnvValidationError):
        return InvalidRequest.status
    return _look_up(_MANAGEMENT_ERRORS, kind).status


def _api_answer(error: ApiError) -> ErrorAnswer:
    headers: tuple[tuple[bytes, bytes], ...] = ()
    if isinstance(error, MethodNotAllowed):
        headers = ((b"allow", error.allowed.encode("ascii")),)
    elif isinstance(error, AuthenticationRequired):
        headers = ((b"www-authenticate", b"Bearer"),)
    elif isinstance(error, InsufficientScope):
        challenge = f'Bearer error="insufficient_scope", scope="{error.scope}"'
        headers = ((b"www-authenticate", challenge.encode("ascii")),)
    elif isinstance(error, SignatureRefused):
        headers = ((b"www-authenticate", b"Signature"),)
    elif isinstance(error, RateLimited):
        headers = ((b"retry-after", b"%d" % error.wait_s), *error.quota)
    elif isinstance(error, TooManyAttempts):
        headers = ((b"retry-after", b"%d" % error.wait_s),)
    return ErrorAnswer(error.status, str(error), headers, error.code)


def _kind(error: BaseException) -> type[BaseException]:
    """Return what *error* is; a record that a failing store did not take is the store's matter."""
    if isinstance(error, ExecutionRecordError) and isinstance(error.__cause__, StoreUnavailable):
        return StorageUnavailableError
    return type(error)


def _look_up(
    table: dict[type[BaseException], ErrorAnswer], wanted: type[BaseException]
) -> ErrorAnswer:
    for kind in wanted.__mro__:
        answer = table.get(kind)
        if answer is not None:
            return answer if answer.code else replace(answer, code=getattr(kind, "code", ""))
    return INTERNAL
