"""What goes into the talk and what comes out of it.

Everything here is frozen plain data: a `Message` in, a `Turn` out, with the `Reply` blocks that a channel shows and the
`Effect`s that the office keeps. No block knows a channel; every block carries `text`, a full plain-language
stand-in, so
that a client that does not know a kind of block (stores lag months) still says the right thing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from dialogs.session import Session

MessageKind = Literal["text", "answer", "command", "photo", "switch", "system"]
Command = Literal["back", "change", "restart", "resume", "help", "human", "progress", "pause"]
SystemEvent = Literal[
    "photo_kept",  # data: photo_id, material; the picture is safe in the store
    "photo_refused",  # data: photo_id, says; the picture could not be taken, with what to do
    "photo_read",  # data: photo_id, draft_id, and what `dialogs.reading` takes: kind, fields, problems, readable, others; failed
    "photo_due",  # data: draft_id; a picture that was to come later has not come
    "photo_helped",  # data: draft_id, question, photo_ids; somebody else took this picture, on another phone
    "photo_returned",  # data: case_id, photo_id, material, reason; a clerk wants this one picture again
    "case_moved",  # data: application_id, case_id, item, state, says?, reason?, due?: the case's new state
    "floor_taken",  # data: lease, holder, name, until; a person of the staff takes the conversation
    "floor_spoken",  # data: lease, name, text; that person says something
    "floor_returned",  # data: lease; the bot goes on
    "lease_ran_out",  # data: lease; the sweep ends a floor whose time is over
    "call_unanswered",  # data: {}; nobody of the staff came within the set time
]


@dataclass(frozen=True, slots=True)
class Message:
    """One event that reaches a conversation.

    `id`: unique for its account; the same id is the same event (the inbox answers it again without a second effect).
    `at`: when the server received it, aware, UTC. `written_at`: when the person wrote it by the platform's clock,
    or None.
    `text`: what was written ("text"). `question`: the key of the question that an "answer", a "photo" or words belong to, ""
    for the open one or where the door cannot know. `holds`: seconds for which the door may keep the reply back, because more
    words may be on their way. `data` of a "photo" may hold {"media": {photo_id: media_id}} for pictures that lie with a
    platform. `value`: the answer's value as the question's options define it, or the command's argument.
    `command`: for kind "command". `photo_ids`: for kind "photo": pictures that are already kept, or reserved and
    on their way.
    `draft_id`: for kind "switch": the draft to bring to the table. `event`, `data`: for kind "system".
    `fresh`: ids (UUIDv7, as text) that this turn may use up, in order, at least 8. `receipt`: a fresh receipt number.
    `channel`: the door's name ("web", "plain", "wechat_oa", "terminal", ...); the talk may only use it for `TEXT_ONLY`.
    """

    id: str
    kind: MessageKind
    at: datetime
    written_at: datetime | None = None
    text: str = ""
    question: str = ""
    value: Any = None
    command: Command | Literal[""] = ""
    photo_ids: tuple[str, ...] = ()
    draft_id: str = ""
    event: SystemEvent | Literal[""] = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    fresh: tuple[str, ...] = ()
    receipt: str = ""
    channel: str = "web"
    holds: float = 0.0


@dataclass(frozen=True, slots=True)
class Cite:
    """Where a document says so: `document` is a pack id, `clause` a label of that document, e.g. "附件2 二（二）"."""

    document: str
    clause: str


@dataclass(frozen=True, slots=True)
class Option:
    """One possible answer. `value`: what comes back; `label`: what is shown; `hint`: a short second line."""

    value: Any
    label: str
    hint: str = ""


LONG_LIST, FIRST_OF_IT = 20, 8


def numbered(options: tuple[Option, ...]) -> tuple[Option, ...]:
    """The options that have a number in a chat: of a long list (the peoples) only the first, the others are said in words."""
    return options[:FIRST_OF_IT] if len(options) >= LONG_LIST else options


@dataclass(frozen=True, slots=True)
class Explained:
    """A word that needs explaining, with its explanation in place (低保, 特困, 残疾等级, 一卡通)."""

    word: str
    says: str


InputKind = Literal[
    "choice",  # one of `options`
    "choices",  # several of `options`; value is a list
    "text",  # one line of free text
    "number",  # a whole number
    "date",  # YYYY-MM-DD
    "place",  # a county by name or 6-digit code; `options` are the likely ones
    "photo",  # one or more pictures; `options` are the ways round it
    "signature",  # value {"way": "drawn", "png": photo_id} | {"way": "typed", "name": ...} | {"way": "window"}
    "none",  # nothing to answer: the person waits, or is done
]


@dataclass(frozen=True, slots=True)
class Ask:
    """The open question: one heading, one question. It is always the last block of a turn that asks something.

    `question`: its key. `state`: the graph's state. `title`: heading, a few characters. `text`: the question itself.
    `options` in the order to show. `said`: the answer as it stands when the question is asked again to change it.
    `about`: the name of the person being helped, always on the screen when it is not the speaker. `at`, `of`: how far.
    `rules`: for text inputs: "id_number", "phone", "name", "address", "card_number", "bank_number", ... or "";
    "own_hand" for a signature that nobody may type.
    `picture`: a small drawing that says the same as `hint` (static/pictures/<picture>.svg), or "". `large`: what is to be looked
    at closely, one line each, shown large; it stands in `text` too.
    """

    question: str
    state: str
    title: str
    text: str
    input: InputKind
    options: tuple[Option, ...] = ()
    explained: tuple[Explained, ...] = ()
    hint: str = ""
    said: Any = None
    about: str = ""
    at: int = 0
    of: int = 0
    rules: str = ""
    can_go_back: bool = True
    picture: str = ""
    large: tuple[str, ...] = ()
    kind: Literal["ask"] = "ask"


@dataclass(frozen=True, slots=True)
class Say:
    """Something said. `tone`: plain; warm (greeting, thanks); error (what to do next, input kept); notice (from
    the office). `portrait`: the photo that is shown beside it, cut to the size that is wanted, or ""."""

    text: str
    tone: Literal["plain", "warm", "error", "notice"] = "plain"
    cites: tuple[Cite, ...] = ()
    explained: tuple[Explained, ...] = ()
    by: str = ""  # the staff member's shown name, when a person speaks
    portrait: str = ""
    kind: Literal["say"] = "say"


@dataclass(frozen=True, slots=True)
class Why:
    """One reason in plain words: it `holds` (True), fails (False) or is not known yet (None)."""

    says: str
    holds: bool | None
    cite: Cite


@dataclass(frozen=True, slots=True)
class OfferedItem:
    """One item as the person hears it. `verdict` as in the policy; `way`: online, jump, offline, auto; `where`:
    plain words;
    `limit`: the time limit in words with its start; `papers`: names of what is needed; `change`: what would
    change a refusal."""

    item: str
    name: str
    verdict: Literal["eligible", "later", "automatic", "not_eligible", "unknown"]
    headline: str
    why: tuple[Why, ...]
    way: str
    where: str
    limit: str
    papers: tuple[str, ...] = ()
    change: str = ""


@dataclass(frozen=True, slots=True)
class Offer:
    """What is possible, what comes by itself, what is not, with reasons."""

    text: str
    items: tuple[OfferedItem, ...]
    kind: Literal["offer"] = "offer"


@dataclass(frozen=True, slots=True)
class ReviewLine:
    """One answer on the check page. `question`: the key to change it; "" where it cannot be changed (derived)."""

    question: str
    label: str
    value: str
    photo_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReviewSection:
    title: str
    lines: tuple[ReviewLine, ...]


@dataclass(frozen=True, slots=True)
class Review:
    """Every answer on one page, what is sent to whom, each with a way to change it. `form`: the name of the paper form that
    can be looked at filled in, "" where there is none; Packet and Progress alike."""

    text: str
    sections: tuple[ReviewSection, ...]
    form: str = ""
    kind: Literal["review"] = "review"


@dataclass(frozen=True, slots=True)
class Packet:
    """What the person takes to the window so that the visit is one: number, what is filled in, what to bring, where."""

    text: str
    receipt: str
    filled: tuple[str, ...]
    bring: tuple[str, ...]
    where: tuple[str, ...]
    form: str = ""
    kind: Literal["packet"] = "packet"


CaseState = Literal[
    "drafted",
    "submitted",
    "accepted",
    "returned",
    "assessing",
    "publicised",
    "dispatched",
    "approved",
    "rejected",
    "delivered",
    "closed",
    "withdrawn",
]


@dataclass(frozen=True, slots=True)
class ProgressLine:
    """One case (or a jump, or an automatic item) as the person sees it. `mark`: done, doing, sent (nobody has accepted it yet),
    visit (sent ahead, the person has to come to the window), todo, auto (comes by itself), elsewhere (goes on in another
    system), trouble."""

    item: str
    name: str
    mark: Literal["done", "doing", "sent", "visit", "todo", "auto", "elsewhere", "trouble"]
    state_says: str
    limit_says: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    text: str
    receipt: str
    lines: tuple[ProgressLine, ...]
    form: str = ""
    kind: Literal["progress"] = "progress"


@dataclass(frozen=True, slots=True)
class Link:
    """A way to go on elsewhere: "在那边继续". `url` may be "" when no document prints one: then `text` says where."""

    text: str
    url: str
    kind: Literal["link"] = "link"


Reply = Say | Ask | Offer | Review | Packet | Progress | Link


# --- Effects: rows to write and jobs to start, as plain data. An effect that needs a query of its own is a job. ---


@dataclass(frozen=True, slots=True)
class CaseToOpen:
    """One item of a submission. `way`: online or offline are cases with a department; jump and auto are kept as
    information."""

    case_id: str
    item: str
    department: str
    way: Literal["online", "offline", "jump", "auto"]


@dataclass(frozen=True, slots=True)
class Submit:
    """A person submits once. `snapshot`: the reachable answers, materials and commitment exactly as confirmed
    (personal)."""

    application_id: str
    draft_id: str
    receipt: str
    county: str
    pack: str
    pack_version: str
    cases: tuple[CaseToOpen, ...]
    snapshot: Mapping[str, Any]
    kind: Literal["submit"] = "submit"


@dataclass(frozen=True, slots=True)
class CallStaff:
    """A person of the staff is wanted. `reason`: asked, stuck, distress, photo. `keep`: the question in the
    person's words."""

    reason: Literal["asked", "stuck", "distress", "photo"]
    keep: str
    kind: Literal["call_staff"] = "call_staff"


