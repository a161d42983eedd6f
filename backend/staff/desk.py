"""Conversations as the console shows them: the list with what needs a person on top, one talk with its transcript.

Numbers, names and addresses are masked here, before anything leaves. What a list sorts by comes from the plain columns that the
writer keeps; a key is only used for the rows that are shown.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session

from backend.conversations import store as talks
from backend.conversations.models import Conversation, DraftRow, Said
from backend.jobs import House
from backend.people import masking
from backend.staff import masks, store
from backend.staff.rights import MOST, Staff
from backend.staff.words import words
from backend.storage import DataKey
from dialogs.days import day_says
from dialogs.directory import SHANGHAI
from dialogs.session import PaperValue
from dialogs.steps.papers import marked

Json = dict[str, Any]
STUCK = 3  # times in a row that the same question was not understood
_LAST_LINE = 60  # signs
_ALL, _SHOWN = 10_000, 200  # lines of one transcript: more than anybody says, and how many of them the page gets


@dataclass(frozen=True, slots=True)
class Why:
    """One reason why somebody of the staff is needed. `urgency`: 0 is danger, then who waits for a person, who is stuck, and
    after the people the cases. `since`: for the order among equals."""

    code: str
    says: str
    urgency: int
    since: datetime

    def shown(self) -> Json:
        return {"code": self.code, "says": self.says}


def rows(
    house: House,
    tx: Session,
    staff: Staff,
    which: str,
    more: Mapping[str, Sequence[Why]] | None = None,
    most: int = MOST,
) -> list[Json]:
    """The list: what needs a person first, then the newest, each with what its person said last. `more`: further reasons by
    conversation (cases that are due ...); `most`: rows at most."""
    more = more or {}
    found = store.conversations(tx, staff.counties, which, staff.id, STUCK, more, most)
    why = {one.id: sorted([*_why(house, one, staff), *more.get(one.id, ())], key=lambda w: w.urgency) for one in found}
    ordered = sorted(found, key=lambda one: _place(why[one.id], one))
    return _shown(house, tx, ordered, why)


def talk(house: House, tx: Session, staff: Staff, conversation_id: str, more: Sequence[Why] = ()) -> Json | None:
    """One conversation with its transcript, masked; None outside the fence."""
    one = store.conversation(tx, staff.counties, conversation_id)
    if one is None:
        return None
    why = sorted([*_why(house, one, staff), *more], key=lambda w: w.urgency)
    key = house.store.keys.load(tx, [one.person_id]).get(one.person_id)
    if key is None:  # forgotten, and the rows not yet gone
        return None
    row = _shown(house, tx, [one], {one.id: why})[0]
    kept = json.loads(house.store.keys.unseal(key, one.sealed_talk, f"conversation.talk:{one.id}"))
    said = [(line, _blocks(house, key, line)) for line in talks.transcript(tx, one.id, limit=_ALL)]
    answers = answers_of(house, key, talks.drafts(tx, one.id))
    mask = masks.mask_for(house.library, answers, (block for _, blocks in said for block in blocks))
    log = [_entry(line, blocks, mask) for line, blocks in said[-_SHOWN:]]
    return {
        "row": row,
        "log": log,
        "needs": row["needs"],
        "holder": row["holder"],
        "open": mask.every(kept["open"]),
        "drafts": [{**draft, "label": mask.text(draft["label"])} for draft in kept["talk"]["drafts"]],
    }


def waits_since(one: Conversation) -> datetime:
    return one.called_at or one.waiting_since or one.last_at


def _why(house: House, one: Conversation, staff: Staff) -> list[Why]:
    """The reasons that stand in the conversation itself."""
    told, since = words().why, clock(waits_since(one))
    found = []
    if one.called_at is not None and not one.holder:
        code = "distress" if one.called_reason == "distress" else "missed" if one.called_told else "called"
        says = told[code].format(since=since)
        if one.called_reason in words().called and code != "distress":
            says = f"{says}（{words().called[one.called_reason]}）"
        found.append(Why(code, says, 0 if code == "distress" else 2, waits_since(one)))
    if one.holder == staff.id and one.waiting_since is not None:
        found.append(Why("waiting", told["waiting"].format(since=since), 1, waits_since(one)))
    if one.stuck >= STUCK:
        says = told["stuck"].format(state=state_name(house, one.state), times=one.stuck)
        found.append(Why("stuck", says, 3, waits_since(one)))
    return found


def _place(why: Sequence[Why], one: Conversation) -> tuple[int, float]:
    """Where a row stands: by its most urgent reason, the longest waiting first; without a reason, the newest first."""
    return (why[0].urgency, why[0].since.timestamp()) if why else (99, -one.last_at.timestamp())


def _shown(house: House, tx: Session, found: Sequence[Conversation], why: Mapping[str, Sequence[Why]]) -> list[Json]:
    keys = house.store.keys.load(tx, {one.person_id for one in found})
    said = store.last_said(tx, [one.id for one in found], "person")
    drafts = store.drafts_by_id(tx, [one.draft_id for one in found if one.draft_id])
    names = store.shown_names(tx, {one.holder for one in found if one.holder})
    return [
        _row(house, one, keys[one.person_id], said.get(one.id), drafts.get(one.draft_id), why[one.id], names)
        for one in found
        if one.person_id in keys
    ]


def _row(
    house: House,
    one: Conversation,
    key: DataKey,
    said: Said | None,
    draft: DraftRow | None,
    why: Sequence[Why],
    names: Mapping[str, str],
) -> Json:
    answers = answers_of(house, key, [draft] if draft else [])
    mask = masks.mask_for(house.library, answers, _blocks(house, key, said) if said else ())
    return {
        "id": one.id,
        "who": _who(answers, mask),
        "by": words().by.get(one.role, one.role),
        "county": one.region,
        "state": one.state,
        "state_name": state_name(house, one.state),
        "channel": words().channels.get(one.channel, one.channel),
        "paused": one.paused,
        "last_at": one.last_at.isoformat(),
        "waiting_since": waits_since(one).isoformat() if one.called_at or one.waiting_since else None,
        "why": [each.shown() for each in why],
        "needs": [{"code": need, "says": words().needs.get(need, need)} for need in _needs(one, answers)],
        "holder": {"id": one.holder, "name": names.get(one.holder, "")} if one.holder else None,
        "lease_until": one.lease_until.isoformat() if one.holder and one.lease_until else None,
        "last_line": _last_line(house, key, said, mask),
    }


def _needs(one: Conversation, answers: Sequence[Json]) -> list[str]:
    """How this person wants to be served: what the talk has kept, and what follows for those who speak for themselves."""
    told = [need for need in one.needs.split(",") if need]
    if one.role == "self" and answers:
        named = [answers[0].get(fact) for fact in ("card_categories", "applied_categories")]
        categories = [category for value in named if isinstance(value, list) for category in value]
        told += [words().needs_of[category] for category in categories if category in words().needs_of]
    return list(dict.fromkeys(told))


def _who(answers: Sequence[Json], mask: masks.Mask) -> str:
    name = answers[0].get("field:name") if answers else None
    return masking.name(name) if isinstance(name, str) and name else words().unnamed


def _last_line(house: House, key: DataKey, said: Said | None, mask: masks.Mask) -> str:
    if said is None:
        return ""
    texts = [block.get("text", "") for block in _blocks(house, key, said)]
    line = mask.own(" ".join(text for text in texts if text).replace("\n", " "))
    return line if len(line) <= _LAST_LINE else line[:_LAST_LINE] + "…"


def _entry(said: Said, blocks: list[Json], mask: masks.Mask) -> Json:
    return {"id": said.id, "at": said.at.isoformat(), "from": said.speaker, "blocks": mask.every(blocks)}


def _blocks(house: House, key: DataKey, said: Said) -> list[Json]:
    return list(json.loads(house.store.keys.unseal(key, said.sealed_blocks, f"transcript.blocks:{said.id}")))


def mask_of(house: House, tx: Session, key: DataKey, conversation_id: str) -> masks.Mask:
    """What hides the person of this conversation, by everything that was ever answered in it."""
    answers = answers_of(house, key, talks.drafts(tx, conversation_id))
    log = (block for said in talks.transcript(tx, conversation_id, limit=_ALL) for block in _blocks(house, key, said))
    return masks.mask_for(house.library, answers, log)


def answers_of(house: House, key: DataKey, drafts: Iterable[DraftRow]) -> list[Json]:
    """The answers of these drafts, by question: only to know what to hide, and the name's first sign."""
    opened = (json.loads(house.store.keys.unseal(key, one.sealed_body, f"draft.body:{one.id}")) for one in drafts)
    return [_answers(draft) for draft in opened]


def _answers(draft: Json) -> Json:
    """With what papers say and nobody has said yet, also as it is shown with the doubtful signs marked."""
    found = {question: answer["value"] for question, answer in draft["answers"].items()}
    for photo_id, paper in draft.get("papers", {}).items():
        for value in paper["values"]:
            read = PaperValue.model_validate(value)
            for how, text in (("read", read.value), ("marked", marked(read))):
                found[f"field:{photo_id}.{how}:{read.name}"] = text
    return found


def state_name(house: House, state: str) -> str:
    return str(house.library.words.name("states", state))


def clock(at: datetime) -> str:
    """A moment as it is said on the spot: the time for today, else the day too."""
    local = at.astimezone(SHANGHAI)
    today = datetime.now(SHANGHAI).date()
    return f"{local:%H:%M}" if local.date() == today else f"{day_says(local.date(), today)} {local:%H:%M}"
