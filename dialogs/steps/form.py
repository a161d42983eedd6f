"""The form fields that the chosen items need, one at a time, and never more. What follows from another answer is
not asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from dialogs.days import day_says
from dialogs.messages import Option, Say
from dialogs.policy import Field, check, facts_from_fields, form_fields
from dialogs.policy.decide import complete
from dialogs.policy.fields import SAME, still_stands
from dialogs.steps.asking import put
from dialogs.steps.offer import applied, item_name, way_of
from dialogs.view import Asking, Problem, Query, Said, Taken, View, frozen

PREFIX = "field:"
KIN = "guardian_relation"  # what the guardian is to the applicant, asked only where the beginning of the talk left it open
_FOLLOWING = frozenset({"age", "card_level", "card_categories"})
_NUMBERS = ("id_number", "disability_card_no")


def lay(view: View) -> tuple[Field, ...]:
    """Every field of the form for what goes through this desk, derived ones included. What one field says may call for
    another (post the card: then where to), so the form is laid again until it no longer grows."""
    facts, asked = dict(view.facts_chosen), tuple[Field, ...]()
    while True:
        laid = _laid(view, facts)
        if len(laid) == len(asked):
            return laid
        names = {field.name for field in laid}
        values = {name: value for name, value in told(view).items() if name in names and value != ""}
        facts, asked = {**view.facts_chosen, **facts_from_fields(view.policy, values)}, laid


def _laid(view: View, facts: dict[str, Any]) -> tuple[Field, ...]:
    """The form for these facts. It is the same for everybody with the same ones, so it is remembered, but without anything
    personal: of the numbers only age, category and level play a part, and what else follows is put in afterwards."""
    pack, items = view.pack, {item: way_of(view, item) for item in applied(view)}
    assert pack is not None
    personal = {field.fact for field in view.policy.fields.values() if field.fact and field.sensitive}
    own = {name: facts.pop(name) for name in personal & facts.keys()}
    follows = complete(pack, own, view.today) if own else {}
    for name in _FOLLOWING & follows.keys():
        facts.setdefault(name, follows[name])
    key = ("form", pack.region, pack.version, view.today, tuple(items.items()), frozen(facts))
    laid = view.library.remember(key, lambda: form_fields(view.policy, pack, facts, tuple(items), view.today, items))
    return tuple(_follows(view, field, follows) for field in laid)


def _follows(view: View, field: Field, follows: Mapping[str, Any]) -> Field:
    """The field with what is known of it already: from a number, or from what the speaker has said to be to the applicant."""
    if field.derived and field.name in follows:
        return replace(field, value=follows[field.name])
    kin = view.words.names["kin_told"].get(str(view.value("relation", ""))) if field.name == KIN else None
    return replace(field, derived=True, value=kin) if kin else field


def told(view: View) -> dict[str, Any]:
    """The values given so far, by field name."""
    return {key.removeprefix(PREFIX): a.value for key, a in view.answers.items() if key.startswith(PREFIX)}


def paper(view: View) -> str:
    """The name of the paper form that is filled in with this, "" where nothing stands on one."""
    sheet = view.library.sheet(view.pack) if view.pack and view.form else None
    return sheet.title if sheet else ""


def so_far(view: View) -> dict[str, Any]:
    """What can stand on the paper form now, in the shape of `dialogs.messages.Submit.snapshot`."""
    return {
        "answers": {key: {"value": answer.value} for key, answer in view.reachable.items()},
        "items": {item: way_of(view, item) for item in view.wants},
    }


def queries(view: View) -> Iterator[Query]:
    values = told(view)
    for field in view.form:
        key = PREFIX + field.name
        if not field.derived and (key in view.answers or field.value is None):
            yield Query(key, "form/asking", stands=partial(_stands, view, field, values))


def followed(view: View) -> tuple[Field, ...]:
    """The fields that nobody is asked for: they follow from another answer, or state a fact that does."""
    known = (field for field in view.form if field.value is not None)
    return tuple(field for field in known if field.derived or not _was_asked(view, field))


def _was_asked(view: View, field: Field) -> bool:
    return not field.fact or PREFIX + field.name in view.answers or field.fact in view.answers


def _stands(view: View, field: Field, values: Mapping[str, Any], value: Any) -> bool:
    return still_stands(field, value, values, view.today)


def ask(view: View, query: Query) -> Asking:
    field = field_of(view, query)
    there = {one.name for one in view.form}
    shown = (o for o in field.options if o.value != SAME or field.same_as in there)
    options = tuple(Option(o.value, o.label.format(who=view.who), o.hint) for o in shown)
    text, hint = field.question.format(who=view.who), field.hint.format(who=view.who)
    asked = put(view, query, field.label, text, field.input, options, hint, field.rule, field.explained)
    return Asking(asked)


def take(view: View, query: Query, value: Any) -> Taken | Problem:
    field = field_of(view, query)
    if not field.may_be_blank and value in ("", None, "unsure"):
        return Problem(view.words.say("field_needed", label=field.label))
    if field.rule == "text" and isinstance(value, str) and value in view.library.county_names:
        value = view.county_name(value)
    checked = check(field, value, told(view), view.today)
    problem = checked.problem or (_differs(view, field, checked.value) if field.fact in _NUMBERS else "")
    return Problem(problem) if problem else Taken({query.key: checked.value}, _says_to(view, field, checked.value))


def _says_to(view: View, field: Field, number: Any) -> tuple[Say, ...]:
    """Who gives a child's number as their own may have meant to apply for the child."""
    assert view.pack is not None
    if view.role != "self" or field.fact != "id_number" or not number:
        return ()
    follows = complete(view.pack, {field.fact: number}, view.today)
    return (Say(view.words.say("child_of_its_own", age=follows["age"])),) if follows.get("is_minor") else ()


