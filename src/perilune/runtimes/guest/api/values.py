"""Digests and random values."""

from perilune.runtimes.guest.api.model import ArgType, GuestFunction, arg

_DIGESTS = ("md5", "sha1", "sha256", "sha384", "sha512")
_HMAC_DIGESTS = ("sha1", "sha256", "sha512")
_HMAC_FORMS = {"": "lower-case hex", "_base64": "base64", "_raw": "raw bytes"}


def _digest(name: str) -> GuestFunction:
    return GuestFunction(
        module="crypto",
        name=name,
        args=(arg("data"),),
        returns="string",
        summary=f"The {name.upper()} digest in lower-case hex.",
        example=f'local digest = crypto.{name}("hello")',
    )


def _hmac(digest: str, ending: str) -> GuestFunction:
    name = f"hmac_{digest}{ending}"
    return GuestFunction(
        module="crypto",
        name=name,
        args=(arg("message"), arg("key")),
        returns="string",
        summary=f"The HMAC-{digest.upper()} of a message as {_HMAC_FORMS[ending]}.",
        example=f'local signature = crypto.{name}(event.body, "secret key")',
    )


CRYPTO = (
    *(_digest(name) for name in _DIGESTS),
    *(_hmac(digest, ending) for digest in _HMAC_DIGESTS for ending in _HMAC_FORMS),
    GuestFunction(
        module="crypto",
        name="equal",
        args=(arg("a"), arg("b")),
        returns="boolean",
        summary="Compares two texts in a time that does not tell where they differ.",
        example='local is_valid = crypto.equal(crypto.hmac_sha256("message", "key"), "a1b2")',
    ),
    GuestFunction(
        module="crypto",
        name="uuid",
        args=(),
        returns="string",
        summary="A random UUID, version 4.",
        example="local id = crypto.uuid()",
    ),
)

RANDOM = (
    GuestFunction(
        module="random",
        name="int",
        args=(arg("min", ArgType.INT), arg("max", ArgType.INT)),
        returns="number",
        summary="A random integer from min to max, both included.",
        example="local die = random.int(1, 6)",
    ),
    GuestFunction(
        module="random",
        name="float",
        args=(),
        returns="number",
        summary="A random number from 0 (included) to 1 (excluded).",
        example="local chance = random.float()",
    ),
    GuestFunction(
        module="random",
        name="string",
        args=(arg("length", ArgType.INT),),
        returns="string",
        summary="Random letters and digits, 1 to 1048576 of them; other lengths raise an error.",
        example="local password = random.string(20)",
    ),
    GuestFunction(
        module="random",
        name="bytes",
        args=(arg("n", ArgType.INT),),
        returns="string | nil, err",
        summary="1 to 1048576 random bytes as base64 (standard alphabet, with padding).",
        example="local key, err = random.bytes(32)",
    ),
    GuestFunction(
        module="random",
        name="hex",
        args=(arg("n", ArgType.INT),),
        returns="string | nil, err",
        summary="1 to 1048576 random bytes as lower-case hex, two digits each.",
        example="local token, err = random.hex(16)",
    ),
    GuestFunction(
        module="random",
        name="id",
        args=(),
        returns="string",
        summary="A unique id of 20 letters and digits (xid) that sorts by second.",
        example="local id = random.id()",
    ),
)
