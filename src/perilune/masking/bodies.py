"""Secrets in bodies: JSON members, form fields, multipart fields, else text.

A body in which nothing is hidden keeps its bytes: numbers as they were written,
duplicate members, white space.  A JSON body in which something is hidden is
written anew, with sorted members and no white space, its numbers still
verbatim.  What cannot be parsed (broken, or nested deeper than the interpreter
recurses) is treated as text, so that it is never stored unexamined.
"""

import json
import re
from json.encoder import encode_basestring, encode_basestring_ascii
from typing import Final, TypeAlias
from urllib.parse import unquote

from perilune.masking.names import NameRules, Strength
from perilune.masking.text import REDACTED, TextRules
from perilune.masking.urls import UrlRules

_FORM_TYPE: Final = "application/x-www-form-urlencoded"
_MULTIPART: Final = "multipart/"
_LOOKS_LIKE_FORM: Final = re.compile(r"[^\s=&?{}<>\"':]+=[^\s&]*+(?:&[^\s=&]*+(?:=[^\s&]*+)?)*+\s*")
_BOUNDARY: Final = re.compile(r""";\s*boundary\s*=\s*(?:"([^"]+)"|([^;\s"]+))""", re.IGNORECASE)
MAX_BOUNDARY: Final = 200
_FIELD_NAME: Final = re.compile(
    r"""(?<![\w*])name\*?\s*=\s*("(?:[^"\\]|\\.)*+"|[^;\s]++)""", re.IGNORECASE
)
_ESCAPED: Final = re.compile(r"\\(.)")
_BLANK_LINE: Final = re.compile(r"\r?\n\r?\n")
_BYTE_ORDER_MARK: Final = "\ufeff"
_JSON_REDACTED: Final = f'"{REDACTED}"'


class _Number(str):
    """A JSON number (or `NaN`, `Infinity`) as it was written."""

    __slots__ = ()


class _Object(tuple[tuple[str, "_Json"], ...]):
    """The members of a JSON object in order, duplicates included."""

    __slots__ = ()


_Json: TypeAlias = "str | _Number | bool | list[_Json] | _Object | None"


class BodyRules:
    """Hides secrets in the bodies of requests, answers and tracked calls."""

    def __init__(self, names: NameRules, text: TextRules, urls: UrlRules) -> None:
        self._strengths = names.strengths
        self._text = text
        self._urls = urls
        self._decoder = json.JSONDecoder(
            object_pairs_hook=_Object,
            parse_int=_Number,
            parse_float=_Number,
            parse_constant=_Number,
            strict=False,
        )

    def may_hide(self, body: str) -> bool:
        """Return False, quickly, if there certainly is nothing to hide."""
        # `\u00` and `%` can spell a name so that the quick look misses it.
        return self._text.may_hide(body) or "\\u00" in body or ("%" in body and "=" in body)

    def mask(self, body: str, content_type: str | None = None) -> str:
        """Return the body with its secrets replaced.

        JSON is recognised by its form, whatever the content type says: clients
        often post JSON as a form.
        """
        if not body or not self.may_hide(body):
            return body
        if body.lstrip(_BYTE_ORDER_MARK + " \t\r\n")[:1] in ("{", "["):
            masked = self._mask_json(body)
            if masked is not None:
                return masked
        kind = content_type.strip().lower() if content_type else ""
        if kind.startswith(_MULTIPART) or (not kind and body.startswith("--")):
            return self._mask_multipart(body, _boundary_of(content_type or "", body))
        if kind.startswith(_FORM_TYPE) or (not kind and _LOOKS_LIKE_FORM.fullmatch(body)):
            return self._text.mask(self._urls.mask_query(body))
        return self._text.mask(body)

    def _mask_json(self, body: str) -> str | None:
        """Return the masked body, or None if it is not JSON after all."""
        try:
            value: _Json = self._decoder.decode(body.removeprefix(_BYTE_ORDER_MARK))
            parts: list[str] = []
            return "".join(parts) if self._write(value, parts) else body
        except (ValueError, RecursionError):
            return None

    def _write(self, value: _Json, parts: list[str]) -> bool:
        """Append the masked JSON text of a value; return whether something was hidden."""
        if isinstance(value, _Number):
            parts.append(value)
            return False
        if isinstance(value, str):
            masked = self._text.mask(value)
            parts.append(_quote(masked))
            return masked != value
        if isinstance(value, _Object):
            return self._write_object(value, parts)
        if isinstance(value, list):
            hidden = False
            opening = "["
            for item in value:
                parts.append(opening)
                hidden |= self._write(item, parts)
                opening = ","
            parts.append("]" if value else "[]")
            return hidden
        parts.append(_LITERALS[value])
        return False

    def _write_object(self, members: _Object, parts: list[str]) -> bool:
        hidden = False
        opening = "{"
        for name, value in sorted(members, key=_name_of):
            parts += opening, _quote(name), ":"
            opening = ","
            if self._strengths[name] is Strength.STRONG:
                parts.append(_JSON_REDACTED)
                hidden |= value != REDACTED
            else:
                hidden |= self._write(value, parts)
        parts.append("}" if members else "{}")
        return hidden

    def _mask_multipart(self, body: str, boundary: str) -> str:
        if not 0 < len(boundary) <= MAX_BOUNDARY:
            return self._text.mask(body)
        # Whole lines only: a secret may contain the boundary's characters.
        delimiter = re.compile(rf"^(--{re.escape(boundary)}(?:--)?[ \t]*\r?)$", re.MULTILINE)
        pieces = delimiter.split(body)
        pieces[::2] = [self._mask_part(part) for part in pieces[::2]]
        return "".join(pieces)

    def _mask_part(self, part: str) -> str:
        blank = _BLANK_LINE.search(part)
        if blank is None:
            return self._text.mask(part)
        head, content = part[: blank.end()], part[blank.end() :]
        value = content.removesuffix("\n").removesuffix("\r")
        line_end = content[len(value) :]
        if value and any(self._strengths[name] for name in _field_names(head)):
            return head + REDACTED + line_end
        # One level only: a part that is multipart itself is treated as text.
        masked = self._mask_json(value) if value.lstrip()[:1] in ("{", "[") else None
        return head + (self._text.mask(value) if masked is None else masked) + line_end


_LITERALS: Final = {None: "null", True: "true", False: "false"}


def _name_of(member: tuple[str, _Json]) -> str:
    return member[0]


def _quote(text: str) -> str:
    quoted = encode_basestring(text)
    try:
        quoted.encode()
    except UnicodeEncodeError:
        # Half a surrogate pair can be written in JSON, but only escaped.
        return encode_basestring_ascii(text)
    return quoted


def _boundary_of(content_type: str, body: str) -> str:
    """The boundary as announced, else as the first line has it."""
    announced = _BOUNDARY.search(content_type)
    if announced:
        return announced[1] or announced[2]
    return body[2 : MAX_BOUNDARY + 4].partition("\n")[0].rstrip()


def _field_names(head: str) -> list[str]:
    names = [match[1] for match in _FIELD_NAME.finditer(head)]
    return [unquote(_ESCAPED.sub(r"\1", name.strip('"'))) for name in names]
