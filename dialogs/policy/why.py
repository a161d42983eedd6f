"""Why something is so: what is written beside conditions, read off their values.

A condition's value is a number: `HOLDS`, `FAILS`, or what is missing, a bit for each fact (and `PERSON_BIT` for what
only a person can say). code.py works the values out; nothing here knows how.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from dialogs.policy.logic import Reason

HOLDS: Final = 0
FAILS: Final = -1
"""All bits: whatever it is joined with by “or”, it stays so. That makes `all` of conditions one “or” of their values."""
PERSON_BIT: Final = 1


class Line(NamedTuple):
    """What is said of one condition. `at`: where its value stands; `says`: when it holds, is not known, fails; `change`:
    what would have to be so; `ways`: of one that holds in several ways, where the value of each stands and what is said
    of it."""

    at: int
    says: tuple[Reason | None, Reason | None, Reason | None]
    change: str
    ways: tuple[tuple[int, Lines], ...]


Lines = tuple[Line, ...]
Told = tuple[list[Reason], dict[str, None]]
"""The reasons, and what would help."""


def explain(lines: Lines, values: Sequence[int]) -> Told:
    """Everything that these lines say for these values."""
    why: list[Reason] = []
    changes: dict[str, None] = {}
    for at, says, change, ways in lines:
        value = values[at]
        if ways:
            reasons, nearer = _either(ways, values)
            why += reasons
            changes.update(nearer)
            continue
        reason = says[value if value <= HOLDS else 1]
        if reason is not None:
            why.append(reason)
        if value == FAILS and change:
            changes[change] = None
    return why, changes


def _either(ways: Sequence[tuple[int, Lines]], values: Sequence[int]) -> Told:
    """The first way that is open explains itself; when none is known to be, all of them, and what is nearest."""
    for at, lines in ways:
        if values[at] == HOLDS:
            return explain(lines, values)
    each = [(values[at], *explain(lines, values)) for at, lines in ways]
    if any(value != FAILS for value, *_ in each):
        return _undecided(each), {}
    nearest = min((changes for *_, changes in each if changes), key=len, default={})
    return [reason for _, why, _ in each for reason in why], nearest


def _undecided(each: Sequence[tuple[int, list[Reason], dict[str, None]]]) -> list[Reason]:
    """No way is open yet, some may be: what has failed is said too, and a person is spoken of only when no fact can
    help."""
    asking = any(value > PERSON_BIT for value, *_ in each)
    found: list[Reason] = []
    for value, why, _ in each:
        if value == FAILS:
            found += [reason for reason in why if reason.holds is not None]
        elif not (asking and value == PERSON_BIT):
            found += why
    return found
