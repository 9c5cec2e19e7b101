"""The one object that callers use to hide secrets in copies that are stored."""

from collections.abc import Iterable, Mapping
from enum import IntEnum
from typing import Final

from perilune.masking.bodies import BodyRules
from perilune.masking.names import Memo, NameRules, word_set
from perilune.masking.text import REDACTED, TextRules
from perilune.masking.urls import UrlRules

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
        names = NameRules(extra_names)
        self._strengths = names.strengths
        self._text = TextRules(names)
        self._urls = UrlRules(names, self._text)
        self._bodies = BodyRules(names, self._text, self._urls)
        self._header_plans: Memo[_HeaderPlan] = Memo(self._plan_header)

    def is_sensitive(self, name: str) -> bool:
        """Return whether the value of a header, parameter or field of this name is hidden."""
        return bool(self._strengths[name])

    def headers(self, mapping: Mapping[str, str]) -> dict[str, str]:
        """Return the headers with the values of sensitive names replaced."""
        masked = dict(mapping)
        plans = self._header_plans
        for name in mapping:
            if plan := plans[name]:
                masked[name] = self._header_value(plan, mapping[name])
        return masked

    def multi_headers(self, mapping: Mapping[str, list[str]]) -> dict[str, list[str]]:
        """Return headers with several values each, every sensitive value replaced."""
        plans = self._header_plans
        return {
            name: [self._header_value(plan, value) for value in values]
            if (plan := plans[name])
            else list(values)
            for name, values in mapping.items()
        }

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
        return self._urls.mask_url(url)

    def body(self, text: str, content_type: str | None = None) -> str:
        """Return a body with its secrets replaced; unchanged if there are none.

        Args:
            text: the whole body, before it is cut to the stored size.
            content_type: the `Content-Type` header, if there was one.
        """
        return self._bodies.mask(text, content_type)

    def text(self, message: str) -> str:
        """Return a log line, error message or other free text with its secrets replaced."""
        return self._text.mask(message)

    def may_hide(self, message: str) -> bool:
        """Return False, quickly, if `text` certainly finds nothing to replace."""
        return self._text.may_hide(message)

    def _plan_header(self, name: str) -> _HeaderPlan:
        if self._strengths[name]:
            return _HeaderPlan.HIDE
        return _HeaderPlan.ADDRESS if name.lower() in _ADDRESS_HEADERS else _HeaderPlan.KEEP

    def _header_value(self, plan: _HeaderPlan, value: str) -> str:
        return REDACTED if plan is _HeaderPlan.HIDE else self._urls.mask_url(value)


DEFAULT_MASKER: Final = Masker()
"""Hides the built-in names only."""
