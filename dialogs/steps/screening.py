"""The few questions about the person whose answers can still change the outcome; which they are, the policy says.

They are asked twice over: before the offer for what there could be, and after the choice for what was chosen (its
papers, its way). The
facts that count are those on this path: they are gathered by asking the policy again from nothing, so an answer
from a way no longer taken
plays no part, and a fact that was volunteered early is simply not asked any more. What was volunteered counts all the same
where no question would have asked for it: it is then that a document's silence is left to a person.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dialogs.messages import Option
from dialogs.policy import Pack, Question, facts_of, next_question, question_for
from dialogs.policy.ask import NONE
from dialogs.policy.where import outside_question
from dialogs.steps.asking import put
from dialogs.view import Asking, Problem, Query, Said, Taken, View, frozen

STATE = "screening/asking"
UNSURE = "unsure"
Facts = Mapping[str, Any]


def queries(view: View) -> Iterator[Query]:
    """Before the offer: what could still open or close something."""
    for query, _ in walk(view, None, begun(view)):
        yield query


def after_choice(view: View, items: Sequence[str], known: Facts) -> Iterator[Query]:
    """After the choice: what the papers, limits and ways of these items still depend on."""
    for query, _ in walk(view, items, known):
        yield query


def facts_before_offer(view: View) -> Facts:
    return _last(view, None, begun(view))


def with_told(view: View, facts: Facts) -> Facts:
    """These facts, and what was told without being asked."""
    return {**_told(view), **facts}


def _told(view: View) -> Facts:
    answers = view.answers.items()
    told = {name: a.value for name, a in answers if a.by == "told" and name in view.policy.facts}
    return {name: value for name, value in told.items() if value is not None}


def facts_for(view: View, items: Sequence[str], known: Facts) -> Facts:
    return _last(view, items, known)


def begun(view: View) -> Facts:
    """What is known before the first question: who and where."""
    facts: dict[str, Any] = {"household_county": view.county, "is_deceased": view.is_dead}
    if view.residence:
        facts["residence_county"] = view.residence
    if not view.is_dead and view.role:
        facts["actor_role"] = view.role
    return facts


def walk(view: View, items: Sequence[str] | None, known: Facts) -> tuple[tuple[Query, Facts], ...]:
    """Question by question, as far as they are answered: the query, and the facts known once it is. The same for everybody
    with the same answers (none of them personal: who and what is asked for by name is not among these), so remembered."""
    pack = view.pack
    if pack is None:
        return ()
    told = {
        name: a.value for name, a in view.answers.items() if name in view.policy.facts and view.policy.facts[name].ask
    }
    chosen, beside = None if items is None else tuple(items), _told(view)
    key = ("walk", pack.key, view.is_served, view.today, chosen, frozen(known), frozen(told), frozen(beside))
    return view.library.remember(key, lambda: tuple(_walk(view, pack, items, known, told, beside)))


def _walk(
    view: View, pack: Pack, items: Sequence[str] | None, known: Facts, answers: Facts, beside: Facts
) -> Iterator[tuple[Query, Facts]]:
    """`beside`: what was told without being asked: it stands on the path where its question comes, and rules out before what it
    answers (a man of 47 is no orphan)."""
    facts = dict(known)
    while question := _next(view, pack, items, facts):
        if beside and not any(name in answers for name in question.facts):
            question = _next(view, pack, items, {**beside, **facts})
            if question is None:
                return
        told = {name: answers[name] for name in question.facts if name in answers}
        if len(told) == len(question.facts):
            facts = {**facts, **_unshown(view, question), **told}
            yield _query(question, answers), facts
        elif told and not _nothing_yet(
            view, question, told
        ):  # part of a question with several answers was volunteered: only the rest is asked
            facts = {**facts, **told}
            for name in told:
                yield Query(name, STATE, covers=(name,)), facts
        else:
            yield _query(question, answers), facts
            return


def _next(view: View, pack: Pack, items: Sequence[str] | None, facts: Facts) -> Question | None:
    if view.is_served:
        return next_question(view.policy, pack, facts, items, view.today)
    return outside_question(view.policy, pack, facts, view.today) if view.is_near else None


def ask(view: View, query: Query) -> Asking:
    question = _question(view, query)
    options = tuple(_option(view, option) for option in question.options)
    text, hint = question.text.format(who=view.who), question.hint.format(who=view.who)
    return Asking(put(view, query, question.title, text, question.input, options, hint, explained=question.explained))


def take(view: View, query: Query, value: Any) -> Taken | Problem:
    question = _question(view, query)
    if value in (UNSURE, [UNSURE]):
        return Taken(dict.fromkeys(question.facts))
    checked = _checked(question, value)
    if checked is None:
        return Problem(view.words.say("number_wanted" if question.input == "number" else "please_choose"))
    stated = facts_of(view.policy, question.key, checked)
    return Taken({name: stated[name] for name in question.facts})


def said(view: View, query: Query) -> Said:
    question = _question(view, query)
    values = [view.value(name) for name in question.facts]
    if all(value is None for value in values):
        return Said(question.title, view.words.say("not_sure"))
    return Said(question.title, _chosen(view, question) or fact_in_words(view, question.facts[0], values[0]))


def fact_in_words(view: View, name: str, value: Any) -> str:
    """A fact's value: its option's label, 是 or 不是, a number, or 不清楚."""
    if value is None:
        return view.words.say("not_sure")
    options = {option.value: option.label for option in view.policy.options(view.policy.facts[name])}
    if isinstance(value, bool):
        return options.get(value, view.words.say("yes" if value else "no"))
    if name.endswith("_county"):
        return view.county_name(str(value))
    told = "、".join(options.get(one, str(one)) for one in (value if isinstance(value, list) else [value]))
    return told + view.words.names["units"].get(name, "")


def _chosen(view: View, question: Question) -> str:
    """The chosen answers of a question with several, or its “none of them”; "" for any other question."""
    group = view.policy.groups.get(question.key)
    if group is None:
        return ""
    facts = {name: view.value(name) for name in question.facts}
    chosen = [o.label for o in group.options if all(facts.get(name) == value for name, value in o.sets.items())]
    return "、".join(chosen) or group.none


def _checked(question: Question, value: Any) -> Any:
    """The value if it is an answer to this question, else None."""
    if question.input == "number":
        return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 130 else _digits(value)
    allowed = [option.value for option in question.options if option.value is not None]
    if question.input != "choices":
        return value if any(value is one or (value == one and type(value) is type(one)) for one in allowed) else None
    chosen = (value or [NONE]) if isinstance(value, list) else [value]
    good = bool(chosen) and all(isinstance(one, str) and one in allowed for one in chosen)
    return chosen if good and (NONE not in chosen or chosen == [NONE]) else None


def _digits(value: Any) -> int | None:
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() and int(value) <= 130 else None


def _last(view: View, items: Sequence[str] | None, known: Facts) -> Facts:
    for _, facts in walk(view, items, known):
        known = facts
    return known


def _unshown(view: View, question: Question) -> dict[str, Any]:
    """Once a question with several answers is answered, what it did not show is as usual: it makes no difference."""
    group = view.policy.groups.get(question.key)
    return (
        {} if group is None else {name: usual for name, usual in group.otherwise.items() if name not in question.facts}
    )


def _nothing_yet(view: View, question: Question, told: Facts) -> bool:
    """Whether what is told of a question that opens a door opens none: “都没有” of another county's list, which was shorter, is
    no answer to this one, so it is put whole."""
    group = view.policy.groups.get(question.key)
    return group is not None and group.door and all(group.otherwise.get(name) == value for name, value in told.items())


def _query(question: Question, answers: Facts) -> Query:
    if question.key == "assessment_done":
        state = "offer/waiting" if question.key in answers else "offer/assessment"
        return Query(question.key, state, stands=lambda value: value is True, question=question)
    return Query(question.key, STATE, covers=question.facts, question=question)


def _question(view: View, query: Query) -> Question:
    assert view.pack is not None
    return query.question or question_for(view.policy, view.pack, query.key, begun(view))


def _option(view: View, option: Option) -> Option:
    value = UNSURE if option.value is None else option.value
    return Option(value, option.label.format(who=view.who), option.hint.format(who=view.who))
