"""Which papers the items applied for need, each paper once: how many, in which form, for which items, by which
clause."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from dialogs.policy.decision import InHandFirst, MaterialNeed, Need
from dialogs.policy.pack import Compiled, Pack, meant_for
from dialogs.policy.written import Material

_WEIGHT: dict[Need, int] = {"exempt": 0, "waivable": 1, "required": 2, "hand_in": 3}


@dataclass(slots=True)
class _Gathered:
    need: Need
    row: Compiled
    items: list[str]


def materials(pack: Pack, verdicts: Mapping[str, str], facts: Mapping[str, Any]) -> tuple[MaterialNeed, ...]:
    """`verdicts`: the items applied for. Where it is not known whether a paper is needed, it is waivable; one that
    nobody hands in stays so."""
    found: dict[str, _Gathered] = {}
    for item, verdict in verdicts.items():
        for test, row in meant_for(pack.bindings[item], verdict):
            fits = True if test is None else test(facts)
            if fits is not False:
                need = row.written.need
                _gather(found, row, item, need if fits or need == "exempt" else "waivable")
    return tuple(_paper(pack.papers[paper], found[paper]) for paper in pack.papers if paper in found)


def _paper(general: Material, one: _Gathered) -> MaterialNeed:
    row = one.row.written
    return _made(one.row, row.name or general.name, row.says or general.says, one.need, tuple(one.items))


def _gather(found: dict[str, _Gathered], row: Compiled, item: str, need: Need) -> None:
    paper = row.written.material
    so_far = found.get(paper)
    if so_far is None:
        found[paper] = _Gathered(need, row, [item])
        return
    if _WEIGHT[need] > _WEIGHT[so_far.need]:
        so_far.need, so_far.row = need, row
    if so_far.items[-1] != item:
        so_far.items.append(item)


@lru_cache(maxsize=4096)
def _made(row: Compiled, name: str, says: str, need: Need, items: tuple[str, ...]) -> MaterialNeed:
    """The same paper for the same items is one and the same for everybody."""
    return MaterialNeed(
        id=row.written.material,
        name=name,
        need=need,
        for_items=items,
        form=row.written.form,
        count=row.written.count,
        document=row.document,
        clause=row.written.clause,
        says=says,
    )


def in_hand_first(pack: Pack, verdicts: Mapping[str, str], facts: Mapping[str, Any]) -> tuple[InHandFirst, ...]:
    """What the person needs before going on; also while it is not known whether they have it."""
    found: dict[str, tuple[Compiled, list[str]]] = {}
    for row in pack.before:
        items = [item for item, verdict in verdicts.items() if row.fits(item, verdict, facts) is not False]
        if items:
            found.setdefault(row.written.id, (row, []))[1].extend(items)
    return tuple(_first(row, tuple(items)) for row, items in found.values())


@lru_cache(maxsize=4096)
def _first(row: Compiled, items: tuple[str, ...]) -> InHandFirst:
    one = row.written
    return InHandFirst(one.id, one.material, one.name, one.what, one.where, one.order, items, row.document, one.clause)
