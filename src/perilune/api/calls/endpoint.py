"""What all calls of functions need: who finds, guards and executes them, and their limits."""

from collections.abc import Callable
from dataclasses import dataclass

from perilune.api.calls.events import SecretHolder
from perilune.api.calls.guards import Guards
from perilune.api.calls.lookup import FunctionLookup, FunctionRecords
from perilune.api.headers import ResponseNames
from perilune.engine import CallbackEngine
from perilune.services.logger import Logger


@dataclass(frozen=True, slots=True, kw_only=True)
class CallLimits:
    """What a call of a function may bring along."""

    body_bytes: int = 6 * 1024 * 1024
    body_timeout_s: float = 30.0


class FunctionEndpoint:
    """What calls of `/fn/{function}` and `/fn/{function}/{path...}` have in common."""

    def __init__(
        self,
        engine: CallbackEngine,
        *,
        functions: FunctionRecords,
        guards: Guards,
        secret: SecretHolder,
        notes: Logger,
        count_refusal: Callable[[str], None] = lambda _: None,
        base_url: str = "",
        limits: CallLimits | None = None,
    ) -> None:
        self.engine = engine
        self.functions = FunctionLookup(functions)
        self.guards = guards
        self.secret = secret
        self.notes = notes
        self.count_refusal = count_refusal
        self.base_url = base_url
        self.limits = limits or CallLimits()
        self.response_names = ResponseNames()
