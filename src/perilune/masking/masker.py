"""The one object that callers use to hide secrets in copies that are stored."""

import copy
from collections.abc import Iterable, Iterator, Mapping
from enum import IntEnum
from typing import Final

from perilune.masking.bodies import BodyRules
from perilune.masking.names import Memo, NameRules, word_set
from perilune.masking.text import REDACTED, TextRules
from perilune.masking.urls import UrlRules
from perilune.masking.values import Everything, HiddenValues, hidden_values

QUICK_CHARS: Final = 4096
"""So much text is masked in two milliseconds, whatever it holds."""
QUICK_LOOKS: Final = 2 * 1024 * 1024
"""So many characters are searched, each time for another thing, in a fraction of a millisecond."""

# Their values are addresses, and addresses carry secrets of their own.
_ADDRESS_HEADERS: Final = word_set(
    """
    content-location location origin referer referrer refresh x-forwarded-uri x-original-uri
    x-original-url x-rewrite-url
    """
)


class _HeaderPlan(IntEnum):
    KEEP = 0
    HIDE = 1
    ADDRESS = 2


class Masker:
    """Replaces secrets by `[REDACTED]`; never raises, never changes its argument.

    Build it once: decisions about names are remembered.  It has no other state
    and may be used from several threads.
    """

    def __init__(self, extra_names: Iterable[str] = ()) -> None:
        """Make a masker.

        Args:
            extra_names: further sensitive names in any spelling; `customer-no`
                also hides `customerNo` and `old_customer_no`.
        """
        self.extra_names = tuple(extra_names)
        """What it was made with."""
        names = NameRules(self.extra_names)
        self._strengths = names.strengths
        self._text = TextRules(names)
        self._urls = UrlRules(names, self._text)
        self.may_hide_in_path: Mapping[str, bool] = Memo(self._urls.may_hide)
        """Has False for a path if `path` certainly finds nothing to replace in any part."""
        self._bodies = BodyRules(names, self._text, self._urls)
        self._header_plans: Memo[_HeaderPlan] = Memo(self._plan_header)
        self._values = HiddenValues()

    @property
    def hidden(self) -> tuple[str, ...] | None:
        """The values that it hides besides; None: everything."""
        return self._values.values

    def hiding(self, values: tuple[str, ...]) -> "Masker":
        """Return a masker that also hides *values* in text, bodies, addresses and headers."""
        hidden = hidden_values(values)
        return self._with(hidden) if hidden.count else self

    def hiding_all(self) -> "Masker":
        """Return a masker that hides text, bodies, addresses and values of headers as a whole."""
        return self._with(Everything())

    def is_quick(self, *texts: str | bytes) -> bool:
        """Return whether these are masked within some two milliseconds, whatever they hold."""
        size = sum(map(len, texts))
        if size <= QUICK_CHARS:
            return True
        if size * (self._text.looks + self._values.count) > QUICK_LOOKS:
            return False
        # Marks are ASCII, so any decoding that keeps ASCII finds them.
        return not any(
            self._bodies.may_hide(one if isinstance(one, str) else one.decode("latin-1"))
            for one in texts
        )

    def is_sensitive(self, name: str) -> bool:
        """Return whether the value of a header, parameter or field of this name is hidden."""
        return bool(self._strengths[name])

    def headers(self, mapping: Mapping[str, str]) -> dict[str, str]:
        """Return the headers with the values of sensitive names replaced."""
        masked = dict(mapping)
        plans = self._header_plans
        for name in filter(plans.__getitem__, mapping):
            masked[name] = self._header_value(plans[name], mapping[name])
        if self._values.count:
            hide = self._values.hide
            return {name: hide(value) for name, value in masked.items()}
        return masked

    def multi_headers(self, mapping: Mapping[str, list[str]]) -> dict[str, list[str]]:
        """Return headers with several values each, every sensitive value replaced."""
        plans, hide = self._header_plans, self._values.hide
        return {
            name: [self._header_value(plan, value) for value in values]
            if (plan := plans[name])
            else [hide(value) for value in values]
            for name, values in mapping.items()
        }

    def addresses(self, headers: Mapping[str, str | list[str]]) -> Iterator[str]:
        """Yield the values of those headers that are looked through, not just kept or hidden."""
        for name, value in headers.items():
            if self._header_plans[name] is _HeaderPlan.ADDRESS:
                yield from (value,) if isinstance(value, str) else value

    def query(self, mapping: Mapping[str, str]) -> dict[str, str]:
        """Return query parameters with the values of sensitive names replaced."""
        strengths = self._strengths
        return {name: REDACTED if strengths[name] else mapping[name] for name in mapping}

    def multi_query(self, mapping: Mapping[str, list[str]]) -> dict[str, list[str]]:
        """Return query parameters with several values each, every sensitive value replaced."""
        strengths = self._strengths
        return {
            name: [REDACTED] * len(values) if strengths[name] else list(values)
            for name, values in mapping.items()
        }

    def raw_query(self, query: str) -> str:
        """Return a query string as it was sent, but for the values of sensitive names."""
        return self._urls.mask_query(query)

    def path(self, path: str) -> str:
        """Return a request path, with or without query, with its secrets replaced."""
        return self._urls.mask_path(path)

    def url(self, url: str) -> str:
        """Return an address with its user part and sensitive parameters replaced."""
        return self._urls.mask_url(self._values.hide(url))

    def body(self, text: str, content_type: str | None = None) -> str:
        """Return a body with its secrets replaced; unchanged if there are none.

        Args:
            text: the whole body, before it is cut to the stored size.
            content_type: the `Content-Type` header, if there was one.
        """
        return self._bodies.mask(self._values.hide(text), content_type)

    def base64_body(self, text: str) -> str:
        """Return a body that is base64 text with the values that are hidden replaced."""
        return self._values.hide(text)

    def text(self, message: str) -> str:
        """Return a log line, error message or other free text with its secrets replaced."""
        return self._text.mask(self._values.hide(message))

    def may_hide(self, message: str) -> bool:
        """Return False, quickly, if `text` certainly finds nothing to replace."""
        return self._text.may_hide(message) or self._values.are_in(message)

    def _with(self, values: HiddenValues) -> "Masker":
        other = copy.copy(self)
        other._values = values
        return other

    def _plan_header(self, name: str) -> _HeaderPlan:
        if self._strengths[name]:
            return _HeaderPlan.HIDE
        return _HeaderPlan.ADDRESS if name.lower() in _ADDRESS_HEADERS else _HeaderPlan.KEEP

    def _header_value(self, plan: _HeaderPlan, value: str) -> str:
        return REDACTED if plan is _HeaderPlan.HIDE else self.url(value)


DEFAULT_MASKER: Final = Masker()
"""Hides the built-in names only."""
