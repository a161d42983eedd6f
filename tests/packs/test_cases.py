"""Cases written by hand from the documents (*.yaml beside this file), decided and compared with what they say.

A case has a sentence, facts (over a named base), perhaps wants, and any of: verdicts, needs, rows (of the decision
table), modes, papers (need -> ids, each list complete), limits (item -> [days, start]), order, before, next, nearest,
why (item -> clause, holds), unsaid (item -> words that are not among its reasons), all (every item that is not
refused), fields (of the form, complete), copies (paper -> how many), quiet (items that are open and not offered by
themselves), also (the way of the wider document beside ours).
"""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from dialogs.policy import Decision, Policy, decide, form_fields, next_question

FILES = sorted(path for path in Path(__file__).parent.glob("*.yaml") if path.stem != "equivalent")
KEYS = {
    "case", "facts", "base", "wants", "on", "verdicts", "needs", "rows", "modes", "papers", "limits", "order", "before",
    "next", "nearest", "why", "unsaid", "outside", "all", "fields", "quiet", "copies", "also",
}  # fmt: skip


def cases() -> list[Any]:
    found = []
    for path in FILES:
        written = yaml.load(path.read_text("utf-8"), yaml.CSafeLoader)
        for case in written["cases"]:
            assert not case.keys() - KEYS, (case["case"], case.keys() - KEYS)
            facts = {**written["bases"].get(case.get("base"), {}), **case.get("facts", {})}
            found.append(pytest.param(written["region"], {**case, "facts": facts}, id=f"{path.stem}: {case['case']}"))
    return found


@pytest.mark.parametrize(("region", "case"), cases())
def test_the_pack_decides_as_the_document_says(policy: Policy, region: str, case: dict[str, Any]) -> None:
    compare(policy, region, case)


def compare(policy: Policy, region: str, case: dict[str, Any]) -> None:
    """AssertionError where something comes out otherwise than the case says."""
    pack, on = policy.packs[region], case.get("on", date(2026, 3, 2))
    decision = decide(pack, case["facts"], case.get("wants"), on)
    expected = {
        key: value
        for key, value in case.items()
        if key not in ("case", "facts", "base", "wants", "on", "next", "fields")
    }
    assert expected or {"next", "fields"} & case.keys(), "a case must say what comes out"
    for key, value in expected.items():
        SEEN[key](decision, value)
    if "next" in case:
        question = next_question(policy, pack, case["facts"], case.get("wants"), on)
        assert (question.key if question else None) == case["next"]
    if "fields" in case:
        fields = form_fields(policy, pack, case["facts"], case.get("wants") or [*pack.ids], on)
        assert sorted(field.name for field in fields) == sorted(case["fields"])


def _verdicts(decision: Decision, expected: dict[str, str]) -> None:
    assert {item: decision.items[item].verdict for item in expected} == expected


def _all(decision: Decision, expected: dict[str, str]) -> None:
    """Every item that is not named is not_eligible."""
    assert {item: one.verdict for item, one in decision.items.items() if one.verdict != "not_eligible"} == expected


def _needs(decision: Decision, expected: dict[str, list[str]]) -> None:
    assert {item: list(decision.items[item].needs) for item in expected} == expected


def _rows(decision: Decision, expected: dict[str, str | None]) -> None:
    rows = {item: way.row for item, way in decision.channel.items()}
    assert {item: rows.get(item) for item in expected} == expected


def _modes(decision: Decision, expected: dict[str, str]) -> None:
    assert {item: way.mode for item, way in decision.channel.items() if item in expected} == expected


def _papers(decision: Decision, expected: dict[str, list[str]]) -> None:
    found: dict[str, list[str]] = {}
    for paper in decision.materials:
        found.setdefault(paper.need, []).append(paper.id)
    assert {need: sorted(ids) for need, ids in found.items()} == {need: sorted(ids) for need, ids in expected.items()}


def _copies(decision: Decision, expected: dict[str, int | None]) -> None:
    assert {paper.id: paper.count for paper in decision.materials if paper.id in expected} == expected


def _also(decision: Decision, expected: dict[str, str | None]) -> None:
    """The way that the wider document opens beside ours; null: none."""
    beside = {item: way.mode for item, way in decision.also.items()}
    assert {item: beside.get(item) for item in expected} == expected


def _quiet(decision: Decision, expected: list[str]) -> None:
    assert sorted(decision.quiet) == expected


def _limits(decision: Decision, expected: dict[str, Any]) -> None:
    """As [days, start], or by the names of what a limit is made of (by, calendar_days, excludes...)."""
    for key, value in expected.items():
        one = decision.deadlines.get(key)
        if isinstance(value, dict):
            assert one is not None, key
            assert {name: getattr(one, name) for name in value} == {
                name: tuple(each) if isinstance(each, list) else each for name, each in value.items()
            }
        else:
            assert (one and [one.working_days, one.starts]) == value


def _order(decision: Decision, expected: list[list[str]]) -> None:
    assert [list(stage) for stage in decision.order] == expected


def _before(decision: Decision, expected: dict[str, list[str]]) -> None:
    assert {one.id: list(one.for_items) for one in decision.before} == expected


def _nearest(decision: Decision, expected: dict[str, str]) -> None:
    assert {item: decision.items[item].nearest for item in expected} == expected


def _why(decision: Decision, expected: dict[str, dict[str, Any]]) -> None:
    for item, reason in expected.items():
        found = [(one.clause, one.holds) for one in decision.items[item].why]
        assert (reason["clause"], reason["holds"]) in found, (item, found)


def _unsaid(decision: Decision, expected: dict[str, str]) -> None:
    for item, says in expected.items():
        assert says not in [reason.says for reason in decision.items[item].why]


def _outside(decision: Decision, expected: str) -> None:
    assert decision.outside is not None
    assert decision.outside.row == expected


SEEN = {
    "verdicts": _verdicts,
    "all": _all,
    "needs": _needs,
    "rows": _rows,
    "modes": _modes,
    "papers": _papers,
    "copies": _copies,
    "quiet": _quiet,
    "also": _also,
    "limits": _limits,
    "order": _order,
    "before": _before,
    "nearest": _nearest,
    "why": _why,
    "unsaid": _unsaid,
    "outside": _outside,
}


def test_every_item_of_every_pack_is_decided_both_ways_by_the_cases(policy: Policy) -> None:
    told: dict[tuple[str, str], set[str]] = {}
    for case in cases():
        region, body = case.values
        for key in ("verdicts", "all"):
            for item, verdict in body.get(key, {}).items():
                told.setdefault((region, item), set()).add(verdict)
    for region, pack in policy.packs.items():
        for item in pack.items:
            good = "automatic" if item in pack.automatic else "eligible"
            assert {good, "not_eligible", "unknown"} <= told[region, item], (region, item, told.get((region, item)))
