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
from dialogs.policy.plain import JOINED, NEEDS, OPS, VERDICTS, WORDS, valued

MOST_SITUATIONS = 20_000
MISSING = object()
ROWS = {"first", "ways", "outside", "clocks", "materials", "before", "fields", "stages", "serves", "all", "any"}
TESTS = {"use", "all", "any", "not", "known", "doubt", "open", "fact", "op", "value"}
PLACES = {
    "conditions": "条件", "items": "事项", "first": "先办", "order": "先后", "ways": "办法", "outside": "不归这里办",
    "clocks": "时限", "materials": "材料", "before": "先要有", "form": "申请表", "fields": "栏目", "rules": "须知",
    "asking": "提问", "serves": "在哪里办", "departments": "部门", "commitment": "承诺", "rating": "评价",
    "complaint": "投诉", "parent": "上一级文件", "when": "条件", "says": "说法", "clause": "条款", "reading": "读法",
    "holds": "成立时说", "fails": "不成立时说", "unknown": "不清楚时说", "change": "怎样才可以", "name": "名称",
    "row": "行", "mode": "方式", "where": "地方", "verdicts": "结论", "material": "材料", "need": "要不要",
    "count": "份数", "working_days": "工作日", "calendar_days": "自然日", "starts": "起算", "excludes": "不算",
    "by": "期限", "item": "事项", "opens": "之后办", "grants": "办好后算作", "assessed": "等评定", "field": "栏目",
    "section": "栏目组", "stages": "先后", "counties": "区划", "version": "版本", "dated": "日期", "number": "文号",
}  # fmt: skip
"""How the places of a file are called; what has no name here stands as it is written."""


# --- in words ---


def changes(policy: Policy, old: Pack, new: Pack) -> Iterator[str]:
    """Every place of the file that says something else, as `place：old → new`, in the names of items, papers and
    facts."""
    before, after = (pack.written.model_dump(by_alias=True, exclude_defaults=True) for pack in (old, new))
    yield from _Spoken(policy, _names(policy, old, new)).differ((), before, after)


def _names(policy: Policy, old: Pack, new: Pack) -> dict[str, str]:
    """What the ids of items, papers, facts, questions and fields are called."""
    shelves = (
        {name: field.label for name, field in policy.fields.items()},
        {name: group.title for name, group in policy.groups.items()},
        {name: fact.title for name, fact in policy.facts.items()},
        {name: paper.name for name, paper in policy.materials.items()},
        {item: body.name for pack in (old, new) for item, body in pack.items.items()},
        VERDICTS,
        NEEDS,
    )
    return {name: called for shelf in shelves for name, called in shelf.items()}


@dataclass(frozen=True, slots=True)
class _Spoken:
    """What differs, in words."""

    policy: Policy
    names: Mapping[str, str]

    def differ(self, at: tuple[str, ...], old: Any, new: Any) -> Iterator[str]:
        if old == new:
            return
        if isinstance(old, dict) and isinstance(new, dict):
            yield from self.differ_inside(at, old, new)
        elif at[-1] in ROWS and isinstance(old, (list, tuple)) and isinstance(new, (list, tuple)):
            yield from (f"{self.place(at)}：去掉 {self.said(row)}" for row in old if row not in new)
            yield from (f"{self.place(at)}：新增 {self.said(row)}" for row in new if row not in old)
        elif old is MISSING:
            yield f"{self.place(at)}：新增 {self.said(new)}"
        elif new is MISSING:
            yield f"{self.place(at)}：去掉 {self.said(old)}"
        else:
            yield f"{self.place(at)}：{self.said(old)} → {self.said(new)}"

    def differ_inside(self, at: tuple[str, ...], old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
        tests = [{key: value for key, value in one.items() if key in TESTS} for one in (old, new)]
        kinds = [one.keys() & {"all", "any"} for one in tests]
        as_whole = all(tests) and tests[0] != tests[1] and not (kinds[0] and kinds[0] == kinds[1])
        if as_whole:
            yield f"{self.place(at)}：{self.said(tests[0])} → {self.said(tests[1])}"
        for key in dict.fromkeys((*old, *new)):
            if not (as_whole and key in TESTS):
                yield from self.differ((*at, key), old.get(key, MISSING), new.get(key, MISSING))

    def place(self, at: tuple[str, ...]) -> str:
        """The place in the file, step by step."""
        return " › ".join(map(self.step, at))

    def step(self, word: str) -> str:
        return PLACES.get(word) or JOINED.get(word, "").rstrip("：") or self.called(word)

    def called(self, word: str) -> str:
        """By its name, the id behind it."""
        return f"{self.names[word]}（{word}）" if word in self.names else word

    def said(self, value: Any) -> str:
        if isinstance(value, dict):
            test = {key: one for key, one in value.items() if key in TESTS}
            rest = [f"{self.step(key)}：{self.said(one)}" for key, one in value.items() if key not in test]
            return "；".join((self.test(test), *rest) if test else rest)
        if isinstance(value, (list, tuple)):
            return "、".join(self.said(inner) for inner in value) or "（空）"
        if value is None or isinstance(value, bool):
            return WORDS[value]
        return self.called(str(value))

    def test(self, one: Mapping[str, Any]) -> str:
        """A condition as a sentence."""
        if fact := one.get("fact"):
            return f"{self.called(fact)}{OPS[one['op']]}{valued(self.policy, fact, one['value'])}"
        kind, inner = next(iter(one.items()))
        if kind in ("all", "any"):
            return f"（{('，且' if kind == 'all' else '，或').join(map(self.said, inner))}）"
        if kind == "use":
            return f"条件 {inner}"
        return JOINED[kind] + ("总是" if inner == "always" else self.said(inner))


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
