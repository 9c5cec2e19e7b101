"""Signatures of calls: the published examples of each scheme, and what is refused."""

import base64

import pytest

from perilune.api.calls.seen_messages import MAX_REMEMBERED, SeenMessages
from perilune.api.errors import SignatureRefused
from perilune.api.signatures import (
    TOLERANCE_S,
    can_sign,
    check_signature,
    new_signing_secret,
    parse_claim,
)

from .signed import (
    BODY,
    GITHUB,
    GITHUB_SECRET,
    NOW,
    STANDARD,
    STANDARD_SECRET,
    STRIPE_SECRET,
    standard,
    stripe,
)


def verify(scheme, headers, body, *secrets, now=NOW):
    return check_signature(scheme, parse_claim(scheme, headers, now), body, secrets)


SVIX = {name.replace("Webhook-", "Svix-"): value for name, value in STANDARD.items()}
EXAMPLES = [
    pytest.param("standard", SVIX, BODY, STANDARD_SECRET, id="names of Svix"),
    pytest.param("standard", STANDARD, BODY, STANDARD_SECRET, id="standard webhooks"),
    pytest.param("github", GITHUB, b"Hello, World!", GITHUB_SECRET, id="github"),
    pytest.param("stripe", stripe(BODY, STRIPE_SECRET), BODY, STRIPE_SECRET, id="stripe"),
]


@pytest.mark.parametrize(("scheme", "headers", "body", "secret"), EXAMPLES)
def test_published_examples(scheme, headers, body, secret):
    assert verify(scheme, headers, body, secret)
    assert verify(scheme, headers, body, new_signing_secret(), secret)


@pytest.mark.parametrize(("scheme", "headers", "body", "secret"), EXAMPLES)
def test_another_body_secret_or_no_secret_is_refused(scheme, headers, body, secret):
    for attempt in (
        lambda: verify(scheme, headers, body + b" ", secret),
        lambda: verify(scheme, headers, body, new_signing_secret()),
        lambda: verify(scheme, headers, body),
        lambda: verify(scheme, headers, body, ""),
        lambda: verify(scheme, {}, body, secret),
    ):
        with pytest.raises(SignatureRefused) as caught:
            attempt()
        assert secret not in str(caught.value) + caught.value.reason


@pytest.mark.parametrize("make", [standard, stripe])
@pytest.mark.parametrize("skew", [-TOLERANCE_S, 0, TOLERANCE_S])
def test_a_time_within_five_minutes_is_accepted(make, skew):
    key = STRIPE_SECRET if make is stripe else base64.b64decode(STANDARD_SECRET[6:])
    secret = STRIPE_SECRET if make is stripe else STANDARD_SECRET

    assert verify(make.__name__, make(BODY, key, time=NOW + skew), BODY, secret)


@pytest.mark.parametrize("make", [standard, stripe])
@pytest.mark.parametrize("skew", [-TOLERANCE_S - 1, TOLERANCE_S + 1])
def test_an_older_or_newer_time_is_refused(make, skew):
    key = STRIPE_SECRET if make is stripe else base64.b64decode(STANDARD_SECRET[6:])

    with pytest.raises(SignatureRefused, match="Invalid signature"):
        parse_claim(make.__name__, make(BODY, key, time=NOW + skew), NOW)


@pytest.mark.parametrize("name", ["Id", "Timestamp", "Signature"])
def test_headers_of_two_families_are_not_mixed(name):
    mixed = {one: value for one, value in STANDARD.items() if one != f"Webhook-{name}"}

    with pytest.raises(SignatureRefused):
        verify("standard", mixed | {f"Svix-{name}": SVIX[f"Svix-{name}"]}, BODY, STANDARD_SECRET)


def test_a_sender_that_replaces_its_secret_signs_with_both():
    old, new = b"o" * 24, b"n" * 64
    headers = standard(BODY, old, new)

    for key in (old, new):
        assert verify("standard", headers, BODY, "whsec_" + base64.b64encode(key).decode())
    assert verify("stripe", stripe(BODY, "old", "new"), BODY, "new")


