"""One module per phase of the talk. Each lays its part of the path (`queries`), puts its questions (`ask`) and
takes answers
(`take`); none of them knows a state's neighbours: those stand in `dialogs.graph`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import chain
from types import ModuleType
from typing import Any

from dialogs.policy import Field
from dialogs.steps import consent, form, offer, papers, photos, progress, rating, review, screening, signing, where, who
from dialogs.view import Asking, Query, Said, View

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
    if query.state == papers.STATE:
        return papers
    return BY_NAME[query.state.split("/")[0]]


class Seen(View):
    """A view with everything that the steps lay out of the answers. Each is made on first use and kept for this view's life."""

    @cached_property
    def path(self) -> tuple[Query, ...]:
        return tuple(walk(self))

    @cached_property
    def content(self) -> tuple[Query, ...]:
        return tuple(before_review(self))

    @cached_property
    def doubts(self) -> tuple[Query, ...]:
        return tuple(papers.queries(self))

    @cached_property
    def facts(self) -> Mapping[str, Any]:
        return screening.with_told(self, self.facts_asked)

    @cached_property
    def facts_chosen(self) -> Mapping[str, Any]:
        return screening.with_told(self, screening.facts_for(self, offer.applied(self), self.facts_asked))

    @cached_property
    def facts_asked(self) -> Mapping[str, Any]:
        return screening.facts_before_offer(self)

    @cached_property
    def wants(self) -> tuple[str, ...]:
        return offer.wants(self)

    @cached_property
    def form(self) -> tuple[Field, ...]:
        return form.lay(self)

    @cached_property
    def _put(self) -> dict[str, Asking]:
        return {}

    def asking(self, query: Query) -> Asking:
        if query.key not in self._put:  # understanding, checking and putting the question all look at it
            self._put[query.key] = step_of(query).ask(self, query)
        return self._put[query.key]

    def said(self, query: Query) -> Said:
        told: Said = step_of(query).said(self, query)
        return told


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
