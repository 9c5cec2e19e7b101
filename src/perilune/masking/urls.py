"""Secrets in addresses: the user part, and parameters with a sensitive name.

Only values are replaced.  Everything else keeps its bytes, including broken
escapes and empty pairs, because a stored address is read when something was
wrong with it.
"""

import re
from typing import Final
from urllib.parse import unquote_plus

from perilune.masking.names import NameRules
from perilune.masking.text import REDACTED, TextRules

_USER_INFO: Final = re.compile(r"(?P<before>(?:[A-Za-z][A-Za-z0-9+.-]*:)?//)[^/?#]+@")
_LATER_PAIR: Final = re.compile(r";(?P<name>[^;=]*+)=(?=[\s\S])")


class UrlRules:
    """Hides secrets in addresses, query strings and form bodies."""

    def __init__(self, names: NameRules, text: TextRules) -> None:
        self._strengths = names.strengths
        self._text = text

    def may_hide(self, text: str) -> bool:
        """Return False if there is certainly nothing to hide."""
        return "%" in text or self._text.may_hide(text)

    def mask_query(self, query: str) -> str:
        """Return a query string or form body with the values of sensitive names replaced."""
        if "=" not in query or not self.may_hide(query):
            return query
        return "&".join([self._mask_pair(pair) for pair in query.split("&")])

    def mask_path(self, path: str) -> str:
        """Return a path, perhaps with query and fragment, with its secrets replaced."""
        if not self.may_hide(path):
            return path
        rest, hash_mark, fragment = path.partition("#")
        place, question_mark, query = rest.partition("?")
        return "".join(
            (
                self._text.mask(place),
                question_mark,
                self.mask_query(query),
                hash_mark,
                self.mask_query(fragment),
            )
        )

    def mask_url(self, url: str) -> str:
        """Return an address with user part and sensitive parameters replaced."""
        if "@" in url:
            url = _USER_INFO.sub(rf"\g<before>{REDACTED}@", url, count=1)
        return self.mask_path(url)

    def _mask_pair(self, pair: str) -> str:
        name, equals, value = pair.partition("=")
        if value and self._is_sensitive(name):
            return name + equals + REDACTED
        # Some servers separate by semicolons.  Where such a value ends is open,
        # so a secret takes the rest of the pair with it.
        for later in _LATER_PAIR.finditer(pair):
            if self._is_sensitive(later["name"]):
                return pair[: later.end()] + REDACTED
        return pair

    def _is_sensitive(self, name: str) -> bool:
        return bool(self._strengths[unquote_plus(name) if "%" in name else name])
