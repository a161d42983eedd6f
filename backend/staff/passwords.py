"""Passwords of the staff: Argon2id (RFC 9106) as `cryptography` makes it, kept as the usual PHC string."""

from __future__ import annotations

import os
from functools import cache

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

# OWASP's second choice: 19 MiB and two passes; about 40 ms here, so a sign-in may cost that on a worker thread.
_MEMORY_KIB, _PASSES, _LANES = 19 * 1024, 2, 1
SHORTEST = 10


class TooWeak(ValueError):
    """The new password is too short, or is the name."""


def seal(password: str) -> str:
    """The PHC string of a password."""
    made = Argon2id(salt=os.urandom(16), length=32, iterations=_PASSES, lanes=_LANES, memory_cost=_MEMORY_KIB)
    return made.derive_phc_encoded(password.encode())


def fits(password: str, kept: str | None) -> bool:
    """Whether this is the password. With None (no such account) the same time passes and the answer is no."""
    try:
        Argon2id.verify_phc_encoded(password.encode(), kept or _nobody())
    except InvalidKey:
        return False
    return kept is not None


def check_new(password: str, name: str) -> None:
    """Raise TooWeak for a password that anybody would try."""
    if len(password) < SHORTEST or name in password:
        raise TooWeak(f"a password needs {SHORTEST} signs or more and may not hold the name")


@cache
def _nobody() -> str:
    return seal(os.urandom(12).hex())
