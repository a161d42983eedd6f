"""Where the household is, and the residence when it differs. Outside every pack nothing more is collected."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dialogs.messages import Option, Say
from dialogs.policy import outside
from dialogs.steps import screening
from dialogs.steps.asking import choice, put
from dialogs.view import Asking, Problem, Query, Taken, View


def queries(view: View) -> Iterator[Query]:
    yield Query("household_county", "where/household", stands=lambda value: bool(value))
    if not view.county:
        return
    if view.pack is None:
        yield from screening.outside_queries(view)
        yield Query("outside", "where/outside", stands=lambda value: False)
    elif not view.is_dead:
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


def _served(view: View) -> set[str]:
    return {code for pack in view.policy.packs.values() for code in pack.counties}


def _outside(view: View, query: Query) -> Asking:
    row = screening.outside_row(view)
    name = view.county_name(view.county)
    says = tuple(Say(line) for line in view.words.say(f"outside_{row}", place=name, who=view.who).splitlines())
    return Asking(choice(view, query, "outside"), says)


def region_outside(view: View) -> str:
    """sichuan_other or other, as the pack's decision table tells them apart."""
    return outside(view.policy, view.county)
