"""The form fields that the chosen items need, one at a time, and never more. What follows from another answer is not asked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dialogs.messages import Option
from dialogs.policy import Field, check_field, form_fields
from dialogs.steps.asking import put
from dialogs.steps.offer import applied
from dialogs.view import Asking, Problem, Query, Taken, View

PREFIX = "field:"


def fields(view: View) -> tuple[Field, ...]:
    """Every field of the form for what goes through this desk, derived ones included."""
    assert view.pack is not None
    return form_fields(view.policy, view.pack, {**view.facts, **told(view)}, applied(view), view.today)


def told(view: View) -> dict[str, Any]:
    """The values given so far, by field name."""
    return {key.removeprefix(PREFIX): a.value for key, a in view.answers.items() if key.startswith(PREFIX)}


def queries(view: View) -> Iterator[Query]:
    for field in fields(view):
        if not field.derived:
            yield Query(PREFIX + field.name, "form/asking", stands=lambda value: True)


def ask(view: View, query: Query) -> Asking:
    field = field_of(view, query)
    options = [Option(o.value, o.label.format(who=view.who), o.hint) for o in field.options]
    if field.optional:
        options.append(Option("", view.words.say("leave_blank")))
    text, hint = field.text.format(who=view.who), field.hint.format(who=view.who)
    return Asking(put(view, query, field.label, text, field.input, tuple(options), hint, field.rule))


def take(view: View, query: Query, value: Any) -> Taken | Problem:
    field = field_of(view, query)
    if value in ("", None, "unsure"):
        return Taken({query.key: ""}) if field.optional else Problem(view.words.say("field_needed", label=field.label))
    checked = check_field(field, value, {**view.facts, **told(view)}, view.today)
    return Problem(checked.problem) if checked.problem else Taken({query.key: checked.value})


def field_of(view: View, query: Query) -> Field:
    name = query.key.removeprefix(PREFIX)
    return next(field for field in fields(view) if field.name == name)
