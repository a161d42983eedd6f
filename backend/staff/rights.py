"""Who of the staff may do what: four roles, a few rights, and the fence of the counties.

A right that is missing is 403 whatever the address names; something in another county is 404, exactly as if it were not there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Role = Literal["clerk", "supervisor", "keeper", "admin"]
Right = Literal["people", "directory", "read_directory", "questions", "graph", "audit", "accounts"]

ROLES: dict[Role, frozenset[Right]] = {
    "clerk": frozenset({"people", "read_directory", "questions", "graph"}),
    "supervisor": frozenset({"people", "read_directory", "directory", "questions", "graph", "audit"}),
    "keeper": frozenset({"read_directory", "directory", "questions", "graph"}),
    "admin": frozenset({"read_directory", "directory", "graph", "audit", "accounts"}),
}
MOST = 200  # rows of a list, unless more are asked for
UNPLACED = ""  # people who have not said yet where they live


@dataclass(frozen=True, slots=True)
class Staff:
    """Somebody of the staff, signed in. `shown`: the name that people read. `counties`: the fence, 6-digit codes or UNPLACED."""

    id: str
    name: str
    shown: str
    role: Role
    counties: tuple[str, ...]

    def may(self, right: Right) -> bool:
        return right in ROLES[self.role]

    def sees(self, county: str) -> bool:
        return county in self.counties


def check_counties(counties: Iterable[str]) -> list[str]:
    """The codes in order, or ValueError: each is six digits, or "" for people who have not said where they live."""
    listed = sorted(set(counties))
    for code in listed:
        if code != UNPLACED and not (len(code) == 6 and code.isascii() and code.isdigit()):
            raise ValueError(f"{code!r} is no county code: six digits")
    return listed
