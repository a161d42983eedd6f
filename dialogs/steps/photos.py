"""The papers, one by one: a picture now, or the paper at the window where the document wants the original anyway.

Pictures that come several at once fill this place and the next ones in order, and it is said which went where. A
picture that comes
before it was asked for is kept and offered when its turn comes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dialogs.messages import Option, PlacePhotos, Say
from dialogs.steps.asking import put
from dialogs.steps.offer import applied
from dialogs.view import Asking, Problem, Query, Said, Taken, View

PREFIX = "photo:"
UNPLACED = "unplaced"
AT_WINDOW = "window"
USE_KEPT = "kept"
MANDATE_LETTER = "mandate_letter"


def parts(view: View) -> tuple[str, ...]:
    """The pictures that the chosen items need, in the order of the checklist: an identity card has two."""
    items = set(applied(view))
    found = [
        part
        for need in view.plan.materials
        if need.need in ("required", "waivable") and items & set(need.for_items)
        for part in (each.part for each in view.policy.materials[need.id].parts)
    ]
    letter = (MANDATE_LETTER,) if view.value("mandate") == "letter" else ()
    return (*dict.fromkeys(found), *letter)


def queries(view: View) -> Iterator[Query]:
    for part in parts(view):
        yield Query(PREFIX + part, "photos/asking", stands=lambda value: bool(value))


def ask(view: View, query: Query) -> Asking:
    part = part_name(view, query.key)
    words = view.words.questions["photo"]
    hint = part_says(view, query.key)
    text = words.text.format(what=part, who=view.who)
    return Asking(put(view, query, words.title.format(what=part), text, "photo", photo_options(view), hint))


def take(view: View, query: Query, value: Any) -> Taken | Problem:
    """`value`: picture ids, or "window", or "kept" for those that came early."""
    if value == AT_WINDOW:
        return Taken({query.key: {"way": AT_WINDOW}})
    ids = unplaced(view) if value == USE_KEPT else tuple(value) if isinstance(value, list | tuple) else ()
    if not ids or not all(isinstance(one, str) for one in ids):
        return Problem(view.words.say("photo_wanted", what=part_name(view, query.key)))
    return place(view, query, tuple(dict.fromkeys(ids)))  # the same picture twice is one


def photo_options(view: View) -> tuple[Option, ...]:
    """The ways round a picture: one that came early, or the paper itself at the window."""
    kept = unplaced(view)
    early = (Option(USE_KEPT, view.words.say("use_kept", count=len(kept))),) if kept else ()
    return (*early, Option(AT_WINDOW, view.words.say("at_window")))


def said(view: View, query: Query) -> Said:
    ids = photo_ids(view.value(query.key))
    words = view.words.say("photos_count", count=len(ids)) if ids else view.words.say("at_window")
    return Said(part_name(view, query.key), words, ids)


def place(view: View, query: Query, ids: tuple[str, ...]) -> Taken:
    """Put the first picture here and the others in the next empty places; what is left over stays with the last
    place."""
    assert view.draft is not None
    empty = [q.key for q in queries(view) if not view.settled(q) and q.key != query.key]
    keys = [query.key, *empty][: len(ids)]
    answers, effects = {}, []
    for number, key in enumerate(keys):
        mine = ids[number:] if number == len(keys) - 1 else ids[number : number + 1]
        answers[key] = {"way": "photo", "ids": list(mine)}
        effects.append(PlacePhotos(mine, view.draft.id, key.removeprefix(PREFIX)))
    return Taken(answers, (Say(_placed_says(view, keys)),), tuple(effects))


def unplaced(view: View) -> tuple[str, ...]:
    """Pictures that came before they were asked for and still have no place."""
    if view.draft is None:
        return ()
    used = {one for key in view.answers if key.startswith(PREFIX) for one in photo_ids(view.value(key))}
    return tuple(one for one in view.draft.photos.get(UNPLACED, ()) if one not in used)


def photo_ids(value: Any) -> tuple[str, ...]:
    """The picture ids in an answer of this phase; none where the paper comes to the window."""
    return tuple(value.get("ids", ())) if isinstance(value, dict) else ()


def part_name(view: View, key: str) -> str:
    """The plain name of a picture: 身份证头像面."""
    return _written(view, key)[0]


def part_says(view: View, key: str) -> str:
    """How to take it."""
    return _written(view, key)[1]


def _written(view: View, key: str) -> tuple[str, str]:
    """The part as it is in general, or, for a paper that is one picture, as this document wants it."""
    part = key.removeprefix(PREFIX)
    if part == MANDATE_LETTER:
        return view.words.say("mandate_letter"), view.words.say("mandate_letter_how")
    every = ((name, material, each) for name, material in view.policy.materials.items() for each in material.parts)
    found = next(((name, material, each) for name, material, each in every if each.part == part), None)
    if found is None:
        return part, ""
    name, material, each = found
    need = next((need for need in view.plan.materials if need.id == name and len(material.parts) == 1), None)
    own_name = need.name if need and need.name != material.name else each.name
    return own_name, need.says if need and need.says != material.says else each.says


def _placed_says(view: View, keys: list[str]) -> str:
    if len(keys) == 1:
        return view.words.say("photo_placed", what=part_name(view, keys[0]))
    lines = [view.words.say("photo_nth", n=n, what=part_name(view, key)) for n, key in enumerate(keys, 1)]
    return "\n".join((view.words.say("photos_placed"), *lines, view.words.say("photos_wrong_say")))
