"""Consent comes before anything is kept: the privacy notice, and a separate consent for sensitive data.

Refusing is possible at both; the desk then says what can be done without it, keeps nothing, and the way back
stays open.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dialogs.days import span_says
from dialogs.messages import Say
from dialogs.steps.asking import choice
from dialogs.view import Asking, Problem, Query, Taken, View

STATES = {"consent": "consent/general", "consent_sensitive": "consent/sensitive"}


def queries(view: View) -> Iterator[Query]:
    for key, state in STATES.items():
        refused = view.value(key) == "refuse"
        yield Query(key, "consent/refused" if refused else state, stands=lambda value: bool(value == "agree"))


def ask(view: View, query: Query) -> Asking:
    words = view.words
    if query.state == "consent/refused":
        return Asking(choice(view, query, "refused"), (Say(words.say("refused")),))
    before = (Say(words.say("hello"), tone="warm"),) if query.key == "consent" else ()
    kept = {name: span_says(days) for name, days in view.library.keeps.items()}
    operator = view.library.operator or words.say("operator_unnamed")
    return Asking(choice(view, query, query.key, "choice", operator=operator, **kept), before)


def take(view: View, query: Query, value: Any) -> Taken | Problem:
    if value not in ("agree", "refuse"):
        return Problem(view.words.say("please_choose"))
    return Taken({query.key: value})
