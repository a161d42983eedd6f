"""One module per phase of the talk. Each lays its part of the path (`queries`), puts its questions (`ask`) and
takes answers
(`take`); none of them knows a state's neighbours: those stand in `dialogs.graph`.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from types import ModuleType

from dialogs.steps import consent, form, offer, photos, progress, rating, review, screening, signing, where, who
from dialogs.view import Query, View

PHASES: tuple[ModuleType, ...] = (consent, who, where, screening, offer, form, photos, review, signing)
BY_NAME: dict[str, ModuleType] = {
    "consent": consent,
    "who": who,
    "where": where,
    "screening": screening,
    "offer": offer,
    "form": form,
    "photos": photos,
    "review": review,
    "signing": signing,
    "progress": progress,
    "rating": rating,
}


def step_of(query: Query) -> ModuleType:
    """The module that asks this question."""
    return BY_NAME[query.state.split("/")[0]]


def before_review(view: View) -> Iterator[Query]:
    """The questions between consent and the check page. Laid apart from the path, which is being laid while these
    are asked for."""
    for phase in PHASES[1 : PHASES.index(review)]:
        yield from phase.queries(view)


def walk(view: View) -> Iterator[Query]:
    """The path: every question in order, up to and including the first one that is not settled.

    A submitted draft has another path: what the office wants, the rating, and else to follow how it goes.
    """
    phases: tuple[Iterator[Query], ...] = tuple(phase.queries(view) for phase in PHASES)
    if view.draft and view.draft.submitted:
        phases = (phases[0], progress.after_submission(view))
    for query in chain.from_iterable(phases):
        yield query
        if not view.settled(query):
            return
