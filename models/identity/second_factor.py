"""The second factor of staff: time-based one-time codes (RFC 6238), six digits every thirty seconds."""

import hmac

import pyotp

from backend import clock

SECONDS = 30
_ISSUER = "城市服务后台"
_DRIFT = (0, -1, 1)
"""Phones' clocks differ; RFC 6238 (5.2) allows one step to either side."""


def new_secret() -> str:
    """Return a secret in the letters that authenticator apps take."""
    return pyotp.random_base32()


def enrolment_uri(secret: str, login: str) -> str:
    """Return the otpauth URI to show as a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=_ISSUER)


def step_of(secret: str, code: str) -> int | None:
    """Return the time step that a code belongs to, None when it is wrong. Who uses a code must use up its step."""
    now, maker = int(clock.timestamp() // SECONDS), pyotp.TOTP(secret)
    for drift in _DRIFT:
        if hmac.compare_digest(maker.generate_otp(now + drift).encode(), code.encode()):
            return now + drift
    return None
