"""What a person said while somebody of the staff held the floor, and nobody answered: it is kept with the questions that nobody
could answer when the floor is given back or runs out, so that no question gets lost between two who answer."""

from __future__ import annotations

import json

from sqlmodel import Session

from backend.conversations import store as rows
from backend.conversations.models import Conversation, QuestionKept
from backend.jobs import House
from backend.storage import DataKey, new_id, now

REASON = "held"
_BACK = 40  # entries: nobody says more than that unanswered


def words(house: House, tx: Session, key: DataKey, conversation: Conversation) -> str:
    """What was said since the last answer, "" if nothing: thanks and greetings ask for none, pictures are kept by themselves."""
    said: list[str] = []
    if not conversation.holder:
        return ""
    for entry in reversed(rows.transcript(tx, conversation.id, limit=_BACK)):
        if entry.speaker != "person":  # an answer, or the word that somebody has come
            break
        blocks = json.loads(house.store.keys.unseal(key, entry.sealed_blocks, f"transcript.blocks:{entry.id}"))
        said += [block["text"] for block in blocks if block["text"] and not block["photo_ids"]]
    asked = [text for text in reversed(said) if house.library.read("open", text).kind != "chat"]
    return "\n".join(asked)


def call(house: House, tx: Session, key: DataKey, conversation: Conversation) -> str:
    """What the person wrote when they called, "" where nobody was called or somebody of the staff has spoken since."""
    since = rows.last_spoken(tx, conversation.id, "staff")
    calls = [one for one in rows.open_calls(tx, conversation.id) if since is None or one.at > since]
    return house.store.keys.unseal_text(key, calls[-1].sealed_text, _place(calls[-1].id)) if calls else ""


def keep(house: House, conversation_id: str) -> None:
    """Keep it, if there is anything. Done twice, it is kept once."""
    with house.store.work() as tx:
        one = tx.get(Conversation, conversation_id)
        key = house.store.keys.load(tx, [one.person_id]).get(one.person_id) if one else None
        text = words(house, tx, key, one) if one and key else ""
        if one is None or key is None or not text or text in _kept(house, tx, key, one):
            return
        question_id = new_id()
        sealed = house.store.keys.seal(key, text, _place(question_id))
        mine = {"id": question_id, "conversation_id": one.id, "person_id": one.person_id, "sealed_text": sealed}
        tx.add(QuestionKept(**mine, reason=REASON, at=now()))


def _kept(house: House, tx: Session, key: DataKey, conversation: Conversation) -> set[str]:
    open_ = (one for one in rows.questions(tx, conversation.person_id) if one.answered_at is None)
    return {house.store.keys.unseal_text(key, one.sealed_text, _place(one.id)) for one in open_}


def _place(question_id: str) -> str:
    return f"question_kept.text:{question_id}"
