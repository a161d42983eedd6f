"""Every answer on one page, what is sent to whom, and a way to change each of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from dialogs.messages import Review, ReviewLine, ReviewSection
from dialogs.steps import form, photos
from dialogs.steps.asking import choice
from dialogs.steps.offer import applied, item_name
from dialogs.view import Asking, Problem, Query, Taken, View

_AFTER = ("reviewed", "commitment", "signature", "confirm_submit")


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
    return Review(view.words.say("review", who=view.who), tuple(sections))


def lines(view: View) -> tuple[ReviewLine, ...]:
    """The lines that can be changed, in the order shown: “第3条” is the third of these."""
    return tuple(line for section in page(view).sections for line in section.lines if line.question)


def _lines(view: View) -> Iterable[tuple[str, list[ReviewLine]]]:
    asked = view.content
    yield "who", [answer_line(view, q, key) for q in asked if _phase(q) in ("who", "where") for key in q.keys]
    yield "facts", [answer_line(view, q, key) for q in asked if _phase(q) == "screening" for key in q.keys]
    yield "items", [answer_line(view, q, key) for q in asked if _phase(q) == "offer" for key in q.keys]
    yield "form", [answer_line(view, q, key) for q in asked if _phase(q) == "form" for key in q.keys] + _derived(view)
    yield "photos", [answer_line(view, q, key) for q in asked if _phase(q) == "photos" for key in q.keys]
    yield "sent", _sent(view)


def answer_line(view: View, query: Query, key: str) -> ReviewLine:
    """One answer in words, with the question that changes it."""
    value = view.value(key)
    ids = photos.photo_ids(value) if key.startswith(photos.PREFIX) else ()
    return ReviewLine(query.key, label_of(view, query, key), in_words(view, query, key), ids)


def label_of(view: View, query: Query, key: str) -> str:
    """What the answer is about, in a few characters."""
    if key.startswith(photos.PREFIX):
        return photos.part_name(view, key)
    if key.startswith(form.PREFIX):
        return view.policy.fields[key.removeprefix(form.PREFIX)].label
    if key in view.policy.facts:
        return view.policy.facts[key].title
    if key.startswith("way:"):
        return item_name(view, key.removeprefix("way:"))
    return view.words.name("labels", key)


def in_words(view: View, query: Query, key: str) -> str:
    """The answer as a person reads it."""
    value = view.value(key)
    if key.startswith(photos.PREFIX):
        count = len(photos.photo_ids(value))
        return view.words.say("photos_count", count=count) if count else view.words.say("at_window")
    if key == "wants":
        return "、".join(item_name(view, item) for item in view.wants)
    if key in ("household_county", "residence_county") or key.endswith("_county"):
        return view.words.say("same_place") if value == "same" else view.county_name(str(value))
    if key in view.policy.facts:
        return fact_in_words(view, key, value)
    if key.startswith(form.PREFIX):
        return form.in_words(view, key.removeprefix(form.PREFIX), value)
    return _own_in_words(view, query, value)


def fact_in_words(view: View, name: str, value: Any) -> str:
    """A fact's value: its option's label, 是/否, a number, or 不清楚."""
    if value is None:
        return view.words.say("not_sure")
    if isinstance(value, bool):
        return view.words.say("yes" if value else "no")
    options = {option.value: option.label for option in view.policy.options(view.policy.facts[name])}
    return "、".join(options.get(one, str(one)) for one in (value if isinstance(value, list) else [value]))


def _own_in_words(view: View, query: Query, value: Any) -> str:
    from dialogs.steps import step_of

    options = step_of(query).ask(view, query).ask.options
    return next((option.label for option in options if option.value == value), str(value))


def _derived(view: View) -> list[ReviewLine]:
    """What stands on the form because it follows from another answer."""
    return [
        ReviewLine("", field.label, form.in_words(view, field.name, field.value))
        for field in view.form
        if field.derived and field.value not in (None, ())
    ]


def _sent(view: View) -> list[ReviewLine]:
    """Who gets it: one line for each item, with the department and the way."""
    assert view.pack is not None
    return [
        ReviewLine(
            "",
            item_name(view, item),
            view.words.say("sent_to", department=view.pack.written.departments[view.pack.items[item].department].full),
        )
        for item in applied(view)
    ]


def _phase(query: Query) -> str:
    return query.state.split("/")[0]
