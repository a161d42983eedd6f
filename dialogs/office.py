"""What the office does, told to the conversation: system messages, the only way in which anything but the person
changes a talk.

While somebody of the staff holds the floor these change facts and the bot's words wait. A lease's number fences:
who lost the floor
can neither speak nor give it back.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from dialogs import reading
from dialogs.aside import contacts_say, duty_says
from dialogs.desk import Desk
from dialogs.messages import PlacePhotos, Reply, Say, Turn
from dialogs.session import CaseSeen, Floor
from dialogs.steps import photos, progress


def handle(desk: Desk) -> Turn:
    """Do what the office's message says. An event that may not act now changes nothing and names why in
    `Turn.refused`."""
    event, talk = desk.message.event, desk.talk
    elsewhere = desk.draft is not None and desk.draft.id != talk.draft_id
    if elsewhere and talk.draft_id and event not in _OF_A_DRAFT:
        return Turn(desk.session, needs_draft=talk.draft_id)
    return _EVENTS[event](desk)


REMINDERS = 2  # of a picture that is to come later
# Events that name the draft they are about, which need not be the one on the table.
_OF_A_DRAFT = ("case_moved", "photo_returned", "photo_kept", "photo_refused", "photo_read", "photo_helped")


# --- the floor ---


def taken(desk: Desk) -> Turn:
    data, floor = desk.message.data, desk.talk.floor
    if floor is not None and floor.holder != data["holder"] and floor.until > desk.message.at:
        return _refused(desk, "held")
    lease = desk.talk.lease + 1 if floor is None or floor.holder != data["holder"] else floor.lease
    new = Floor(lease=lease, holder=data["holder"], name=data["name"], until=_time(data["until"]))
    is_new = floor is None or floor.lease != lease
    desk.set_talk(floor=new, lease=lease, called=None)
    text = desk.view.words.say("floor_taken", name=new.name)
    return _aloud(desk, Say(text, tone="notice")) if is_new else _aloud(desk)


def spoken(desk: Desk) -> Turn:
    if not _holds(desk):
        return _refused(desk, "fenced")
    return _aloud(desk, Say(desk.message.data["text"], by=desk.message.data["name"]))


def returned(desk: Desk) -> Turn:
    if not _holds(desk):
        return _refused(desk, "fenced")
    return _bot_goes_on(desk, "floor_returned")


def ran_out(desk: Desk) -> Turn:
    floor = desk.talk.floor
    if not _holds(desk) or floor is None or floor.until > desk.message.at:
        return _refused(desk, "fenced")
    return _bot_goes_on(desk, "floor_ran_out")


def unanswered(desk: Desk) -> Turn:
    """Nobody came in time: the person hears when somebody will, the question stays kept, the bot goes on. Whoever called when
    nobody was on duty has heard so, and is not told again."""
    called, directory, at = desk.talk.called, desk.view.directory, desk.message.at
    if called is None or called.told or desk.talk.floor is not None:
        return _refused(desk, "fenced")
    desk.set_talk(called=called.model_copy(update={"told": True}))
    if called.reason == "distress":  # no form is put before somebody in danger
        desk.say("nobody_came_distress", tone="warm")
        desk.replies.append(Say(contacts_say(desk)))
        desk.stay("called_staff", quiet=True)
        return desk.turn()
    if directory and directory.duty and not directory.on_duty(called.at) and not directory.on_duty(at):
        return desk.turn()
    desk.say("nobody_came")
    until = directory.duty_until(at) if directory else None
    says = desk.view.words.say("still_on_duty", until=f"{until:%H:%M}") if until else duty_says(desk)
    desk.replies.append(Say(says))
    desk.stay("called_staff")
    return desk.turn()


# --- cases and pictures ---


def case_moved(desk: Desk) -> Turn:
    """A case has a new state. It may belong to another draft than the one on the table: then that one is brought, told of
    under its name, and the talk stays where it is."""
    data = desk.message.data
    if (wanted := _draft_wanted(desk)) is not None:
        return wanted
    draft = desk.draft
    if draft is None or draft.submitted is None or draft.submitted.application_id != data["application_id"]:
        return desk.turn()
    here, read = draft.id == desk.talk.draft_id, desk.view.asking(desk.open).ask
    before = {case.case_id: case.state for case in draft.submitted.cases}.get(data["case_id"], "")
    cases = tuple(_moved(case, data) if case.case_id == data["case_id"] else case for case in draft.submitted.cases)
    if data["state"] == "returned":
        desk.forget({key for key in draft.answers if key.startswith(f"{progress.PREFIX}{data['case_id']}:")})
    desk.set_draft(submitted=draft.submitted.model_copy(update={"cases": cases}))
    if data.get("quiet"):
        return _told(desk) if here and desk.view.asking(desk.open).ask != read else desk.turn()
    for case in cases:
        if case.case_id == data["case_id"]:
            desk.replies.extend(progress.moved_says(desk.view, case, before, case.state != data["state"]))
    return _told(desk)


def photo_kept(desk: Desk) -> Turn:
    """The picture is safe. There is nothing to say: that it came was said when it came."""
    return desk.turn()


def photo_refused(desk: Desk) -> Turn:
    """A picture could not be kept: its place is empty again and the person hears what to do."""
    if (wanted := _draft_wanted(desk)) is not None:
        return wanted
    if desk.draft is not None and desk.draft.submitted is None:
        _take_out(desk, desk.message.data["photo_id"])
        reading.forgotten(desk, desk.message.data["photo_id"])
    desk.replies.append(Say(desk.message.data["says"], tone="error"))
    return _told(desk)


def photo_read(desk: Desk) -> Turn:
    """A picture has been read. What comes of it is told, with the question that it leads to if that is another one than before;
    of a draft that has been submitted there is nothing to tell."""
    if (wanted := _draft_wanted(desk)) is not None:
        return wanted
    if desk.draft is None or desk.draft.submitted is not None:
        return desk.turn()
    reading.heard(desk, desk.message.data)
    return _news(desk)


def photo_due(desk: Desk) -> Turn:
    """Somebody rests at a picture that was to come later: a kind word, twice at most, and nothing is asked."""
    draft, key = desk.draft, desk.view.open.key
    if draft is None or not desk.talk.paused or not photos.is_put_off(desk.view, key) or draft.reminded >= REMINDERS:
        return _refused(desk, "fenced")
    desk.set_draft(reminded=draft.reminded + 1)
    desk.say("photo_due", tone="warm", what=photos.part_name(desk.view, key))
    return desk.turn()


def photo_helped(desk: Desk) -> Turn:
    """Somebody else has taken a picture for this person: it goes where it was wanted, or is kept."""
    if (wanted := _draft_wanted(desk)) is not None:
        return wanted
    if desk.draft is None or desk.draft.submitted is not None:
        return desk.turn()
    query, ids = desk.view.find(desk.message.data["question"]), tuple(desk.message.data["photo_ids"])
    if query is None or not query.key.startswith(photos.PREFIX):
        kept = desk.draft.photos.get(photos.UNPLACED, ())
        desk.set_draft(photos={**desk.draft.photos, photos.UNPLACED: (*kept, *ids)})
        desk.effects.append(PlacePhotos(ids, desk.draft.id, photos.UNPLACED))
        desk.say("helped_kept")
    else:
        taken = photos.place(
            desk.view, query, ids, desk.view.words.say("helped", what=photos.part_name(desk.view, query.key))
        )
        desk.put(taken.answers, "photo")
        desk.replies.extend(taken.says)
        desk.effects.extend(taken.effects)
    reading.looked_at(desk, ids)
    return _news(desk)


_EVENTS: dict[str, Callable[[Desk], Turn]] = {
    "floor_taken": taken,
    "floor_spoken": spoken,
    "floor_returned": returned,
    "lease_ran_out": ran_out,
    "call_unanswered": unanswered,
    "case_moved": case_moved,
    "photo_returned": case_moved,
    "photo_kept": photo_kept,
    "photo_refused": photo_refused,
    "photo_read": photo_read,
    "photo_helped": photo_helped,
    "photo_due": photo_due,
}


# --- inside ---

_ENDS = "。．.！!；;，,、 \n"  # a reason stands inside a sentence, whatever the clerk ended it with


def _moved(case: CaseSeen, data: Any) -> CaseSeen:
    """The case as it stands now. What was refused stays so, with its reason, when the office closes it."""
    if data["state"] == "closed" and case.state == "rejected":
        return case
    changes = {"says": data.get("says") or "", "reason": (data.get("reason") or "").rstrip(_ENDS)}
    changes |= {"clause": data.get("clause"), "document": data.get("document") or ""}
    wanted = tuple(data.get("wanted", ())) if data["state"] == "returned" else ()
    return case.model_copy(update={"state": data["state"], "due": data.get("due"), "wanted": wanted, **changes})


def _draft_wanted(desk: Desk) -> Turn | None:
    """The event names a draft that is not on the table: it has to be brought first."""
    draft_id = desk.message.data.get("draft_id", "")
    if not draft_id or (desk.draft is not None and desk.draft.id == draft_id):
        return None
    known = draft_id in {name.id for name in desk.talk.drafts}
    return Turn(desk.session, needs_draft=draft_id) if known else desk.turn()


def _told(desk: Desk) -> Turn:
    """Go where the news leads; news of somebody else's draft leads nowhere, it is only said whom it is about."""
    if desk.draft is not None and desk.draft.id != desk.talk.draft_id:
        receipt = desk.draft.submitted.receipt if desk.draft.submitted else ""
        about = desk.view.about
        desk.say("about_another" if about else "about_receipt", receipt=receipt, who=about)
        return desk.turn()
    desk.stay("asked_again") if desk.state.startswith("consent/") else desk.move("moved")
    return desk.turn()


