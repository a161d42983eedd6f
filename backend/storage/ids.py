"""Names for things: UUIDv7 for rows, and receipt numbers that a person can read out over a counter."""

from __future__ import annotations

import secrets

import uuid_utils

# Nothing that is misread or misheard: no 0/O, 1/I/L, U/V, 2/Z. 29 signs, a prime, so that the check sign finds every single
# wrong sign and every swap of two neighbours.
_SIGNS = "23456789ABCDEFGHJKMNPQRSTVWXY"
_PLACE = {sign: at for at, sign in enumerate(_SIGNS)}
_LENGTH = 11


def new_id() -> str:
    """A UUIDv7 as text: unique, and in the order of its making."""
    return str(uuid_utils.uuid7())


def new_receipt() -> str:
    """A random receipt number such as "7K3M-9QXA-W2DH": 11 random signs and a check sign; it tells nothing of the person."""
    rest, signs = secrets.randbelow(len(_SIGNS) ** _LENGTH), ""
    for _ in range(_LENGTH):
        rest, at = divmod(rest, len(_SIGNS))
        signs += _SIGNS[at]
    return _grouped(signs + _check_sign(signs))


def check_receipt(typed: str) -> str | None:
    """The receipt number as it is kept, from what somebody typed (small letters, missing dashes); None if it cannot be one."""
    signs = "".join(sign for sign in typed.upper() if sign.isalnum())
    if len(signs) != _LENGTH + 1 or any(sign not in _SIGNS for sign in signs):
        return None
    return _grouped(signs) if _check_sign(signs[:-1]) == signs[-1] else None


def _grouped(signs: str) -> str:
    return "-".join(signs[at : at + 4] for at in range(0, len(signs), 4))


def _check_sign(signs: str) -> str:
    total = sum((at + 1) * _PLACE[sign] for at, sign in enumerate(signs))
    return _SIGNS[total % len(_SIGNS)]
