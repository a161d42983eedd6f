"""Items of one document beside those of another: a county's over its province's, and the card services of the place
where somebody lives beside the allowances of the place where the household is.

Each item keeps the conditions, ways, limits and papers of its own document; reasons and papers name it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from dialogs.policy.checks import spelled
from dialogs.policy.code import compile_condition
from dialogs.policy.derive import Place
from dialogs.policy.logic import Rule
from dialogs.policy.pack import Compiled, Pack, classes, what_items_ask


def lie_over(pack: Pack, parent: Pack, taken: Sequence[str]) -> Pack:
    """`pack` over its parent: what only the parent has comes behind, and where both have an item under whatever name,
    the parent's way is kept beside."""
    written = pack.written.parent
    assert written is not None, "only a pack that names a parent lies over one"
    like = written.like
    theirs = {item: like.get(item, item) for item in pack.ids}
    also = {
        item: tuple(replace(row, gives=replace(row.gives, says=written.says)) for row in parent.ways[other])
        for item, other in theirs.items()
        if other in parent.ways
    }
    whole = beside(pack, parent, taken)
    stages = (*pack.stages, frozenset(taken)) if taken else pack.stages
    when = compile_condition(written.when, pack.written.conditions, pack.region) if written.when else None
    pointed = {**whole.offered_when, **(dict.fromkeys(taken, when) if when else {})}
    key = f"{pack.key}+{parent.key}"
    return replace(whole, key=key, stages=stages, behind=frozenset(taken), also=also, offered_when=pointed)


def takes_in(pack: Pack) -> tuple[str, ...]:
    """The items that this pack gives to people whose household is elsewhere."""
    return _served_by(pack, "residence", "anyone")


def by_residence(home: Pack, lives: Pack) -> Pack | None:
    """`home`, the pack of the household, with the items that it leaves to the residence done as `lives`, the pack of
    the residence, says. None when it leaves nothing, or nothing is done there."""
    leaves, takes = _served_by(home, "residence"), takes_in(lives)
    if not (leaves and takes):
        return None
    kept = [item for item in home.ids if item not in leaves]
    joined = beside(_only(home, kept, takes), _seen_from(lives, lives.place), takes)
    return replace(joined, key=f"{home.key}+{lives.key}")


def _served_by(pack: Pack, *kinds: str) -> tuple[str, ...]:
    rows = (row for row in pack.written.serves if row.by in kinds)
    return tuple(item for row in rows for item in spelled(row.items, tuple(pack.written.items)))


def beside(pack: Pack, other: Pack, taken: Sequence[str]) -> Pack:
    """`pack` with these items of `other` behind its own."""
    ids = (*pack.ids, *(item for item in taken if item not in pack.rules))
    every = frozenset(ids)
    rules = {**pack.rules, **_of(other.rules, taken)}
    own = {row.written.item for row in pack.first}  # what comes first is said by the document of what it opens
    others = (row for row in other.first if row.written.item in taken and row.written.item not in own)
    first = (*pack.first, *(row for row in others if every & row.items))
    ways, clocks = {**pack.ways, **_of(other.ways, taken)}, {**pack.clocks, **_of(other.clocks, taken)}
    bindings = {**pack.bindings, **_of(other.bindings, taken)}
    before = (*pack.before, *_narrowed(other.before, taken))
    asks, asks_applied = what_items_ask(ids, rules, first, ways, bindings, clocks, before, pack.sources)
    return replace(
        pack,
        items={**pack.items, **_of(other.items, taken)},
        departments={**other.departments, **pack.departments},
        asking=(*pack.asking, *(key for key in other.asking if key not in pack.asking)),
        asked=pack.asked | other.asked,
        rules=rules,
        ids=ids,
        automatic=pack.automatic | (other.automatic & frozenset(taken)),
        first=first,
        ways=ways,
        clocks=clocks,
        bindings=bindings,
        before=before,
        form=(*pack.form, *_narrowed(other.form, taken)),
        stages=_stages(pack, other, taken),
        asks=asks,
        asks_applied=asks_applied,
        numbers=_numbers(pack.numbers, other.numbers),
        offered_when=_kept({**other.offered_when, **pack.offered_when}, ids),
    )


def _kept(rows: Mapping[str, Any], items: Sequence[str]) -> dict[str, Any]:
    return {item: row for item, row in rows.items() if item in items}


def _of(rows: Mapping[str, Any], items: Sequence[str]) -> dict[str, Any]:
    return {item: rows[item] for item in items}


def _narrowed(rows: Sequence[Compiled], items: Sequence[str]) -> tuple[Compiled, ...]:
    """These rows as far as they are about these items."""
    wanted = frozenset(items)
    return tuple(replace(row, items=row.items & wanted) for row in rows if row.items & wanted)


def _stages(pack: Pack, other: Pack, taken: Sequence[str]) -> tuple[frozenset[str], ...]:
    """Each item taken over stands in the stage that it has in its own document."""
    most = max(len(pack.stages), len(other.stages))
    empty = frozenset[str]()
    own = (*pack.stages, *[empty] * (most - len(pack.stages)))
    theirs = (*other.stages, *[empty] * (most - len(other.stages)))
    return tuple(mine | (its & frozenset(taken)) for mine, its in zip(own, theirs, strict=True))


def _numbers(one: Mapping[str, tuple[int, ...]], other: Mapping[str, tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
    return {name: classes(one.get(name, ())[1:], other.get(name, ())[1:]) for name in (*one, *other)}


def _only(pack: Pack, kept: Sequence[str], elsewhere: Sequence[str]) -> Pack:
    """The pack with these items; `elsewhere`: those that another document does, which still come first."""
    wanted = frozenset(kept)
    return replace(
        pack,
        ids=tuple(kept),
        items=_of(pack.items, kept),
        rules=_of(pack.rules, kept),
        first=tuple(row for row in pack.first if row.written.item in wanted | frozenset(elsewhere)),
        form=_narrowed(pack.form, kept),
        before=_narrowed(pack.before, kept),
        stages=tuple(stage & wanted for stage in pack.stages),
    )


def _seen_from(pack: Pack, place: Place) -> Pack:
    """The pack with conditions that look at household and residence from its own place, wherever it is used."""

    def rows(some: Sequence[Compiled]) -> tuple[Compiled, ...]:
        return tuple(replace(row, rule=_rule_from(row.rule, place)) if row.rule else row for row in some)

    def by_item(some: Mapping[str, Sequence[Compiled]]) -> dict[str, tuple[Compiled, ...]]:
        return {item: rows(of) for item, of in some.items()}

    return replace(
        pack,
        rules={item: _rule_from(rule, place) for item, rule in pack.rules.items()},
        first=rows(pack.first),
        ways=by_item(pack.ways),
        clocks=by_item(pack.clocks),
        bindings=by_item(pack.bindings),
        before=rows(pack.before),
        form=rows(pack.form),
    )


def _rule_from(rule: Rule, place: Place) -> Rule:
    return compile_condition(rule.written, rule.named, rule.document, place)
