"""Giving an answer: what was said, tapped or photographed becomes an answer of the draft, and the talk goes where it leads.

What the words meant is found in `hearing`; what each question takes and refuses is its step's business (`steps`).
"""

from __future__ import annotations

from typing import Any

from dialogs import reading
from dialogs.aside import answer_what_waited, clarify
from dialogs.commands import COMMANDS
from dialogs.desk import Desk
from dialogs.graph import ANSWERED
from dialogs.messages import LetHelp, Link, PlacePhotos, Say
from dialogs.steps import papers, photos, progress, signing, step_of
from dialogs.view import Problem, Query, Taken


def give(desk: Desk, query: Query, value: Any, by: str, also: dict[str, Any] | None = None) -> None:
    """Give `value` to `query`: taken and the talk goes on, or a problem is said and the question asked again."""
    if query.key == "confirm_submit" and value is True:
        return submit(desk)
    if query.state == papers.STATE:
        return _settle(desk, query, value)
    if value == photos.BY_HELPER and query.key.startswith(photos.PREFIX) and desk.library.home:
        return _let_help(desk, query)
    if (
        query.key == "nothing" and isinstance(value, str) and value in COMMANDS
    ):  # the ways on from where there is nothing to choose
        return COMMANDS[value](desk, "")
    taken = step_of(query).take(desk.view, query, value)
    if isinstance(taken, Problem):
        desk.replies.append(Say(taken.says, tone="error"))
        return clarify(desk)
    if taken.pauses:
        desk.replies.extend(taken.says)
        desk.set_talk(paused=True)
        return desk.stay("paused", quiet=True)
    keep(desk, query, taken, by, also or {})


def keep(desk: Desk, query: Query, taken: Taken, by: str, also: dict[str, Any]) -> None:
    """Keep what was taken and go where it leads. An answer to a question that was not open is a change."""
    was_open = query.key == desk.open.key and not desk.talk.changing
    desk.put({name: value for name, value in also.items() if name not in taken.answers}, "told")
    desk.put(taken.answers, by)
    desk.replies.extend(taken.says)
    desk.effects.extend(_with_media(desk, effect) for effect in taken.effects)
    desk.set_talk(changing="", paused=False)
    answer_what_waited(desk)
    reading.weigh(desk)
    in_turn = (was_open and not _skips(desk)) or desk.state.startswith("consent/")
    desk.move("answered" if in_turn else change_event(desk))


def _settle(desk: Desk, query: Query, value: Any) -> None:
    """The person's word on what a picture left open."""
    if not reading.settle(desk, query, value):
        desk.replies.append(Say(desk.view.words.say("please_choose"), tone="error"))
        return clarify(desk)
    desk.set_talk(changing="", paused=False)
    reading.weigh(desk)
    desk.move(change_event(desk))


def _let_help(desk: Desk, query: Query) -> None:
    """A link with which somebody else's phone can hand in this one picture, once."""
    desk.ensure_draft()
    assert desk.draft is not None
    token = "".join(next(desk.fresh) for _ in range(2)).replace("-", "")
    desk.effects.append(LetHelp(token, desk.draft.id, query.key))
    what = photos.part_name(desk.view, query.key)
    desk.say("helper_link", what=what)
    desk.replies.append(
        Link(desk.view.words.say("helper_link_text", what=what), f"{desk.library.home}/help-photo/{token}")
    )
    desk.stay("answered_aside", quiet=True)


def change_event(desk: Desk) -> str:
    return "corrected" if desk.state == "progress/elsewhere" else "changed"


def _skips(desk: Desk) -> bool:
    """Whether answers given earlier lead further than one edge: then the talk returns to where it had been."""
    return desk.leads_to not in ANSWERED[desk.state]


def _with_media(desk: Desk, effect: Any) -> Any:
    if not isinstance(effect, PlacePhotos):
        return effect
    media = {one: media_id for one, media_id in _media(desk).items() if one in effect.photo_ids}
    return PlacePhotos(effect.photo_ids, effect.draft_id, effect.material, effect.case_id, media)


def submit(desk: Desk) -> None:
    """The one submission: rows for the office, the number and the packet for the person."""
    effect, submitted = signing.submission(desk.view, desk.fresh, desk.message.receipt)
    packet = signing.packet(desk.view, submitted.receipt)
    desk.effects.append(effect)
    desk.set_draft(submitted=submitted)
    desk.name_draft()
    desk.say("submitted", tone="warm", receipt=submitted.receipt)
    desk.replies.append(packet)
    desk.replies.append(progress.overview(desk.view))
    desk.move("answered")


def keep_for_later(desk: Desk) -> None:
    """A picture without a place: kept in order, with its draft, which it may be the first thing of."""
    desk.ensure_draft()
    assert desk.draft is not None
    ids = desk.message.photo_ids
    before = desk.draft.photos.get(photos.UNPLACED, ())
    new = tuple(one for one in ids if one not in before)
    desk.set_draft(photos={**desk.draft.photos, photos.UNPLACED: (*before, *new)})
    desk.effects.append(PlacePhotos(new, desk.draft.id, photos.UNPLACED, media=_media(desk)))


def _media(desk: Desk) -> dict[str, str]:
    media = desk.message.data.get("media", {})
    return dict(media) if isinstance(media, dict) else {}
