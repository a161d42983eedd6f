"""The papers, one by one: a picture now, later, by somebody else's phone, or the paper at the window where the document lets it
come there.

Pictures that come several at once fill this place and the next ones in order, and it is said which went where. A picture that
comes before it was asked for is kept and offered when its turn comes. What is read of them is the business of `dialogs.reading`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from dialogs.messages import Ask, LookAt, Option, PlacePhotos, Review, ReviewLine, ReviewSection, Say
from dialogs.steps.asking import put
from dialogs.steps.offer import applied
from dialogs.view import Asking, Problem, Query, Said, Taken, View

PREFIX = "photo:"
UNPLACED = "unplaced"
ASIDE = "aside"  # pictures that are not used: another was asked for
AT_WINDOW = "window"
USE_KEPT = "kept"
LATER = "later"  # there is none now: its place is kept
BY_HELPER = "helper"  # somebody else takes it; `dialogs.talk` makes the link
STAYS = "stays"  # what was answered before
AS_IS = "as_is"  # the picture that was asked for again, all the same
MANDATE_LETTER = "mandate_letter"
GUARDIAN_DOCS = "guardian_docs"
BANK_CARD = "bank_card"
HOLDER = "field:bank_holder"
_NAMED = {GUARDIAN_DOCS: "field:guardian_name", BANK_CARD: HOLDER}  # whose paper it is stands in the form
_BESIDE = ("id_card_back",)  # bears no name, and belongs to one that does
_FOR = frozenset(("eligible", "later"))  # verdicts with which papers are handed in


def parts(view: View) -> tuple[str, ...]:
    """The pictures that the chosen items need, in the order of the checklist: an identity card has two."""
    items = set(applied(view))
    found = [
        part
        for need in view.plan.materials
        if need.need in ("required", "waivable") and items & set(need.for_items)
        for part in (each.part for each in view.policy.materials[need.id].parts)
    ]
    by_letter = (
        view.role == "agent" and view.value("mandate") == "letter"
    )  # said while helping: nothing to who helps no more
    letter = (MANDATE_LETTER,) if by_letter else ()
    return (*dict.fromkeys(found), *letter)


def queries(view: View) -> Iterator[Query]:
    wanted = [PREFIX + part for part in parts(view)]
    others_wait = any(key not in view.answers for key in wanted)
    for key in wanted:
        yield Query(key, "photos/asking", stands=partial(_stands, others_wait))


def _stands(others_wait: bool, value: Any) -> bool:
    """What is to come later is asked for again once everything else is there."""
    return bool(value) and (value.get("way") != LATER or others_wait)


def ask(view: View, query: Query) -> Asking:
    part, words = part_name(view, query.key), view.words.questions["photo"]
    whose = _whose(view, query.key)
    text, hint = words.text.format(what=part, whose=whose), part_says(view, query.key)
    if is_put_off(view, query.key):
        text = view.words.say("photo_reminded", what=part, whose=whose)
    again = view.draft.retakes.get(query.key.removeprefix(PREFIX)) if view.draft else None
    title = words.title.format(what=part)
    if _is_had(view, query.key):
        return _ask_for_another(view, query, title, hint)
    if again is None:
        return Asking(put(view, query, title, text, "photo", photo_options(view, query.key), hint))
    text = view.words.say("photo_again", why=view.words.name("retake_why", again.why), what=part, whose=whose)
    hint = view.words.name("retake_do", again.why)
    asked: Ask = put(view, query, title, text, "photo", photo_options(view, query.key), hint)
    return Asking(replace(asked, picture=view.words.names["retake_drawn"].get(again.why, "")))


def _is_had(view: View, key: str) -> bool:
    """Whether this question has been answered and is open again: somebody has come back to it."""
    return key in view.answers and view.session.talk.changing == key and not is_put_off(view, key)


def _ask_for_another(view: View, query: Query, title: str, hint: str) -> Asking:
    """What is there is shown, and stays unless another one comes."""
    had, say = said(view, query), view.words.say
    text = say("photo_there" if had.photo_ids else "photo_goes_to_window", what=had.label)
    stays = Option(STAYS, say("stays", count=len(had.photo_ids)) if had.photo_ids else say("stays_so"))
    options = (stays, *(one for one in photo_options(view, query.key) if one.value not in (AS_IS, LATER)))
    shown = ReviewSection(view.words.name("sections", "photos"), (ReviewLine("", had.label, had.words, had.photo_ids),))
    asked: Ask = put(view, query, title, text, "photo", options, hint)
    return Asking(asked, (Review(say("photo_had"), (shown,)),))


def take(view: View, query: Query, value: Any) -> Taken | Problem:
    """`value`: picture ids, or "window", "later", "as_is", "stays" for what is there, or "kept" for those that came early."""
    if value == STAYS and query.key in view.answers:
        return Taken({})
    if value == AT_WINDOW and _window_takes(view, query.key):
        return Taken({query.key: {"way": AT_WINDOW}})
    if value == LATER:
        return _take_later(view, query)
    if value == AS_IS and view.draft is not None and (again := view.draft.retakes.get(query.key.removeprefix(PREFIX))):
        placed = place(view, query, (again.photo_id,), view.words.say("photo_as_it_is"))
        return replace(placed, effects=(*placed.effects, LookAt((again.photo_id,), again.why)))
    ids = kept_for(view, query.key) if value == USE_KEPT else tuple(value) if isinstance(value, list | tuple) else ()
    if not ids or not all(isinstance(one, str) for one in ids):
        return Problem(view.words.say("photo_wanted", what=part_name(view, query.key)))
    return place(view, query, tuple(dict.fromkeys(ids)))  # the same picture twice is one


def _take_later(view: View, query: Query) -> Taken:
    """The place is kept. Asked for once more at the end, the talk rests until there is one."""
    what = part_name(view, query.key)
    if is_put_off(view, query.key) and not view.settled(query):
        return Taken({}, (Say(view.words.say("photo_waits", what=what)),), pauses=True)
    return Taken({query.key: {"way": LATER}}, (Say(view.words.say("photo_later", what=what)),))


def is_put_off(view: View, key: str) -> bool:
    value = view.value(key)
    return isinstance(value, dict) and value.get("way") == LATER


def photo_options(view: View, key: str = "", part: str = "") -> tuple[Option, ...]:
    """The ways round a picture: one that came early or was not good enough, the window, later, somebody else's phone. `part`: the
    picture that is wanted again after the submission, which has no `key` on the path."""
    kept, say = kept_for(view, key or part), view.words.say
    early = (Option(USE_KEPT, say("use_kept", count=len(kept))),) if kept else ()
    again = view.draft is not None and key.removeprefix(PREFIX) in view.draft.retakes
    as_is = (Option(AS_IS, say("use_as_is"), say("use_as_is_hint")),) if again else ()
    later = (Option(LATER, say("not_now")),) if key else ()
    helper = (Option(BY_HELPER, say("by_helper"), say("by_helper_hint")),) if key and view.library.home else ()
    window = (Option(AT_WINDOW, say("at_window")),) if _window_takes(view, key) else ()
    return (*early, *as_is, *window, *later, *helper)


def _window_takes(view: View, key: str) -> bool:
    """Whether this paper may come to a window: the document has one for an item that wants it."""
    part = key.removeprefix(PREFIX)
    needs = [need for need in view.plan.materials if part in _parts_of(view, need.id)]
    items = {item for need in needs for item in need.for_items} or set(applied(view))
    ways = view.pack.ways if view.pack else {}
    rows = (row for item in items & set(applied(view)) for row in ways.get(item, ()))
    return any(row.gives.mode == "offline" and _FOR & row.verdicts for row in rows)


def _parts_of(view: View, material: str) -> tuple[str, ...]:
    return tuple(each.part for each in view.policy.materials[material].parts)


def _whose(view: View, key: str) -> str:
    """Who stands on this paper, where somebody else might be meant: “孩子的”, a guardian or the holder of an account by name,
    "" otherwise."""
    part, kinds = key.removeprefix(PREFIX), view.library.papers.kinds.values()
    if (named := view.value(_NAMED.get(part, ""))) and named != view.value("field:name"):
        own = part == GUARDIAN_DOCS and view.role == "legal_guardian"
        return view.words.say("whose_own") if own else view.words.say("whose", who=named)
    own = any(part in kind.places and (kind.personal or kind.cut) for kind in kinds) or part in _BESIDE
    return view.words.say("whose", who=view.label) if own and view.label else ""


def said(view: View, query: Query) -> Said:
    ids = photo_ids(view.value(query.key))
    words = view.words.say("photos_count", count=len(ids)) if ids else view.words.say("at_window")
    if is_put_off(view, query.key):
        words = view.words.say("not_now")
    return Said(part_name(view, query.key), words, ids)


def place(view: View, query: Query, ids: tuple[str, ...], says: str = "") -> Taken:
    """Put the first picture here and the others in the next empty places; what is left over stays with the last
    place. `says`: instead of where they went."""
    assert view.draft is not None
    empty = [q.key for q in queries(view) if not view.settled(q) and q.key != query.key]
    keys = [query.key, *empty][: len(ids)]
    answers, effects = {}, []
    for number, key in enumerate(keys):
        mine = ids[number:] if number == len(keys) - 1 else ids[number : number + 1]
        answers[key] = {"way": "photo", "ids": list(mine)}
        effects.append(PlacePhotos(mine, view.draft.id, key.removeprefix(PREFIX)))
    return Taken(answers, (Say(says or _placed_says(view, keys, len(ids))),), tuple(effects))


def unplaced(view: View) -> tuple[str, ...]:
    """Pictures that came before they were asked for and still have no place."""
    if view.draft is None:
        return ()
    used = {one for key in view.answers if key.startswith(PREFIX) for one in photo_ids(view.value(key))}
    return tuple(one for one in view.draft.photos.get(UNPLACED, ()) if one not in used)


def kept_for(view: View, key: str) -> tuple[str, ...]:
    """Those of them that may be what is asked for here: none that has been read and is another paper, or the guardian's."""
    part, papers = key.removeprefix(PREFIX), view.library.papers
    read = view.draft.papers if view.draft and part else {}
    strange = {one for one, paper in read.items() if paper.whose == "guardian" and part != GUARDIAN_DOCS}
    if papers.known(part):
        strange |= {
            one for one, paper in read.items() if (kind := papers.kinds.get(paper.kind)) and not kind.fits(part)
        }
    return tuple(one for one in unplaced(view) if one not in strange)


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


def _placed_says(view: View, keys: list[str], count: int) -> str:
    if view.library.reads:  # where each of them belongs is known once they have been read
        key = "photo_looking" if count == 1 else "photos_looking"
        return view.words.say(key, what=part_name(view, keys[0]), count=count)
    if len(keys) == 1:
        return view.words.say("photo_placed", what=part_name(view, keys[0]))
    lines = [view.words.say("photo_nth", n=n, what=part_name(view, key)) for n, key in enumerate(keys, 1)]
    return "\n".join((view.words.say("photos_placed"), *lines, view.words.say("photos_wrong_say")))
