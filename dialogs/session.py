"""What the dialog remembers: a `Session` is the state of one conversation and the draft that is on its table.

Only what a person (or a paper, or the office) said is remembered. What follows from it (decision, checklist, next
question)
is derived again each time, so that a changed answer ends exactly as if it had been so from the start. Unknown
fields of a
newer program are kept.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from dialogs.messages import CaseState

SCHEMA = 1


class _Kept(BaseModel):
    model_config = ConfigDict(frozen=True, extra="allow")


class Answer(_Kept):
    """One thing said. `by`: how it came (said in words or by a tap, told without being asked, read from a photo, typed into a
    form, shared data).
    `who`: whose hand: applicant, guardian, helper, staff, system. `message`: the id of the message that brought it."""

    value: Any
    by: Literal["said", "told", "photo", "form", "shared"] = "said"
    who: Literal["applicant", "guardian", "helper", "staff", "system"] = "applicant"
    at: datetime
    message: str = ""


class CaseSeen(_Kept):
    """A case as the person was last told of it. `due`: ISO date, only once its clock has started."""

    case_id: str
    item: str
    way: Literal["online", "offline", "jump", "auto"]
    state: CaseState
    says: str = ""
    reason: str = ""
    due: str | None = None
    wanted: tuple[str, ...] = ()  # materials asked for again
    clause: str | None = None  # by which it was refused, "" where none was named; None: not refused by anybody
    document: str = ""  # the pack in whose document that clause stands


class Submitted(_Kept):
    """The application that this draft became."""

    application_id: str
    receipt: str
    at: datetime
    cases: tuple[CaseSeen, ...]
    rated: int | None = None


class PaperValue(_Kept):
    """One thing that a paper says. `checked`: borne out by a check digit; `doubtful`: places of characters not read for sure."""

    name: str
    value: str
    checked: bool = False
    doubtful: tuple[int, ...] = ()


class Paper(_Kept):
    """A picture that has been read. `problem`: why it is not good enough, "" if it is; `remarks`: what is only worth a word.

    `weighed`: its part in the draft has been found. `whose`: "" until that is known. `settled`: what about it has been asked and
    answered. `failed`: nobody could read it, a person looks.
    """

    kind: str = "unknown"
    values: tuple[PaperValue, ...] = ()
    problem: str = ""
    remarks: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    failed: bool = False
    weighed: bool = False
    whose: Literal["", "applicant", "guardian", "other"] = ""
    settled: tuple[str, ...] = ()


class Retake(_Kept):
    """A picture has been asked for again. `times`: how often; `why`: a code; `photo_id`: the last one, that may do after all."""

    times: int
    why: str
    photo_id: str


class Draft(_Kept):
    """The answers about one applicant. `label`: what the speaker calls them ("我", "儿子", a name), shown on every screen.

    `answers`: by question key, also those that are not reachable just now (they come back if the path does).
    `pack`, `pack_version`: region and key of the policy this draft is talked about by: it keeps the one it began with until a
    safe point. `photos`: material -> photo ids, in order of arrival. `papers`: pictures that have been read, by photo id, in the
    order of it; `looking`: those that are being read, since when; `retakes`: part -> what was asked for again.
    `reminded`: how often the person was reminded of a picture that is to come later.
    """

    id: str
    label: str = ""
    answers: dict[str, Answer] = {}
    photos: dict[str, tuple[str, ...]] = {}
    papers: dict[str, Paper] = {}
    looking: dict[str, datetime] = {}
    retakes: dict[str, Retake] = {}
    reminded: int = 0
    pack: str = ""
    pack_version: str = ""
    submitted: Submitted | None = None


class DraftName(_Kept):
    """A line of the list of drafts: enough to switch, nothing more."""

    id: str
    label: str
    submitted: bool = False
    receipt: str = ""


class Asked(_Kept):
    """The question that is open. `shown`: the values in the order shown, so that “第二个” has a meaning. `tries`:
    how often
    it has not been understood in a row. `sent_at`: when it left: an answer written before that belongs to an
    earlier one."""

    question: str
    state: str
    shown: tuple[Any, ...] = ()
    tries: int = 0
    sent_at: datetime | None = None


class Floor(_Kept):
    """A person of the staff holds the conversation. `lease`: grows with every take-over; older numbers may not act."""

    lease: int
    holder: str
    name: str
    until: datetime


class Called(_Kept):
    """Somebody of the staff has been asked for and has not come yet."""

    at: datetime
    reason: Literal["asked", "stuck", "distress", "photo"]
    told: bool = False


class Piece(_Kept):
    """One message of a burst."""

    id: str
    text: str
    written_at: datetime | None = None
    at: datetime


class Burst(_Kept):
    """Words that further words may belong to, with what is needed to read all of them again as one message.

    `talk`, `answers`, `draft`: what the first piece found, where it differs from what stands now; `draft` None: there was none.
    `carried`: said before the burst and held back by its door; `unread`: said by its last turn and held back.
    """

    pieces: tuple[Piece, ...] = ()
    talk: dict[str, Any] = {}
    answers: dict[str, Answer | None] = {}
    draft: dict[str, Any] | None = None
    carried: tuple[dict[str, Any], ...] = ()
    unread: tuple[dict[str, Any], ...] = ()


class Talk(_Kept):
    """The state of the conversation: one per person, whatever the door.

    `consent`: answers to the privacy notice and to the separate notice on sensitive data (person's own, not a draft's).
    `drafts`: every draft of this person; `draft_id`: the one on the table. `changing`: the question being asked again.
    `pending`: something to be confirmed first ({"what": "restart"} ...). `waiting`: replies held back while staff
    speak.
    `question`: what was asked before the place was known; answered once it is.
    `burst`: the last words, while more may belong to them.
    `lease`: the highest lease number seen. `needs`: how this person wants to be served ("text_only", "large", "voice").
    """

    schema_: int = SCHEMA
    state: str = "consent/greeting"
    consent: dict[str, Answer] = {}
    drafts: tuple[DraftName, ...] = ()
    draft_id: str = ""
    asked: Asked | None = None
    changing: str = ""
    pending: dict[str, Any] | None = None
    waiting: tuple[dict[str, Any], ...] = ()
    floor: Floor | None = None
    called: Called | None = None
    lease: int = 0
    needs: tuple[str, ...] = ()
    last_at: datetime | None = None
    paused: bool = False
    question: str = ""
    burst: Burst | None = None


class Session(_Kept):
    """What `step` gets and gives back. `draft` is None before the first one is begun."""

    talk: Talk
    draft: Draft | None = None


def begin() -> Session:
    """A conversation in which nothing has been said yet."""
    return Session(talk=Talk())
