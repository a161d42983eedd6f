"""How it was: one question once everything is finished, and never in the way of anything else."""

from __future__ import annotations

from typing import Any

from dialogs.messages import Rate, Say
from dialogs.session import Submitted
from dialogs.steps.asking import choice
from dialogs.view import Asking, Problem, Query, Taken, View

KEY = "rating"
SKIPPED = 0
_ENDED = ("approved", "rejected", "delivered", "closed", "withdrawn")


def is_due(done: Submitted) -> bool:
    """Once every case with a department has ended, and only then."""
    cases = [case for case in done.cases if case.way in ("online", "offline")]
    return bool(cases) and all(case.state in _ENDED for case in cases)


def ask(view: View, query: Query) -> Asking:
    return Asking(choice(view, query, "rating"))


def take(view: View, query: Query, value: Any) -> Taken | Problem:
    assert view.draft is not None and view.draft.submitted is not None
    if value == SKIPPED:
        return Taken({KEY: SKIPPED}, (Say(view.words.say("not_rated")),))
    if value not in (1, 2, 3, 4, 5):
        return Problem(view.words.say("please_choose"))
    return Taken(
        {KEY: value}, (Say(view.words.say("rated"), tone="warm"),), (Rate(view.draft.submitted.application_id, value),)
    )
