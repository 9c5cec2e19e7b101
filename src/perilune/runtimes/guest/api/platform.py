"""What JavaScript and TypeScript have of their own where other languages have a function of ours.

Those functions do not exist in them: whoever writes JavaScript knows the platform.
"""

from collections.abc import Mapping
from types import MappingProxyType

_DIGESTS = ("md5", "sha1", "sha256", "sha384", "sha512")
_HMACS = ("sha1", "sha256", "sha512")
_ENDINGS = {"": '.digest("hex")', "_base64": '.digest("base64")', "_raw": ".digest()"}

PLATFORM_MODULES: Mapping[str, str] = MappingProxyType(
    {
        "base64": "toBase64() and fromBase64() of Uint8Array",
        "crypto": "crypto.subtle, or createHash, createHmac and timingSafeEqual of node:crypto",
        "url": "URL, URLSearchParams and encodeURIComponent",
        "strings": 'the methods of strings, such as text.trim() and text.split(",")',
    }
)
"""For whole modules, by name."""

PLATFORM_FUNCTIONS: Mapping[str, str] = MappingProxyType(
    {
        "base64.encode": "bytes.toBase64() of a Uint8Array",
        "base64.decode": "Uint8Array.fromBase64(text)",
        "base64.url_encode": 'bytes.toBase64({ alphabet: "base64url", omitPadding: true })',
        "base64.url_decode": 'Uint8Array.fromBase64(text, { alphabet: "base64url" })',
        **{
            f"crypto.{name}": f'createHash("{name}").update(data).digest("hex") of node:crypto'
            for name in _DIGESTS
        },
        **{
            f"crypto.hmac_{name}{ending}": (
                f'createHmac("{name}", key).update(message){digest} of node:crypto'
            )
            for name in _HMACS
            for ending, digest in _ENDINGS.items()
        },
        "crypto.equal": "timingSafeEqual(a, b) of node:crypto, for digests of both",
        "crypto.uuid": "crypto.randomUUID()",
        "time.now_ms": "Date.now()",
        "time.format": "Intl.DateTimeFormat, or Temporal",
        "time.parse": "Date.parse(text) / 1000, or Temporal",
        "time.iso": "new Date(seconds * 1000).toISOString()",
        "url.parse": "new URL(text)",
        "url.build": "new URL(base), its members and its searchParams",
        "url.join": "new URL(reference, base).href",
        "url.encode": "new URLSearchParams({ name: text }), or encodeURIComponent(text)",
        "url.encode_path": "encodeURIComponent(text)",
        "url.decode": "new URLSearchParams(query), or decodeURIComponent(text)",
        "strings.trim": "text.trim()",
        "strings.trimLeft": "text.trimStart()",
        "strings.trimRight": "text.trimEnd()",
        "strings.split": "text.split(separator)",
        "strings.join": "items.join(separator)",
        "strings.hasPrefix": "text.startsWith(prefix)",
        "strings.hasSuffix": "text.endsWith(suffix)",
        "strings.contains": "text.includes(part)",
        "strings.replace": "text.replaceAll(old, fresh)",
        "strings.toLower": "text.toLowerCase()",
        "strings.toUpper": "text.toUpperCase()",
        "strings.rep": "text.repeat(n)",
        "strings.repeat": "text.repeat(n)",
    }
)
"""For single functions, by full name."""
