"""The few questions about the person whose answers can still change the outcome; which they are, the policy says.

The facts that count are those on the path: they are gathered by asking the policy again from nothing, so an answer from a way no
longer taken plays no part, and a fact that was volunteered early is simply not asked any more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dialogs.messages import Option
from dialogs.policy import Question, base_facts, next_question, outside
from dialogs.steps.asking import put
from dialogs.view import Asking, Problem, Query, Taken, View

STATE = "screening/asking"
NONE_OF_THESE = "none"
UNSURE = "unsure"


def queries(view: View) -> Iterator[Query]:
    for _, question in _walk(view):
        yield _query(question)


def facts_on_path(view: View) -> Mapping[str, Any]:
    """Who and where, and the answers to the questions the policy would ask, in its order."""
    facts = _begun(view)
    for known, _ in _walk(view):
        facts = known
    return facts


def ask(view: View, query: Query) -> Asking:
    question = _question(view, query.key)
    text = question.text.format(who=view.who)
    options = _options(view, question)
    kind = {"several": "choices", "number": "number", "date": "date", "choice": "choice"}[question.input]
    return Asking(put(view, query, question.title, text, kind, options, question.hint.format(who=view.who)))  # type: ignore[arg-type]


def take(view: View, query: Query, value: Any) -> Taken | Problem:
    question = _question(view, query.key)
    if value == UNSURE:
        return Taken(dict.fromkeys(query.keys, None))
    if question.input == "several":
        return _several(view, question, value)
    taken = question.check(value)
    if taken is None:
        return Problem(view.words.say("number_wanted" if question.input == "number" else "please_choose"))
    return Taken({question.facts[0]: taken})


def outside_queries(view: View) -> Iterator[Query]:
    """In another county of the same province the way still depends on two answers (decision table, rows B5 to B7)."""
    for name in outside(view.policy, view.county).asks:
        yield Query(name, STATE, covers=(name,))


def outside_row(view: View) -> str:
    """Which row of the decision table speaks to a household outside: the wording's key."""
    return outside(view.policy, view.county).row(view.answers_to(outside(view.policy, view.county).asks))


def _begun(view: View) -> dict[str, Any]:
    pack = view.pack
    return dict(base_facts(pack, view.county, view.residence, view.role)) if pack else {}


def _walk(view: View) -> Iterator[tuple[dict[str, Any], Question]]:
    """Question by question: the facts known after it (only as far as it is answered), and the question."""
    pack, facts = view.pack, _begun(view)
    if pack is None:
        return
    while question := next_question(view.policy, pack, facts, None, view.today):
        told = {name: view.answers[name].value for name in question.facts if name in view.answers}
        facts = {**facts, **told}
        yield facts, question
        if len(told) < len(question.facts):
            return


def _query(question: Question) -> Query:
    return Query(question.key, STATE, covers=question.facts)


def _question(view: View, key: str) -> Question:
    for _, question in _walk(view):
        if question.key == key or key in question.facts:
            return question
    return view.policy.question(key)


def _options(view: View, question: Question) -> tuple[Option, ...]:
    options = [Option(o.value, o.label.format(who=view.who), o.hint.format(who=view.who)) for o in question.options]
    if question.input == "several":
        options.append(Option(NONE_OF_THESE, view.words.say("none_of_these")))
    return (*options, Option(UNSURE, view.words.say("not_sure")))


def _several(view: View, question: Question, value: Any) -> Taken | Problem:
    chosen = value if isinstance(value, list) else [value]
    if UNSURE in chosen:
        return Taken(dict.fromkeys(question.facts, None))
    if chosen == [NONE_OF_THESE]:
        return Taken(dict.fromkeys(question.facts, False))
    if not chosen or not set(chosen) <= set(question.facts):
        return Problem(view.words.say("choose_or_none"))
    return Taken({fact: fact in chosen for fact in question.facts})