def _news(desk: Desk) -> Turn:
    """As `_told`, but whoever goes on with the question that they have, or rests, is not asked it again; unless it
    changes the check page, which is shown as it stands now."""
    here = desk.draft is not None and desk.draft.id == desk.talk.draft_id
    same = desk.talk.asked is not None and desk.talk.asked.question == desk.open.key and desk.state == desk.leads_to
    same = same and (desk.open.key != "reviewed" or desk.shown_just_so())
    if here and (same or desk.talk.paused or desk.talk.pending is not None or desk.state.startswith("consent/")):
        return desk.turn()
    if not here and not desk.replies:
        return desk.turn()
    return _told(desk)


def _take_out(desk: Desk, photo_id: str) -> None:
    """The answers that hold this picture are as if never given."""
    assert desk.draft is not None
    answers = desk.draft.answers.items()
    desk.forget({k for k, a in answers if k.startswith(photos.PREFIX) and photo_id in photos.photo_ids(a.value)})
    left = tuple(one for one in desk.draft.photos.get(photos.UNPLACED, ()) if one != photo_id)
    desk.set_draft(photos={**desk.draft.photos, photos.UNPLACED: left})


def _holds(desk: Desk) -> bool:
    return desk.talk.floor is not None and desk.talk.floor.lease == desk.message.data["lease"]


def _refused(desk: Desk, why: Any) -> Turn:
    return Turn(desk.session, refused=why)


def _aloud(desk: Desk, *replies: Reply) -> Turn:
    """What staff say is never held back."""
    desk.set_talk(last_at=desk.message.at)
    return Turn(desk.session, replies, path=tuple(desk.path))


def _bot_goes_on(desk: Desk, says: str) -> Turn:
    """The floor is free: what waited is said, and the bot picks up exactly there."""
    name = desk.talk.floor.name if desk.talk.floor else ""
    desk.set_talk(floor=None)
    desk.say(says, tone="notice", name=name)
    desk.release_waiting()
    desk.stay("asked_again")
    return desk.turn()


def _time(value: Any) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)
