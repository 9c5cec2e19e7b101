"""Signatures of calls: Standard Webhooks, GitHub and Stripe.  No I/O.

All three are an HMAC-SHA256 of the body, behind different headers.  Two of them sign a
time as well, which bounds how long a message can be sent again.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from perilune.api.errors import SignatureRefused

TOLERANCE_S = 300
"""How far the time of a message may be from ours, either way."""
STANDARD_PREFIX = "whsec_"
GENERATED_BYTES = 32
STANDARD_KEY_BYTES = (24, 64)
MAX_SIGNATURES = 10
"""Looked at per call; a sender that replaces its secret signs with two."""
SIGNATURE_HEADERS = frozenset(
    {
        "Webhook-Signature",
        "Svix-Signature",
        "X-Hub-Signature",
        "X-Hub-Signature-256",
        "Stripe-Signature",
    }
)
"""What proves a call; functions do not see them."""

Headers = Mapping[str, str]


class Claim(NamedTuple):
    """What a call says about its signature."""

    prefix: bytes
    """Signed before the body."""
    signatures: tuple[bytes, ...]
    expires_at: int | None
    """Unix seconds from which it would be refused as too old; None: never."""


class _Scheme(NamedTuple):
    claim: Callable[[Headers], Claim]
    key: Callable[[str], bytes]
    """Turns a secret into the key; raises `ValueError`."""
    written: Callable[[bytes], bytes]
    """Writes a digest as the header does."""


def parse_claim(scheme: str, headers: Headers, now: float) -> Claim:
    """Return what *headers* say, before the body is known.

    Raises:
        SignatureRefused: they are missing, make no sense, or are too old or too new.
    """
    claim = _SCHEMES[scheme].claim(headers)
    if not claim.signatures:
        raise SignatureRefused("no signature")
    if claim.expires_at is not None and not 0 <= claim.expires_at - now <= 2 * TOLERANCE_S:
        raise SignatureRefused("its time is too far from ours")
    return claim


def check_signature(scheme: str, claim: Claim, body: bytes, values: Iterable[str]) -> bytes:
    """Check the signature of *body* with each of the secrets *values*.

    Returns:
        A digest of what was signed, by which the message is known again.

    Raises:
        SignatureRefused: none of the secrets has made it.
    """
    is_right = False
    for value in values:
        try:
            key = _SCHEMES[scheme].key(value)
        except ValueError:
            continue
        made = hmac.new(key, claim.prefix, hashlib.sha256)
        made.update(body)
        expected = _SCHEMES[scheme].written(made.digest())
        for signature in claim.signatures:
            # No early end: how long it takes tells nothing about which secret was right.
            is_right |= hmac.compare_digest(expected, signature)
    if not is_right:
        raise SignatureRefused("no secret has made it")
    seen = hashlib.sha256(claim.prefix)
    seen.update(body)
    return seen.digest()


def new_signing_secret() -> str:
    """Return a random secret that every scheme can use."""
    key = secrets.token_bytes(GENERATED_BYTES)
    return STANDARD_PREFIX + base64.b64encode(key).decode("ascii")


def can_sign(scheme: str, value: str) -> bool:
    """Whether *value* can be a secret of *scheme*."""
    try:
        return bool(_SCHEMES[scheme].key(value))
    except ValueError:
        return False


def _standard_claim(headers: Headers) -> Claim:
    # The names before there was a standard; all three are of one family, never mixed.
    family = "Webhook" if "Webhook-Signature" in headers else "Svix"
    message_id, time, signed = (
        headers.get(f"{family}-{part}", "") for part in ("Id", "Timestamp", "Signature")
    )
    # A full stop in the id would let a message be cut in other places than its sender did.
    if not message_id or "." in message_id:
        raise SignatureRefused("no usable webhook-id or svix-id")
    parts = _encoded(signed).split()
    return Claim(
        _encoded(f"{message_id}.{time}."),
        tuple(one[3:] for one in parts if one.startswith(b"v1,"))[:MAX_SIGNATURES],
        _seconds(time) + TOLERANCE_S,
    )


def _standard_key(value: str) -> bytes:
    try:
        key = base64.b64decode(value.removeprefix(STANDARD_PREFIX), validate=True)
    except binascii.Error as problem:
        raise ValueError(str(problem)) from None
    least, most = STANDARD_KEY_BYTES
    if not least <= len(key) <= most:
        raise ValueError(f"the key must have {least} to {most} bytes")
    return key


def _github_claim(headers: Headers) -> Claim:
    scheme, _, signature = headers.get("X-Hub-Signature-256", "").partition("=")
    return Claim(b"", (_encoded(signature),) if scheme == "sha256" and signature else (), None)


def _stripe_claim(headers: Headers) -> Claim:
    pairs = [one.strip().partition("=") for one in headers.get("Stripe-Signature", "").split(",")]
    times = [value for name, _, value in pairs if name == "t"]
    if len(times) != 1:
        raise SignatureRefused("not one time")
    return Claim(
        _encoded(f"{times[0]}."),
        tuple(_encoded(value) for name, _, value in pairs if name == "v1")[:MAX_SIGNATURES],
        _seconds(times[0]) + TOLERANCE_S,
    )


def _seconds(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 12):
        raise SignatureRefused("no usable time")
    return int(text)


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _hex(digest: bytes) -> bytes:
    return digest.hex().encode("ascii")


_SCHEMES = {
    "standard": _Scheme(_standard_claim, _standard_key, base64.b64encode),
    "github": _Scheme(_github_claim, str.encode, _hex),
    "stripe": _Scheme(_stripe_claim, str.encode, _hex),
}
