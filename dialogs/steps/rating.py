"""How it was: never in the way of anything else, and always skippable.

Asked once, when everything is finished; where a document wants it asked at certain moments (after the acceptance, after
each result), at those. Who is not content hears where to complain.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dialogs.messages import Cite, Rate, Say
from dialogs.session import CaseSeen, Submitted
from dialogs.steps import offer
from dialogs.steps.asking import choice
from dialogs.view import Asking, Problem, Query, Taken, View

KEY = "rating"
SKIPPED = 0
NOT_CONTENT = (1, 2)
_ENDED = ("approved", "rejected", "delivered", "closed", "withdrawn")
_ACCEPTED = ("accepted", "assessing", "publicised", *_ENDED)


def queries(view: View, done: Submitted) -> Iterator[Query]:
    """What can be rated by now."""
    cases = [case for case in done.cases if case.way in ("online", "offline")]
    for about in _abouts(view, cases):
        key = f"{KEY}:{about}" if about else KEY
        yield Query(key, "rating/asking", stands=lambda value: value is not None)


def _abouts(view: View, cases: list[CaseSeen]) -> Iterator[str]:
    written = view.pack.written.rating if view.pack else None
    if written is None:
        if cases and all(case.state in _ENDED for case in cases):
            yield ""
        return
    if "acceptance" in written.after and any(case.state in _ACCEPTED for case in cases):
        yield "acceptance"
    if "result" in written.after:
        yield from (case.case_id for case in cases if case.state in _ENDED)


def ask(view: View, query: Query) -> Asking:
    about = _about(query)
    if not about:
        return Asking(choice(view, query, "rating"))
    if about == "acceptance":
        return Asking(choice(view, query, "rating_acceptance"))
    assert view.draft is not None and view.draft.submitted is not None
    item = next(case.item for case in view.draft.submitted.cases if case.case_id == about)
    return Asking(choice(view, query, "rating_result", item=offer.item_name(view, item)))


def take(view: View, query: Query, value: Any) -> Taken | Problem:
    assert view.draft is not None and view.draft.submitted is not None
    if value == SKIPPED:
        return Taken({query.key: SKIPPED}, (Say(view.words.say("not_rated")),))
    if value not in (1, 2, 3, 4, 5):
        return Problem(view.words.say("please_choose"))
    rate = Rate(view.draft.submitted.application_id, value, about=_about(query))
    complain = _where_to_complain(view) if value in NOT_CONTENT else ()
    return Taken({query.key: value}, (Say(view.words.say("rated"), tone="warm"), *complain), (rate,))


def _where_to_complain(view: View) -> tuple[Say, ...]:
    """By the document's clause, where it names a place."""
    assert view.pack is not None
    written = view.pack.written.complaint
    return (Say(written.says, cites=(Cite(view.pack.region, written.clause),)),) if written else ()


def _about(query: Query) -> str:
    return query.key.partition(":")[2]
