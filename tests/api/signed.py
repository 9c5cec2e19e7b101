"""Signed calls: examples that were published, and what others would send."""

import base64
import hashlib
import hmac

NOW = 1_614_265_330
BODY = b'{"test": 2432232314}'
STANDARD_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
STANDARD = {
    "Webhook-Id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "Webhook-Timestamp": str(NOW),
    "Webhook-Signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}
GITHUB_SECRET = "It's a Secret to Everybody"
GITHUB = {
    "X-Hub-Signature-256": (
        "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    )
}
STRIPE_SECRET = "whsec_test_secret_of_an_endpoint"


def stripe(body: bytes, *secrets: str, time: int = NOW) -> dict[str, str]:
    made = [
        hmac.new(one.encode(), b"%d." % time + body, hashlib.sha256).hexdigest() for one in secrets
    ]
    return {"Stripe-Signature": ",".join([f"t={time}", "v0=abc", *(f"v1={one}" for one in made)])}


def standard(body: bytes, *keys: bytes, message: str = "msg_1", time: int = NOW) -> dict[str, str]:
    signed = f"{message}.{time}.".encode() + body
    made = [base64.b64encode(hmac.new(k, signed, hashlib.sha256).digest()).decode() for k in keys]
    return {
        "Webhook-Id": message,
        "Webhook-Timestamp": str(time),
        "Webhook-Signature": " ".join(["v1a,b3RoZXI=", *(f"v1,{one}" for one in made)]),
    }
