"""Facts in, decision out: for each item a verdict with its reasons, then order, papers, limits and ways for what is
applied for.

Pure and the same for every region: what a document says is in its pack. A person who needs something first (a card,
a renewal) is decided a second time as if that were granted, with what an assessment will decide not known yet; what
then opens is `later`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache, partial
from typing import Any

from dialogs.policy.checklist import in_hand_first, materials
from dialogs.policy.clocks import deadlines
from dialogs.policy.decision import Applying, Channel, Deadline, Decision, ItemDecision
from dialogs.policy.derive import Derive, Place
from dialogs.policy.logic import PERSON, Reason
from dialogs.policy.pack import Compiled, Pack, meant_for
from dialogs.policy.why import FAILS, HOLDS, explain

Facts = Mapping[str, Any]
Values = tuple[int, ...]
_NO_REASONS: tuple[Reason, ...] = ()
_OPEN = frozenset({"eligible", "later"})
_OPEN_OR_AUTOMATIC = _OPEN | {"automatic"}
_ELIGIBLE = ItemDecision("eligible", (), (), "")
_AUTOMATIC = ItemDecision("automatic", (), (), "")
_NOT_ELIGIBLE = ItemDecision("not_eligible", (), (), "")
_LATER = ItemDecision("later", (), (), "")


def complete(pack: Pack, facts: Facts, on: date) -> dict[str, Any]:
    """What was told, with all that follows from it. A fact that nobody knows is missing or None."""
    return _followed(facts, ((name, derived.rule) for name, derived in pack.derivations), pack.place, on)


def bearing(pack: Pack, facts: Facts, on: date) -> dict[str, Any]:
    """What was told, with what follows from it as far as something in this pack looks at it: enough to decide and to
    ask by."""
    return _followed(facts, pack.bearing, pack.place, on)


def _followed(facts: Facts, rules: Iterable[tuple[str, Derive]], place: Place, on: date) -> dict[str, Any]:
    known = dict(facts)
    for name, rule in rules:
        if known.get(name) is None:
            value = rule(known, place, on)
            if value is not None:
                known[name] = value
    return known


def decide(pack: Pack, facts: Facts, wants: Sequence[str] | None, on: date, *, reasons: bool = True) -> Decision:
    """`facts`: names and types as in facts.yaml; a missing one, or None, is not known. `wants`: the items applied
    for now; None: all that are open. `on`: today. Without `reasons`, `why` and `nearest` stay empty. Raises
    ValueError for an unknown item."""
    for item in wants or ():
        if item not in pack.rules:
            raise ValueError(f"no item is called “{item}”")
    known = bearing(pack, facts, on)
    items = judge(pack, known, pack.ids, reasons=reasons)
    return Decision(
        region=pack.region,
        version=pack.version,
        items=items,
        outside=_outside(pack, known),
        quiet=unpointed(pack, items, known),
        apply=partial(_applying, pack, items, wants, known),
    )


def with_what_comes_first(pack: Pack, facts: Facts, wants: Sequence[str] | None, on: date) -> tuple[str, ...] | None:
    """These items, and what they wait for unless it is refused: both are applied for together. Raises ValueError for an
    unknown item."""
    if wants is None:
        return None
    found = decide(pack, facts, wants, on, reasons=False)
    first = frozenset(item for stage in found.order for item in stage)
    return tuple(item for item in found.items if item in wants or item in first)


def _applying(pack: Pack, items: Mapping[str, ItemDecision], wants: Sequence[str] | None, known: Facts) -> Applying:
    applied = _applied(items, wants, _OPEN)
    with_papers = _own(pack, applied) if wants is None else applied
    timed = applied if wants is not None else _applied(items, None, _OPEN_OR_AUTOMATIC)
    channel = ways(pack, items, wants, known)
    return Applying(
        order=_order(pack, items, applied.keys() | _coming_first(pack, items, applied, known)),
        materials=materials(pack, with_papers, known),
        deadlines=_limits(pack, timed, wants, known),
        channel=channel,
        before=in_hand_first(pack, with_papers, known),
        also=_also(pack, channel, items, known) if pack.also else {},
    )


def unpointed(pack: Pack, items: Mapping[str, ItemDecision], known: Facts) -> frozenset[str]:
    """Those of these items that are open because the document opens them to everybody, while nothing that is known
    points to them; of a wider document's also those that are not decided yet."""
    shown = _OPEN | {"unknown"}
    open_ = (
        item
        for item in pack.offered_when
        if item in items and items[item].verdict in (shown if item in pack.behind else _OPEN)
    )
    return frozenset(item for item in open_ if not pack.offered_when[item].test(known))