def _differs(view: View, field: Field, number: str) -> str:
    """What to say when the number does not fit what was told: its date of birth the age (a year more or less is let
    pass), its last digits the category and the level."""
    assert view.pack is not None
    stated, told = complete(view.pack, {field.fact: number}, view.today), view.facts_chosen
    age, told_age = stated.get("age"), told.get("age")
    if age is not None and told_age is not None and abs(age - told_age) > 1:
        return view.words.say("age_differs", told=told_age, number=age)
    level, told_level = stated.get("card_level"), told.get("card_level")
    if level is not None and told_level in (1, 2, 3, 4) and level != told_level:
        return view.words.say("level_differs", told=told_level, number=level)
    categories, told_categories = stated.get("card_categories"), told.get("card_categories")
    if categories and told_categories and set(categories) != set(told_categories):
        return view.words.say("category_differs")
    return ""


def said(view: View, query: Query) -> Said:
    field = field_of(view, query)
    return Said(field.label, in_words(view, field.name, view.value(query.key)))


def field_of(view: View, query: Query) -> Field:
    name = query.key.removeprefix(PREFIX)
    return next(field for field in view.form if field.name == name)


def in_words(view: View, name: str, value: Any) -> str:
    """A field's value as a person reads it: its option's label, items and counties by their names, else as it was
    written."""
    if value == "":
        return view.words.say("blank")
    text = view.policy.fields[name]
    if text.from_ == "items":
        return "、".join(item_name(view, item) for item in value)
    if isinstance(value, bool):
        return view.words.say("yes" if value else "no")
    labels = {option.value: option.label for option in view.policy.options(text)}
    if isinstance(value, (list, tuple, set, frozenset)):
        return "、".join(label for one, label in labels.items() if one in value)
    if text.input == "place":
        return view.county_name(str(value))
    if text.input == "date":
        return day_says(str(value))
    return str(labels.get(value, view.words.name("values", str(value))))
