"""Whose matter it is: one's own, one's child or ward, somebody one helps, or somebody who has died."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dialogs.messages import Say
from dialogs.steps.asking import choice, put
from dialogs.steps.asking import said as said
from dialogs.view import Asking, Problem, Query, Taken, View

ROLES = ("self", "legal_guardian", "agent", "deceased")
AGREED = ("present", "letter")  # ways in which the person being helped has agreed
GUARDIAN = "guardian"  # not a helper after all: the applicant cannot agree to anything
LONGEST_NAME = 20


def queries(view: View) -> Iterator[Query]:
    yield Query("actor_role", "who/asking")
    if view.role in ("legal_guardian", "deceased"):
        yield Query("relation", "who/relation", stands=lambda value: value in _relations(view))
    if view.role == "agent":
        yield Query("called", "who/called")
        yield Query("mandate", "who/mandate", stands=lambda value: value in AGREED)


def ask(view: View, query: Query) -> Asking:
    if query.key == "relation":
        return Asking(choice(view, query, f"relation_{view.role}"))
    if query.key == "called":
        words = view.words.questions["called"]
        return Asking(put(view, query, words.title, words.text, "text", hint=words.hint, rules="called"))
    return Asking(choice(view, query, query.key))


def take(view: View, query: Query, value: Any) -> Taken | Problem:
    if query.key == "called":
        return _called(view, value)
    allowed = [option.value for option in ask(view, query).ask.options]
    if value not in allowed:
        return Problem(view.words.say("please_choose"))
    if value == GUARDIAN:
        relation = view.words.names["called_kin"].get(view.label)
        return Taken({"actor_role": "legal_guardian"} | ({"relation": relation} if relation else {}))
    if query.key == "mandate" and value not in AGREED:
        return Taken({"mandate": value}, (Say(view.words.say("ask_them_first", who=view.who)),))
    return Taken({query.key: value})


def _called(view: View, value: Any) -> Taken | Problem:
    name = str(value).strip() if isinstance(value, str) else ""
    if not 1 <= len(name) <= LONGEST_NAME or any(sign in name for sign in "\n\r<>{}"):
        return Problem(view.words.say("name_too_long", most=LONGEST_NAME))
    return Taken({"called": name})


def _relations(view: View) -> tuple[Any, ...]:
    return tuple(option.value for option in view.words.options(f"relation_{view.role}", who=""))