def with_bundle(known: Facts, applied: Mapping[str, str]) -> Facts:
    """The same facts, and whether a card service belongs to what is applied for (item -> verdict): one of these, or the
    one that a `later` item waits for."""
    if known.get("bundle_has_card_service") is not None:
        return known
    has_card = any(item.startswith("card.") or verdict == "later" for item, verdict in applied.items())
    return {**known, "bundle_has_card_service": has_card}


def _limits(pack: Pack, timed: Mapping[str, str], wants: Sequence[str] | None, known: Facts) -> dict[str, Deadline]:
    """While nothing is chosen yet, the limit of each item is as if it were chosen alone."""
    together = with_bundle(known, timed)
    found = deadlines(pack, timed, together)
    if wants is not None or not pack.bundle:
        return found
    for item, verdict in timed.items():
        alone = with_bundle(known, {item: verdict})
        if item in found and alone != together:
            found[item] = deadlines(pack, {item: verdict}, alone)[item]
    return found


def judge(pack: Pack, known: Facts, items: Sequence[str], *, reasons: bool = True) -> dict[str, ItemDecision]:
    """The verdicts of these items. `known`: as `complete` gives it."""
    at, today = pack.table.at, pack.table.values(known)
    ahead = [row for row in pack.first if _comes_first(pack, row, today)]
    supposed: dict[tuple[Compiled, ...], _Supposed] = {}
    found: dict[str, ItemDecision] = {}
    for item in items:
        decided = None
        if (value := today[at[item]]) != HOLDS and (rows := tuple([row for row in ahead if item in row.items])):
            if rows not in supposed:
                supposed[rows] = _suppose(pack, known, rows)
            decided = _after_the_first(pack, item, today, supposed[rows], reasons)
        found[item] = decided or (_decided if reasons else _verdict)(pack, item, value, today)
    return found


def _comes_first(pack: Pack, row: Compiled, today: Values) -> bool:
    """Whether the row's time has come, and what it names is not refused, or may be had elsewhere."""
    at = pack.table.at
    if row.rule is not None and today[at[row]] != HOLDS:
        return False
    return row.written.elsewhere or today[at[row.written.item]] != FAILS


def _verdict(pack: Pack, item: str, value: int, today: Values) -> ItemDecision:
    """As it is today, without reasons."""
    if value == HOLDS:
        return _AUTOMATIC if item in pack.automatic else _ELIGIBLE
    return _NOT_ELIGIBLE if value == FAILS else _unknown(pack, item, value)


def _decided(pack: Pack, item: str, value: int, today: Values) -> ItemDecision:
    """The same with its reasons."""
    why, changes = explain(pack.table.lines[item], today)
    if value == FAILS:
        return ItemDecision("not_eligible", tuple([r for r in why if r.holds is not None]), (), "".join(changes))
    bare = _verdict(pack, item, value, today)
    return ItemDecision(bare.verdict, tuple(why), bare.needs, "")


@dataclass(slots=True)
class _Supposed:
    """What would be if what comes first had been granted. `assessed`: the bits of what would then not be known yet."""

    rows: tuple[Compiled, ...]
    values: Values
    assessed: int


def _suppose(pack: Pack, known: Facts, rows: tuple[Compiled, ...]) -> _Supposed:
    ahead = dict(known)
    for row in rows:
        ahead.update(row.written.grants)
    assessed = {name for row in rows for name in row.written.assessed}
    ahead.update(dict.fromkeys(assessed))
    bits = pack.table.bits
    return _Supposed(rows, pack.table.values(ahead), sum(bits.get(name, 0) for name in assessed))


def _after_the_first(pack: Pack, item: str, today: Values, supposed: _Supposed, reasons: bool) -> ItemDecision | None:
    """The decision as if what comes first were granted; None when that opens nothing that is closed today."""
    at = pack.table.at[item]
    value, refused = supposed.values[at], today[at] == FAILS
    if value == FAILS or (value != HOLDS and not refused and not supposed.assessed):
        return None
    open_ = value & ~supposed.assessed
    if open_ and not refused:
        return None
    why = _why_later(pack, item, today, supposed) if reasons else _NO_REASONS
    if open_:
        return ItemDecision("unknown", why, _unknown(pack, item, open_).needs, "")
    return ItemDecision("later", why, (), supposed.rows[0].written.says) if reasons else _LATER


