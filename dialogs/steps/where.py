"""Where the household is, and the residence when it differs: some documents serve who lives there. Outside every pack
nothing more is collected."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dialogs.messages import Cite, Option, Say
from dialogs.steps.asking import choice, put
from dialogs.view import Asking, Problem, Query, Said, Taken, View


def queries(view: View) -> Iterator[Query]:
    yield Query("household_county", "where/household", stands=lambda value: bool(value))
    if not view.is_dead:
        yield Query("residence_county", "where/residence", stands=lambda value: bool(value))


def ask(view: View, query: Query) -> Asking:
    if query.key == "outside":
        return _outside(view, query)
    words = view.words.questions[query.key]
    likely = [Option(code, view.county_name(code)) for code in sorted(_served(view))]
    options = [Option("same", view.words.say("same_place"))] if query.key == "residence_county" else likely
    text = words.text.format(who=view.who)
    return Asking(put(view, query, words.title, text, "place", tuple(options), words.hint, rules="place"))


def take(view: View, query: Query, value: Any) -> Taken | Problem:
    if query.key == "outside":
        return Problem(view.words.say("outside_stays"))
    if value == "same" and query.key == "residence_county":
        return Taken({query.key: "same"})
    if str(value) not in view.library.county_names:
        return Problem(view.words.say("place_unknown"))
    return Taken({query.key: str(value)})


def said(view: View, query: Query) -> Said:
    value = view.value(query.key)
    place = view.words.say("same_place") if value == "same" else view.county_name(str(value))
    return Said(view.words.name("labels", query.key), place)


def _served(view: View) -> set[str]:
    """The counties that have a document or a directory of their own."""
    named = {code for pack in view.policy.packs.values() for code in pack.place.counties if len(code) == 6}
    return named | view.library.directories.keys()


def _outside(view: View, query: Query) -> Asking:
    """Whom no pack serves hears where to go instead, by the document of the next one in the province, where there is
    one; nothing more is collected."""
    way, place = view.decision.outside if view.is_near else None, view.county_name(view.county)
    if way is None:
        open_in = "、".join(pack.written.name for pack in view.policy.packs.values())
        return Asking(choice(view, query, "outside", "none"), (Say(view.words.say("far", place=place, open=open_in)),))
    says = view.words.say("outside", place=place, where=way.where, says=way.says.format(who=view.who))
    return Asking(choice(view, query, "outside", "none"), (Say(says, cites=(Cite(view.region, way.clause),)),))
