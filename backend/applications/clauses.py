"""By which clause an item may be refused: the clauses that its conditions name, in the document that the application was talked
about by. Nothing is decided here; a clerk chooses, and the applicant hears which one it was."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from backend.jobs import House
from dialogs.policy.logic import Condition, Rule

OTHER = "other"  # a reason that stands in no clause of this item
_WHO = "本人"


@dataclass(frozen=True, slots=True)
class Clause:
    """`document`: the region whose document it stands in; `says`: in plain words what speaks against the applicant by it."""

    label: str
    document: str
    says: str


def of_item(house: House, region: str, version: str, item: str) -> tuple[Clause, ...]:
    """In the order of the document; () where that pack or item is not on the shelf any more."""
    pack = house.library.policy.of_version(region, version)
    rule = pack.rules.get(item) if pack else None
    if pack is None or rule is None:
        return ()
    told: dict[str, list[str]] = {}
    for one in _spoken(rule, rule.written):
        told.setdefault(one.clause, []).append(one.fails.replace("{who}", _WHO))
    found = {label: "".join(dict.fromkeys(says)) for label, says in told.items()}
    return tuple(Clause(label, rule.document, says) for label, says in found.items())


def _spoken(rule: Rule, condition: Condition) -> Iterator[Condition]:
    """The conditions below this one that name a clause and say what speaks against somebody by it."""
    if condition.clause and condition.fails:
        yield condition
    inside = [condition.not_, condition.known, condition.doubt, *(condition.all_ or ()), *(condition.any_ or ())]
    inside.append(rule.named.get(condition.use) if condition.use else None)
    for one in inside:
        if isinstance(one, Condition):
            yield from _spoken(rule, one)