def _why_later(pack: Pack, item: str, today: Values, supposed: _Supposed) -> tuple[Reason, ...]:
    """What comes first, what holds already, and what is still to be seen."""
    lines = pack.table.lines[item]
    first = dict.fromkeys(row.gives for row in supposed.rows)
    now = [reason for reason in explain(lines, today)[0] if reason.holds]
    then = [reason for reason in explain(lines, supposed.values)[0] if reason.holds is None]
    return tuple({id(reason): reason for reason in (*first, *now, *then)}.values())


@lru_cache(maxsize=4096)
def _unknown(pack: Pack, item: str, value: int) -> ItemDecision:
    """It needs the facts that a person can be asked for, in place of those that follow from them."""
    found: dict[str, None] = {}
    for name in pack.table.missing(item, value):
        for source in pack.sources.get(name) or (name,):
            found[source] = None
    return ItemDecision("unknown", (), tuple(found), "")


def _applied(items: Mapping[str, ItemDecision], wants: Sequence[str] | None, open_: frozenset[str]) -> dict[str, str]:
    """The items that papers and limits are for, with their verdicts."""
    if wants is None:
        return {item: one.verdict for item, one in items.items() if one.verdict in open_}
    return {item: items[item].verdict for item in items if item in wants and items[item].verdict != "not_eligible"}


def _coming_first(
    pack: Pack, items: Mapping[str, ItemDecision], applied: Mapping[str, str], known: Facts
) -> frozenset[str]:
    """What those of these that are not open today wait for, unless it is refused: it is open, left to a person, or
    still to be asked about."""
    waiting = frozenset(item for item, verdict in applied.items() if verdict in ("later", "unknown"))
    if not waiting:
        return waiting
    today = pack.table.values(known)
    rows = (row for row in pack.first if row.items & waiting and _comes_first(pack, row, today))
    named = {row.written.item for row in rows} & items.keys()
    return frozenset(item for item in named if items[item].verdict != "not_eligible")


def _own(pack: Pack, applied: dict[str, str]) -> dict[str, str]:
    """Without what was taken over from a wider document: it adds no papers to what the county asks for."""
    return {item: verdict for item, verdict in applied.items() if item not in pack.behind} if pack.behind else applied


def _also(
    pack: Pack, channel: Mapping[str, Channel], items: Mapping[str, ItemDecision], known: Facts
) -> dict[str, Channel]:
    """Where the wider document has another kind of way for an item of ours that is open."""
    found: dict[str, Channel] = {}
    for item, way in channel.items():
        verdict = items[item].verdict
        rows = pack.also.get(item, ()) if verdict in _OPEN else ()
        meant = (row for row in rows if not row.written.verdicts or verdict in row.written.verdicts)
        other = next((row.gives for row in meant if row.rule is None or row.rule.test(known)), None)
        if other is not None and other.mode != way.mode:
            found[item] = other
    return found


def _order(pack: Pack, items: Iterable[str], some: Collection[str]) -> tuple[tuple[str, ...], ...]:
    stages = (tuple(item for item in items if item in some and item in stage) for stage in pack.stages)
    return tuple(stage for stage in stages if stage)


def ways(
    pack: Pack, items: Mapping[str, ItemDecision], wants: Sequence[str] | None, known: Facts
) -> dict[str, Channel]:
    """The way of each item applied for; with no wish, also of what comes by itself or is left to the window."""
    found: dict[str, Channel] = {}
    for item, one in items.items():
        asking = one.verdict == "unknown" and wants is None and one.needs != (PERSON,)
        if asking or (wants is not None and item not in wants):
            continue
        for test, row in meant_for(pack.ways[item], one.verdict):
            if test is None or test(known):
                found[item] = row.gives
                break
    return found


def _outside(pack: Pack, known: Facts) -> Channel | None:
    if known.get("household_in_service_county") is not False:
        return None
    rows = (row for row in pack.outside if row.rule is None or row.rule.test(known))
    return next((row.gives for row in rows), None)
