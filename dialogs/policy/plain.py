"""A pack and its decisions as readable Chinese text, for those who keep the policy: every condition with its clause,
and the whole answer for one person.

Nothing is decided here, and nothing of this is said to applicants: the talk has its own words.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from dialogs.policy.ask import next_question
from dialogs.policy.code import compile_condition
from dialogs.policy.decide import complete, decide, with_what_comes_first
from dialogs.policy.decision import Deadline, Decision
from dialogs.policy.logic import Condition, Reason, Rule
from dialogs.policy.pack import Pack, Policy

VERDICTS = {
    "eligible": "可以办",
    "later": "先办前面的，再办",
    "automatic": "自动办理",
    "not_eligible": "不能办",
    "unknown": "还不能确定",
}
NEEDS = {"required": "必须", "waivable": "可以免或看情况", "exempt": "不用交", "hand_in": "要交回"}
WORDS = {True: "是", False: "否", None: "不清楚"}
MARKS: dict[bool | None, str] = {True: "✓", False: "✗", None: "？"}
OPS = {"eq": "＝", "ne": "≠", "in": "∈", "gte": "≥", "gt": "＞", "lte": "≤", "lt": "＜", "overlaps": "含"}
JOINED = {
    "all": "都要满足：",
    "any": "满足一条就行：",
    "not": "不能是：",
    "known": "已经知道：",
    "doubt": "如果已知下面这条，由人来定：",
    "open": "下面这条成立时，由人来定：",
}


# --- one item ---


def explain(policy: Policy, pack: Pack, item: str, facts: Mapping[str, Any] | None, on: date) -> str:
    """Every condition of the item with clause and words; with `facts`, which holds, fails or is not known. Raises
    KeyError for an unknown item."""
    rule, body = pack.rules[item], pack.items[item]
    known = None if facts is None else complete(pack, facts, on)
    lines = [f"{body.name}（{item}），{pack.departments[body.department].name}", *_condition(policy, rule, known)]
    if facts is not None:
        one = decide(pack, facts, None, on).items[item]
        lines += ["", f"结论：{VERDICTS[one.verdict]}", *_missing(policy, one.needs)]
        lines += [f"怎样才可以：{one.nearest}"] if one.nearest else []
    for row in pack.first:
        if item in row.items:
            when = "" if row.rule is None else "，当："
            lines += ["", f"先办 {pack.items[row.written.item].name}：{row.written.says}〔{row.written.clause}〕{when}"]
            lines += _condition(policy, row.rule, known) if row.rule else []
    return "\n".join(lines)


def _condition(policy: Policy, rule: Rule, known: Mapping[str, Any] | None) -> Iterator[str]:
    def spell(one: Condition, depth: int) -> Iterator[str]:
        if one.use is not None:
            yield from spell(rule.named[one.use], depth)
            return
        value = True if known is None else compile_condition(one, rule.named, "").test(known)
        yield "  " * depth + f"{'·' if known is None else MARKS[value]} {_head(policy, one, value)}"
        for inner in (*(one.all_ or ()), *(one.any_ or ()), one.not_, one.known, one.doubt, one.open):
            if isinstance(inner, Condition):
                yield from spell(inner, depth + 1)

    yield from spell(rule.written, 1)


def _head(policy: Policy, one: Condition, value: bool | None) -> str:
    """What stands on its line: the test or how it is joined, its words for this value, its clause."""
    if one.fact is not None:
        test = f"{policy.facts[one.fact].title}（{one.fact}）{OPS[one.op or 'eq']}{valued(policy, one.fact, one.value)}"
    elif one.open is not None:
        test = "文件没写完，由人来定" if one.open == "always" else JOINED["open"]
    else:
        test = next(text for kind, text in JOINED.items() if getattr(one, f"{kind}_", None) or getattr(one, kind, None))
    words = {True: one.holds, False: one.fails, None: one.unknown}[value] or one.holds or one.unknown or one.fails
    words = words.replace("{who}", "申请人")
    cited = f"〔{one.clause}{'，按 ' + one.reading if one.reading else ''}〕" if one.clause else ""
    return f"{test}  {words}{cited}".rstrip()


def valued(policy: Policy, name: str, value: Any) -> str:
    values = value if isinstance(value, (list, tuple, frozenset)) else [value]
    labels = {option.value: option.label for option in policy.options(policy.facts[name])}
    return "、".join(
        labels.get(one) or (WORDS[one] if one is None or isinstance(one, bool) else str(one)) for one in values
    )


def _missing(policy: Policy, needs: Sequence[str]) -> list[str]:
    names = [policy.facts[name].title if name in policy.facts else "要由人来定" for name in needs]
    return [f"还缺：{'、'.join(names)}"] if names else []


# --- one person ---


def answer(policy: Policy, pack: Pack, facts: Mapping[str, Any], wants: Sequence[str] | None, on: date) -> str:
    """The whole answer: verdicts with reasons, order, what is needed first, papers, limits, ways, the next question."""
    wants = with_what_comes_first(pack, facts, wants, on)
    decision = decide(pack, facts, wants, on)
    question = next_question(policy, pack, facts, wants, on)
    lines = [f"{pack.written.name}  {pack.written.title}（{pack.version}）"]
    lines += ["已知：" + ("；".join(_told(policy, facts)) or "还什么都不知道")]
    if decision.outside:
        lines += [f"不归这里办：{decision.outside.says}〔{decision.outside.clause}〕"]
    for verdict in ("eligible", "later", "automatic", "unknown", "not_eligible"):
        lines += _verdicts(policy, pack, decision, verdict)
    lines += _going_on(pack, decision)
    lines += ["", f"下一个问题：{question.text}（{question.key}）" if question else "没有要问的了。"]
    return "\n".join(lines).replace("{who}", "本人")


def _told(policy: Policy, facts: Mapping[str, Any]) -> Iterator[str]:
    for name, value in facts.items():
        yield f"{policy.facts[name].title}={'不清楚' if value is None else valued(policy, name, value)}"


def _verdicts(policy: Policy, pack: Pack, decision: Decision, verdict: str) -> Iterator[str]:
    some = {item: one for item, one in decision.items.items() if one.verdict == verdict}
    if some:
        yield from ("", f"【{VERDICTS[verdict]}】")
    for item, one in some.items():
        yield f"{pack.items[item].name}（{item}）"
        yield from (f"    {_reason(reason)}" for reason in one.why)
        yield from (f"    {line}" for line in _missing(policy, one.needs))
        if one.nearest:
            yield f"    → {one.nearest}"
        if way := decision.channel.get(item):
            yield f"    办法：{way.says}（{way.where}）〔{way.clause}〕"
        if also := decision.also.get(item):
            yield f"    或者：{also.where}。{also.says}〔{also.clause}〕"


def _reason(reason: Reason) -> str:
    return f"{MARKS[reason.holds]} {reason.says}〔{reason.clause}〕"


def _going_on(pack: Pack, decision: Decision) -> Iterator[str]:
    if decision.order:
        stages = ("、".join(pack.items[item].short for item in stage) for stage in decision.order)
        yield from ("", "【先后】" + " → ".join(stages))
    for one in decision.before:
        yield f"先要有：{one.name}。{one.what}{one.where}〔{one.clause}〕"
    if decision.materials:
        yield from ("", "【材料】")
    for paper in decision.materials:
        count = f"，{paper.count} 份" if paper.count else ""
        yield f"{paper.name}（{NEEDS[paper.need]}{count}）{paper.form}〔{paper.clause}〕"
    if decision.deadlines:
        yield from ("", "【时限】")
    for key, limit in decision.deadlines.items():
        yield f"{pack.items[key].short if key in pack.items else '整件事'}：{_limit(limit)}"


def _limit(limit: Deadline) -> str:
    return f"{limit.says}〔{limit.clause}〕"
