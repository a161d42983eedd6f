"""Which pack serves a place. The household decides; somebody whom no pack serves hears where to go instead."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from dialogs.policy.ask import Question, question_for
from dialogs.policy.decide import complete
from dialogs.policy.pack import Pack, Policy


def pack_for(policy: Policy, county_code: str | None, residence_code: str | None) -> Pack | None:
    """The pack of the county where the household is; None outside every pack. The residence moves nobody into
    another pack: no document that is here gives anything to people who only live in the place."""
    return next((pack for pack in policy.packs.values() if county_code in pack.place.counties), None)


def outside(policy: Policy, code: str) -> str:
    """Where this county lies: "" when a pack serves it, "<province>_other" in the province of one, else "other"."""
    if pack_for(policy, code, None):
        return ""
    province = policy.provinces.get(code[:2])
    known = {pack.place.province for pack in policy.packs.values()}
    return f"{province}_other" if province in known else "other"


def outside_question(policy: Policy, pack: Pack, facts: Mapping[str, Any], on: date) -> Question | None:
    """For somebody whom `pack` does not serve: the question that tells apart which row says where to go, or None."""
    known = complete(pack, facts, on)
    for row in pack.outside:
        fits = True if row.rule is None else row.rule.test(known)
        if fits:
            return None
        if fits is None and row.rule is not None:
            needs: dict[str, None] = {}
            row.rule.missing(known, needs)
            open_ = [name for name in needs if name not in facts]
            if open_:
                return question_for(policy, pack, open_[0], facts)
    return None
