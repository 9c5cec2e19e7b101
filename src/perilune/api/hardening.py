"""Headers that keep browsers from doing more with our answers than they should (KD-22)."""

COMMON = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
"""On every answer that is not a function's."""

NO_CONTENT = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
"""For answers that are no documents: whatever a browser makes of them may load nothing."""

NO_STORE = (b"cache-control", b"no-store")
"""For answers that may hold secrets."""