@dataclass(frozen=True, slots=True)
class PlacePhotos:
    """These pictures belong to this material of this draft (or answer this supplement).

    `material`: the photographed part, or "unplaced" for a picture that came before it was asked for. `media`: for
    pictures that
    still lie with a platform: photo id -> media id, to be fetched at once. Without consent there is no such
    effect, so nothing
    is fetched and nothing kept."""

    photo_ids: tuple[str, ...]
    draft_id: str
    material: str
    case_id: str = ""
    media: Mapping[str, str] = field(default_factory=dict)
    kind: Literal["place_photos"] = "place_photos"


@dataclass(frozen=True, slots=True)
class LookAt:
    """A person of the office has to look at these pictures (人工核对). `why`: a code: what could not be read, or what differs."""

    photo_ids: tuple[str, ...]
    why: str
    kind: Literal["look_at"] = "look_at"


@dataclass(frozen=True, slots=True)
class LetHelp:
    """Somebody else may take one picture for this person, once, with whatever phone holds `token`; `question`: where it goes."""

    token: str
    draft_id: str
    question: str
    kind: Literal["let_help"] = "let_help"


@dataclass(frozen=True, slots=True)
class Supply:
    """A supplement is given: the case goes back to the department with these pictures (`parts`: what each of them shows) and
    words."""

    application_id: str
    case_id: str
    photo_ids: tuple[str, ...]
    words: str = ""
    parts: tuple[str, ...] = ()
    kind: Literal["supply"] = "supply"


