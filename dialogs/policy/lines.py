"""JSON lines in, JSON lines out: what `yijianshi decide` does, without files. A bad line is answered with its
error."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from dialogs.policy.ask import next_question
from dialogs.policy.decide import decide, with_what_comes_first
from dialogs.policy.decision import Decision
from dialogs.policy.pack import Policy
from dialogs.policy.told import wrong_value

_KEYS = frozenset({"id", "region", "on", "facts", "wants"})
LIVING, DEAD = "您", "逝者"


def decide_lines(policy: Policy, lines: Iterable[str]) -> Iterator[str]:
    """One line out for each that is not blank. A line that cannot be decided gives {"id", "error"}; the others are
    answered."""
    for line in lines:
        if line.strip():
            yield json.dumps(_answer(policy, line), ensure_ascii=False)


def _answer(policy: Policy, line: str) -> dict[str, Any]:
    case: Any = None
    try:
        case = json.loads(line)
        if not isinstance(case, dict):
            raise ValueError("the line is no JSON object")
        return {"id": case.get("id"), **_decided(policy, case)}
    except json.JSONDecodeError as problem:
        return {"id": None, "error": f"not readable as JSON: {problem}"}
    except RecursionError:
        return {"id": None, "error": "nested too deeply"}
    except ValueError as problem:
        return {"id": case.get("id") if isinstance(case, dict) else None, "error": str(problem)}


def _decided(policy: Policy, case: Mapping[str, Any]) -> dict[str, Any]:
    if unknown := case.keys() - _KEYS:
        raise ValueError(f"unknown keys: {', '.join(sorted(unknown))}")
    region = case.get("region")
    pack = policy.packs.get(region) if isinstance(region, str) else None
    if pack is None:
        raise ValueError(f"no pack for region {region!r}; there are: {', '.join(policy.packs)}")
    on, facts, wants = _day(case.get("on")), check_facts(policy, case.get("facts", {})), _wants(case.get("wants"))
    together = with_what_comes_first(pack, facts, wants, on)
    decision = decide(pack, facts, together, on)
    question = next_question(policy, pack, facts, together, on)
    shape = decision.as_json(DEAD if facts.get("is_deceased") else LIVING)
    return {**shape, "next_question": _fact_asked(question.facts, decision, together) if question else None}


def _fact_asked(facts: tuple[str, ...], decision: Decision, wants: Sequence[str] | None) -> str:
    """Of a question about several facts the first that something open waits for."""
    waiting = {name for item, one in decision.items.items() if wants is None or item in wants for name in one.needs}
    return next((name for name in facts if name in waiting), facts[0])


def _day(told: Any) -> date:
    try:
        return date.fromisoformat(told)
    except (TypeError, ValueError):
        raise ValueError(f"“on” must be a date YYYY-MM-DD, not {told!r}") from None


def _wants(told: Any) -> list[str] | None:
    if told is None:
        return None
    if not isinstance(told, list) or not all(isinstance(item, str) for item in told):
        raise ValueError("“wants” must be a list of item ids")
    return told


def check_facts(policy: Policy, told: Any) -> dict[str, Any]:
    """The facts, as they came, with what a null stands for. Raises ValueError for a name that is no fact and for a value that
    it cannot have."""
    if not isinstance(told, dict):
        raise ValueError("“facts” must be an object")
    for name, value in told.items():
        fact = policy.facts.get(name)
        if fact is None:
            raise ValueError(f"no fact is called “{name}”")
        if wrong := wrong_value(fact, value):
            raise ValueError(f"“{name}”: {wrong}")
    return {name: policy.facts[name].never if value is None else value for name, value in told.items()}
