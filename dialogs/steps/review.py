"""Every answer on one page, what is sent to whom, and a way to change each of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from dialogs.messages import Review, ReviewLine, ReviewSection
from dialogs.steps import form
from dialogs.steps.asking import choice
from dialogs.steps.offer import applied, item_name
from dialogs.view import Asking, Problem, Query, Taken, View

_AFTER = ("reviewed", "commitment", "signature", "confirm_submit")


_NUMBERS = ("id_number", "id_number_of_another", "card_number", "bank_number", "phone")  # rules of fields
_SECTIONS = {
    "who": ("who", "where"),
    "facts": ("screening",),
    "items": ("offer",),
    "form": ("form",),
    "photos": ("photos",),
}


def queries(view: View) -> Iterator[Query]:
    digest = digest_of(view)
    yield Query("reviewed", "review/checking", stands=lambda value: bool(value == digest))


def ask(view: View, query: Query) -> Asking:
    return Asking(choice(view, query, "reviewed"), (page(view),))


def take(view: View, query: Query, value: Any) -> Taken | Problem:
    if value != "right":
        return Problem(view.words.say("say_what_to_change"))
    return Taken({"reviewed": digest_of(view)})


def digest_of(view: View) -> str:
    """Stands for everything that will be sent: a change after the check has to be checked again."""
    keys = (key for query in view.content for key in query.keys)
    return view.digest(keys)


def page(view: View) -> Review:
    """The check page. Sections follow the talk; sums of papers and ways come from the policy."""
    sections = [ReviewSection(view.words.name("sections", name), tuple(lines)) for name, lines in _lines(view) if lines]
    return Review(view.words.say("review", who=view.who), tuple(sections), form.paper(view))


def lines(view: View) -> tuple[ReviewLine, ...]:
    """The lines that can be changed, in the order shown: “第3条” is the third of these."""
    return tuple(line for section in page(view).sections for line in section.lines if line.question)


def _lines(view: View) -> Iterable[tuple[str, list[ReviewLine]]]:
    for name, phases in _SECTIONS.items():
        yield name, [line(view, query) for query in view.content if phase(query) in phases]
    yield "derived", _derived(view)
    yield "sent", _sent(view)


def line(view: View, query: Query) -> ReviewLine:
    """One answer in words, with the question that changes it."""
    said = view.said(query)
    return ReviewLine(query.key, said.label, said.words, said.photo_ids)


def line_hidden(view: View, query: Query) -> ReviewLine:
    """The same to choose from: of a number only its end, for a chat is read by whoever holds the phone."""
    shown = line(view, query)
    numbers = query.key.startswith(form.PREFIX) and form.field_of(view, query).rule in _NUMBERS
    if not numbers or not shown.value.isascii():  # “没填” is no number
        return shown
    return replace(shown, value=view.words.say("ends_in", tail=shown.value[-4:]))


def _derived(view: View) -> list[ReviewLine]:
    """What stands on the form because it follows from another answer."""
    return [
        ReviewLine("", field.label, form.in_words(view, field.name, field.value))
        for field in form.followed(view)
        if field.value != ()
    ]


def _sent(view: View) -> list[ReviewLine]:
    """Who gets it: one line for each item, with the department and the way."""
    assert view.pack is not None
    return [
        ReviewLine(
            "",
            item_name(view, item),
            view.words.say("sent_to", department=view.pack.departments[view.pack.items[item].department].full),
        )
        for item in applied(view)
    ]


def phase(query: Query) -> str:
    return query.state.split("/")[0]
