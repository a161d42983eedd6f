"""Two versions of a pack: what has changed in words, and for whom the outcome is another.

The words are read off the files. The situations are walked: for each item every combination of the answers that it may
be asked for, in classes, is decided by both; where there are too many, evenly spread ones are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import islice, product
from math import prod
from typing import Any

from dialogs.policy.ask import answers
from dialogs.policy.checklist import materials
from dialogs.policy.clocks import deadlines
from dialogs.policy.decide import complete, judge, ways
from dialogs.policy.pack import Pack, Policy
from dialogs.policy.plain import NEEDS, VERDICTS

MOST_SITUATIONS = 20_000
MISSING = object()
ROWS = {"first", "ways", "outside", "clocks", "materials", "before", "fields", "stages", "serves"}


# --- in words ---


def changes(old: Pack, new: Pack) -> Iterator[str]:
    """Every place of the file that says something else, as `place: old → new`."""
    before, after = (pack.written.model_dump(by_alias=True, exclude_defaults=True) for pack in (old, new))
    yield from _differ("", before, after)


def _differ(at: str, old: Any, new: Any) -> Iterator[str]:
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for key in dict.fromkeys((*old, *new)):
            yield from _differ(f"{at}.{key}" if at else str(key), old.get(key, MISSING), new.get(key, MISSING))
    elif at.rsplit(".", 1)[-1] in ROWS and isinstance(old, (list, tuple)) and isinstance(new, (list, tuple)):
        yield from (f"{at}：去掉 {_short(row)}" for row in old if row not in new)
        yield from (f"{at}：新增 {_short(row)}" for row in new if row not in old)
    elif old is MISSING:
        yield f"{at}：新增 {_short(new)}"
    elif new is MISSING:
        yield f"{at}：去掉 {_short(old)}"
    else:
        yield f"{at}：{_short(old)} → {_short(new)}"


def _short(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + "，".join(f"{key}: {_short(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + "、".join(_short(inner) for inner in value) + "]"
    return str(value)


# --- for whom ---


@dataclass(frozen=True, slots=True)
class Moved:
    """Situations in which an item comes to something else. `told`: the facts that narrow them, with their values."""

    item: str
    what: str
    count: int
    of: int
    told: tuple[tuple[str, tuple[Any, ...]], ...]


def moved(policy_old: Policy, old: Pack, policy_new: Policy, new: Pack, on: date) -> Iterator[Moved]:
    """For each item of both, the situations with another outcome, grouped by what becomes of what."""
    if old.written == new.written:
        return
    for item in old.ids:
        if item in new.rules:
            yield from _moved_item(policy_old, old, policy_new, new, item, on)


def _moved_item(policy_old: Policy, old: Pack, policy_new: Policy, new: Pack, item: str, on: date) -> Iterator[Moved]:
    values = _values(policy_old, old, policy_new, new, item)
    total = prod(len(some) for some in values.values())
    step = max(1, total // MOST_SITUATIONS)
    groups: dict[str, list[tuple[Any, ...]]] = {}
    for some in islice(product(*values.values()), 0, None, step):
        facts = dict(zip(values, some, strict=True))
        for what in _otherwise(_outcome(old, item, facts, on), _outcome(new, item, facts, on)):
            groups.setdefault(what, []).append(some)
    tried = -(-total // step)
    for what, situations in groups.items():
        told = []
        for at, (name, every) in enumerate(values.items()):
            found = tuple(dict.fromkeys(one[at] for one in situations))
            if len(found) < len(every):
                told.append((name, found))
        yield Moved(item, what, len(situations), tried, tuple(told))


def _values(policy_old: Policy, old: Pack, policy_new: Policy, new: Pack, item: str) -> Mapping[str, tuple[Any, ...]]:
    """What each fact that the item may be asked for can be told as, in the classes of both versions."""
    found: dict[str, tuple[Any, ...]] = {}
    for policy, pack in ((policy_old, old), (policy_new, new)):
        for name in sorted(pack.asks_applied[item]):
            found[name] = tuple(dict.fromkeys((*found.get(name, ()), *answers(policy, pack, name))))
    return {name: (*values, None) for name, values in found.items()}


def _outcome(pack: Pack, item: str, facts: Mapping[str, Any], on: date) -> tuple[str, Any, Any, Any]:
    known = complete(pack, facts, on)
    judged = judge(pack, known, [item], reasons=False)
    verdict = judged[item].verdict
    applied = {} if verdict == "not_eligible" else {item: verdict}
    way = ways(pack, judged, [item], known).get(item)
    papers = frozenset((one.name, one.need) for one in materials(pack, applied, known))
    limits = frozenset(
        f"{one.says}（{one.working_days or '无'}个工作日）" for one in deadlines(pack, applied, known).values()
    )
    return verdict, (way.mode, way.where) if way else None, papers, limits


def _otherwise(old: tuple[str, Any, Any, Any], new: tuple[str, Any, Any, Any]) -> Iterator[str]:
    """What becomes of what, in words; papers, ways and limits only where the verdict stays."""
    if old[0] != new[0]:
        yield f"{VERDICTS[old[0]]} → {VERDICTS[new[0]]}"
        return
    if old[1] != new[1]:
        yield f"办法：{old[1][1] if old[1] else '没有'} → {new[1][1] if new[1] else '没有'}"
    for sign, papers in (("少了", old[2] - new[2]), ("多了", new[2] - old[2])):
        yield from (f"材料{sign} {name}（{NEEDS[need]}）" for name, need in sorted(papers))
    if old[3] != new[3]:
        yield f"时限：{'；'.join(sorted(old[3])) or '没有'} → {'；'.join(sorted(new[3])) or '没有'}"
