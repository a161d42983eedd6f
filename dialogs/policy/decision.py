"""What a decision is made of: verdicts with reasons, order, papers, limits, ways. Plain frozen data, nothing
decides here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from dialogs.policy.logic import Reason

Verdict = Literal["eligible", "later", "automatic", "not_eligible", "unknown"]
Mode = Literal["online", "offline", "jump", "auto"]
Need = Literal["required", "waivable", "exempt", "hand_in"]


@dataclass(frozen=True, slots=True)
class ItemDecision:
    """`needs`: facts to ask for, and "person" where only a person can say. `nearest`: what would have to be so, or
    come first."""

    verdict: Verdict
    why: tuple[Reason, ...]
    needs: tuple[str, ...]
    nearest: str


@dataclass(frozen=True, slots=True)
class MaterialNeed:
    """A paper. `need`: required; waivable (brought if at hand, or needed only if something not yet known is so);
    exempt; hand_in (the paper itself is kept by the office). `count`: how many, None where the document does not
    say. `says`: how to bring or photograph it."""

    id: str
    name: str
    need: Need
    for_items: tuple[str, ...]
    form: str
    count: int | None
    document: str
    clause: str
    says: str = ""


@dataclass(frozen=True, slots=True)
class Deadline:
    """A limit. `working_days` None: none is promised. `starts`: the event it is counted from. `by`: MM-DD,
    "month_of_card" (the month in which the card is issued), or None."""

    working_days: int | None
    starts: str
    excludes: tuple[str, ...]
    clause: str
    by: str | None
    calendar_days: int | None
    says: str


@dataclass(frozen=True, slots=True)
class Channel:
    """The way of an item. `row`: the row of the pack that gives it; `url`: "" where no document prints one;
    `document`: the region whose document says so."""

    mode: Mode
    where: str
    says: str
    clause: str
    url: str
    row: str
    document: str = ""


@dataclass(frozen=True, slots=True)
class InHandFirst:
    """Something the person needs before the application can go on (`id`, e.g. "assessment"), for these items."""

    id: str
    material: str
    name: str
    what: str
    where: str
    order: str
    for_items: tuple[str, ...]
    document: str
    clause: str


@dataclass(frozen=True, slots=True)
class Applying:
    """What applying takes: the papers, limits and ways of what is applied for, in which order, what is needed first.
    `also`: a way that the wider document opens and this one does not; it says who settles which holds."""

    order: tuple[tuple[str, ...], ...]
    materials: tuple[MaterialNeed, ...]
    deadlines: Mapping[str, Deadline]
    channel: Mapping[str, Channel]
    before: tuple[InHandFirst, ...]
    also: Mapping[str, Channel]


@dataclass(frozen=True, eq=False)
class Decision:
    """Everything that follows from what is known today. `outside`: the way for somebody whom this pack does not
    serve. `quiet`: items that are open to everybody and that nothing said points to: not offered by themselves.
    What applying takes is worked out by `apply` when it is first looked at: most turns of a talk only ask on."""

    region: str
    version: str
    items: Mapping[str, ItemDecision]
    outside: Channel | None
    quiet: frozenset[str]
    apply: Callable[[], Applying] = field(repr=False)

    @cached_property
    def applying(self) -> Applying:
        return self.apply()

    @property
    def order(self) -> tuple[tuple[str, ...], ...]:
        return self.applying.order

    @property
    def materials(self) -> tuple[MaterialNeed, ...]:
        return self.applying.materials

    @property
    def deadlines(self) -> Mapping[str, Deadline]:
        return self.applying.deadlines

    @property
    def channel(self) -> Mapping[str, Channel]:
        return self.applying.channel

    @property
    def before(self) -> tuple[InHandFirst, ...]:
        return self.applying.before

    @property
    def also(self) -> Mapping[str, Channel]:
        return self.applying.also

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Decision) and self._whole() == other._whole()

    def _whole(self) -> tuple[Any, ...]:
        return self.region, self.version, self.items, self.outside, self.quiet, self.applying

    def outcome(self) -> tuple[Any, ...]:
        """What the person gets, without the words of the reasons: two decisions with the same outcome are the same
        to them."""
        return (
            tuple((item, one.verdict, one.needs) for item, one in self.items.items()),
            self.order,
            self.materials,
            tuple(self.deadlines.items()),
            tuple((item, way.mode, way.where) for item, way in self.channel.items()),
            self.before,
            self.outside,
            self.quiet,
        )

    def as_json(self, who: str = "您") -> dict[str, Any]:
        """The decision in the shape of `yijianshi decide` (without id and next_question). `who` fills {who} in the
        reasons. Where the wider document opens another way, it stands under `also` beside ours; `before` is there
        where the person needs something in hand first."""
        return {
            "region": self.region,
            "pack": f"{self.region}@{self.version}",
            "items": {item: _item(one, who) for item, one in self.items.items()},
            "order": [list(stage) for stage in self.order],
            "materials": [_material(need) for need in self.materials],
            "deadlines": {key: _deadline(one) for key, one in self.deadlines.items()},
            "channel": {item: _way(way, self.also.get(item)) for item, way in self.channel.items()},
            **({"before": [_before(one) for one in self.before]} if self.before else {}),
        }


def _item(one: ItemDecision, who: str) -> dict[str, Any]:
    why = [{"clause": r.clause, "says": r.says.replace("{who}", who), "holds": r.holds} for r in one.why]
    return {"verdict": one.verdict, "why": why, "needs": list(one.needs)}


def _way(way: Channel, also: Channel | None) -> dict[str, Any]:
    shape: dict[str, Any] = {"mode": way.mode, "where": way.where}
    return {**shape, "also": {"mode": also.mode, "where": also.where, "says": also.says}} if also else shape


def _before(one: InHandFirst) -> dict[str, Any]:
    return {"id": one.id, "material": one.material, "name": one.name, "for": list(one.for_items), "clause": one.clause}


def _material(need: MaterialNeed) -> dict[str, Any]:
    return {
        "id": need.id,
        "name": need.name,
        "need": need.need,
        "for": list(need.for_items),
        "form": need.form,
        "count": need.count,
        "clause": need.clause,
    }


def _deadline(one: Deadline) -> dict[str, Any]:
    shape: dict[str, Any] = {
        "working_days": one.working_days,
        "starts": one.starts,
        "excludes": list(one.excludes),
        "clause": one.clause,
    }
    if one.by is not None:
        shape["by"] = one.by
    if one.calendar_days is not None:
        shape["calendar_days"] = one.calendar_days
    return shape