@dataclass(frozen=True, slots=True)
class Rate:
    """A rating of the service, 1 (very bad) to 5 (very good), with optional words. `about`: "" the whole, "acceptance",
    or the case whose result is rated."""

    application_id: str
    stars: int
    words: str = ""
    about: str = ""
    kind: Literal["rate"] = "rate"


@dataclass(frozen=True, slots=True)
class KeepQuestion:
    """A question nobody could answer from the documents, kept for the staff with its text."""

    text: str
    region: str
    kind: Literal["keep_question"] = "keep_question"


@dataclass(frozen=True, slots=True)
class ForgetDraft:
    """The person starts over or takes the draft back: the draft and its pictures are deleted."""

    draft_id: str
    kind: Literal["forget_draft"] = "forget_draft"


@dataclass(frozen=True, slots=True)
class ForgetMe:
    """The person wants everything of theirs deleted: the doors let them go, and a job deletes all that is kept."""

    kind: Literal["forget_me"] = "forget_me"


Effect = Submit | CallStaff | PlacePhotos | LookAt | LetHelp | Supply | Rate | KeepQuestion | ForgetDraft | ForgetMe


@dataclass(frozen=True, slots=True)
class Turn:
    """What one message did: the session afterwards, what to show, what to keep.

    `needs_draft`: the talk has to turn to a draft that is not on the table: bring it and step again with the same
    message
    (the other fields are then empty). `refused`: a system message that may not act now ("held": somebody else holds the
    floor; "fenced": an old lease); nothing has changed. `path`: the graph's states that this turn went through.
    `may_grow`: these words may be the beginning of more: a door that can wait does so, and lets only the last reply go.
    """

    session: Session
    replies: tuple[Reply, ...] = ()
    effects: tuple[Effect, ...] = ()
    needs_draft: str = ""
    refused: Literal["", "held", "fenced"] = ""
    path: tuple[str, ...] = ()
    may_grow: bool = False