REFUSED = [
    pytest.param("standard", {"Webhook-Id": "a.b"}, id="full stop in the id"),
    pytest.param("standard", {"Webhook-Id": ""}, id="no id"),
    pytest.param("standard", {"Webhook-Timestamp": "now"}, id="time no number"),
    pytest.param("standard", {"Webhook-Timestamp": "-1"}, id="negative time"),
    pytest.param("standard", {"Webhook-Timestamp": "٣"}, id="other digits"),
    pytest.param("standard", {"Webhook-Timestamp": "9" * 5000}, id="endless time"),
    pytest.param("standard", {"Webhook-Signature": "g0hM9SsE+OTPJTGt"}, id="no version"),
    pytest.param("standard", {"Webhook-Signature": "v1,"}, id="empty signature"),
    pytest.param("standard", {"Webhook-Signature": "v1,\udcff"}, id="not ascii"),
    pytest.param("github", {"X-Hub-Signature-256": "sha1=7571"}, id="sha1"),
    pytest.param("github", {"X-Hub-Signature-256": "sha256="}, id="github empty"),
    pytest.param("stripe", {"Stripe-Signature": ""}, id="stripe empty"),
    pytest.param("stripe", {"Stripe-Signature": f"t={NOW}"}, id="stripe without signature"),
    pytest.param("stripe", {"Stripe-Signature": f"t={NOW},t={NOW},v1=a"}, id="two times"),
]


@pytest.mark.parametrize(("scheme", "changed"), REFUSED)
def test_headers_that_make_no_sense_are_refused(scheme, changed):
    good = {"standard": STANDARD, "github": GITHUB, "stripe": stripe(BODY, STRIPE_SECRET)}

    with pytest.raises(SignatureRefused):
        verify(scheme, good[scheme] | changed, BODY, STANDARD_SECRET, STRIPE_SECRET)


def test_the_bound_between_id_time_and_body_cannot_be_moved():
    """A body that looks like a time must not be taken for one."""
    key = base64.b64decode(STANDARD_SECRET[6:])
    headers = standard(f"{NOW}.rest".encode(), key)
    moved = headers | {
        "Webhook-Id": f"msg_1.{NOW}",
        "Webhook-Timestamp": str(NOW),
    }

    assert verify("standard", headers, f"{NOW}.rest".encode(), STANDARD_SECRET)
    with pytest.raises(SignatureRefused):
        verify("standard", moved, b"rest", STANDARD_SECRET)


def test_only_so_many_signatures_are_looked_at():
    key = base64.b64decode(STANDARD_SECRET[6:])
    headers = standard(BODY, *[b"x" * 24] * 10, key)

    with pytest.raises(SignatureRefused):
        verify("standard", headers, BODY, STANDARD_SECRET)


@pytest.mark.parametrize(
    ("scheme", "value", "can"),
    [
        pytest.param("standard", STANDARD_SECRET, True, id="example"),
        pytest.param("standard", STANDARD_SECRET[6:], True, id="without prefix"),
        pytest.param("standard", "whsec_" + base64.b64encode(b"x" * 23).decode(), False, id="23"),
        pytest.param("standard", "whsec_" + base64.b64encode(b"x" * 65).decode(), False, id="65"),
        pytest.param("standard", GITHUB_SECRET, False, id="no base64"),
        pytest.param("github", GITHUB_SECRET, True, id="any text"),
        pytest.param("stripe", STRIPE_SECRET, True, id="stripe"),
        pytest.param("stripe", "", False, id="empty"),
    ],
)
def test_which_secrets_a_scheme_can_use(scheme, value, can):
    assert can_sign(scheme, value) is can


def test_a_generated_secret_is_good_for_all_schemes():
    made = {new_signing_secret() for _ in range(10)}

    assert len(made) == 10
    for one in made:
        assert all(can_sign(scheme, one) for scheme in ("standard", "github", "stripe"))


async def test_a_message_is_new_once_per_function():
    now = [NOW]
    replays = SeenMessages(lambda: now[0])

    assert await replays.is_new("f", b"m", NOW + 10)
    assert not await replays.is_new("f", b"m", NOW + 10)
    assert await replays.is_new("g", b"m", NOW + 10)
    now[0] += 11
    assert await replays.is_new("f", b"other", NOW + 30)
    assert await replays.is_new("f", b"m", NOW + 30)


async def test_remembered_messages_are_bounded():
    replays = SeenMessages(lambda: NOW)

    for number in range(MAX_REMEMBERED + 10):
        assert await replays.is_new("f", b"%d" % number, NOW + 10)

    assert not await replays.is_new("f", b"%d" % (MAX_REMEMBERED + 9), NOW + 10)
    assert await replays.is_new("f", b"0", NOW + 10)
