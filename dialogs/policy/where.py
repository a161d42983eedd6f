"""Which pack serves whom, item by item. The household decides; where a document serves by residence, or anyone, the
residence does; somebody whom no pack serves hears where to go instead."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from dialogs.policy.ask import Question, question_for
from dialogs.policy.decide import complete
from dialogs.policy.overlay import takes_in
from dialogs.policy.pack import Pack, Policy
from dialogs.policy.why import FAILS, HOLDS


def pack_for(policy: Policy, household: str | None, residence: str | None) -> Pack | None:
    """The pack of the household's county, the closest there is; with what it leaves to the residence done by that
    one's pack. Of a household outside every pack, the residence's, where it serves people by residence or anyone.
    None: nobody here."""
    home, lives = closest(policy, household), closest(policy, residence)
    if home is None:
        return lives if household and lives and takes_in(lives) else None
    return policy.joined.get((home.region, lives.region), home) if lives else home


def closest(policy: Policy, code: str | None) -> Pack | None:
    """The pack whose place names most digits of this county's code."""
    known, code = policy.by_prefix, code or ""
    return next((known[code[:digits]] for digits in range(len(code), 0, -1) if code[:digits] in known), None)


def outside(policy: Policy, code: str) -> str:
    """Where this county lies: "" when a pack serves it, "<province>_other" in the province of one, else "other"."""
    if closest(policy, code):
        return ""
    province = policy.provinces.get(code[:2])
    known = {pack.place.province for pack in policy.packs.values()}
    return f"{province}_other" if province in known else "other"


def outside_question(policy: Policy, pack: Pack, facts: Mapping[str, Any], on: date) -> Question | None:
    """For somebody whom `pack` does not serve: the question that tells apart which row says where to go, or None."""
    table = pack.table
    values = table.values(complete(pack, facts, on))
    for row in pack.outside:
        value = values[table.at[row]] if row.rule else HOLDS
        if value == HOLDS:
            return None
        open_ = [name for name in table.missing(row, value) if name not in facts] if value != FAILS else ()
        if open_:
            return question_for(policy, pack, open_[0], facts)
    return None
