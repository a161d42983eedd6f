"""Which pack serves a place. The household decides; somebody whom no pack serves hears where to go instead."""

from __future__ import annotations

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
