"""Taking a conversation, speaking in it, handing it back: the floor, asked for through the one writer of turns.

Nothing here changes a row of a conversation. Each verb is a system message whose outcome is awaited; the lease's number fences
it, so that who has lost the floor can neither speak nor give it back. What was done is recorded in the audit.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from backend.conversations import unheard
from backend.conversations.models import Conversation
from backend.conversations.writer import Answer, Busy, Unknown
from backend.jobs import House
from backend.staff import audit, desk, store
from backend.staff.access import refused
from backend.staff.audit import Verb
from backend.staff.rights import Staff
from backend.storage import new_id, now
from dialogs.messages import SystemEvent


def take(house: House, staff: Staff, conversation_id: str) -> None:
    """Take the floor. Problem 409 "held" with the holder's name when somebody else has it."""
    seen(house, staff, conversation_id)
    if _ask(house, conversation_id, "floor_taken", _hold(house, staff), new_id()).refused:
        raise _held(house, staff, conversation_id)
    _record(house, staff, "take", conversation_id)


def renew(house: House, staff: Staff, conversation_id: str) -> None:
    """Hold the floor for longer, while the page is open. Problem 409 "lost" when it is no longer this person's."""
    _own(house, staff, conversation_id)
    if _ask(house, conversation_id, "floor_taken", _hold(house, staff), new_id()).refused:
        raise refused(409, "lost")


def say(house: House, staff: Staff, conversation_id: str, text: str, key: str) -> None:
    """Say something as a person. `key`: the same one again is the same words, said once."""
    one = _own(house, staff, conversation_id)
    data = {"lease": one.lease, "name": staff.shown, "text": text}
    if _ask(house, conversation_id, "floor_spoken", data, f"{staff.id}:{key}").refused:
        raise refused(409, "lost")
    _record(house, staff, "say", conversation_id)


def give_back(house: House, staff: Staff, conversation_id: str, anyway: bool = False) -> None:
    """Hand the conversation back: the bot goes on exactly where it was. Problem 409 "unanswered" while the person waits for an
    answer to something; `anyway`: it is kept with the questions instead."""
    one = _own(house, staff, conversation_id)
    if not anyway and (left := _unanswered(house, one)):
        raise refused(409, "unanswered", words=left)
    unheard.keep(house, conversation_id)
    if _ask(house, conversation_id, "floor_returned", {"lease": one.lease}, new_id()).refused:
        raise refused(409, "lost")
    _record(house, staff, "return", conversation_id)


def _unanswered(house: House, one: Conversation) -> str:
    """What the person said, or called with, and nobody has answered, masked."""
    with house.store.read() as tx:
        key = house.store.keys.load(tx, [one.person_id]).get(one.person_id)
        if key is None:
            return ""
        left = unheard.words(house, tx, key, one) or unheard.call(house, tx, key, one)
        return desk.mask_of(house, tx, key, one.id).own(left.replace("\n", "；")) if left else ""


def seen(house: House, staff: Staff, conversation_id: str) -> Conversation:
    """The conversation, if it is within the fence; else 404."""
    with house.store.read() as tx:
        one = store.conversation(tx, staff.counties, conversation_id)
    if one is None:
        raise refused(404, "not_found")
    return one


def _own(house: House, staff: Staff, conversation_id: str) -> Conversation:
    """The conversation, if this person holds it; else 409."""
    one = seen(house, staff, conversation_id)
    if one.holder and one.holder != staff.id:
        raise _held(house, staff, conversation_id)
    if one.holder != staff.id:
        raise refused(409, "lost")
    return one


def _held(house: House, staff: Staff, conversation_id: str) -> Exception:
    with house.store.read() as tx:
        one = store.conversation(tx, staff.counties, conversation_id)
        names = store.shown_names(tx, [one.holder]) if one else {}
    return refused(409, "held", name=next(iter(names.values()), "同事"))


def _hold(house: House, staff: Staff) -> dict[str, Any]:
    until = now() + timedelta(minutes=house.settings.lease_minutes)
    return {"holder": staff.id, "name": staff.shown, "until": until.isoformat()}


def _ask(house: House, conversation_id: str, event: SystemEvent, data: Mapping[str, Any], key: str) -> Answer:
    try:
        answer: Answer = house.writer.system_and_wait(conversation_id, event, data, key)
    except Unknown:
        raise refused(404, "not_found") from None
    except Busy:
        raise refused(503, "busy") from None
    return answer


def _record(house: House, staff: Staff, verb: Verb, conversation_id: str) -> None:
    with house.store.work() as tx:
        audit.record(house.store.keys, tx, staff, verb, "conversation", conversation_id)
