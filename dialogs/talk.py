"""One turn of the talk: `step(library, session, message) -> Turn`, a pure function of its arguments.

Here a message finds its handler: what was tapped or photographed is given to the open question, words go by way of what
they mean (`hearing`) to the same place (`giving`), what the office did is told (`office`). Which words belong together and to
which question is decided here too; so is which draft lies on the table.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from dialogs import bursts, office, reading, whose
from dialogs.aside import distress
from dialogs.commands import COMMANDS, PENDING, confirmed, sure_question
from dialogs.desk import Desk
from dialogs.giving import give, keep_for_later
from dialogs.hearing import after_one_of, context_of, read, read_as, run_command, volunteer
from dialogs.library import Library
from dialogs.messages import Ask, Message, Turn
from dialogs.renewal import renew
from dialogs.session import Burst, Piece, Session
from dialogs.steps import Seen
from dialogs.understanding import Reading

LONG_AGO = timedelta(hours=4)  # after such a pause the desk says where the talk was


def step(library: Library, session: Session, message: Message) -> Turn:
    """What `message` does to `session`. Never raises for anything a person can send."""
    burst, session = bursts.taken_up(session)
    desk = Desk(library, session, message)
    if message.kind == "system":
        return office.handle(desk)
    if message.kind == "text" and (named := _draft_named(session, message.text, library)):
        desk.message = message = replace(message, kind="switch", draft_id=named)
    if message.kind == "switch":
        return switch(desk)
    if session.talk.draft_id and (session.draft is None or session.draft.id != session.talk.draft_id):
        return Turn(
            session, needs_draft=session.talk.draft_id
        )  # news of another draft had taken its place on the table
    if desk.talk.floor is not None:
        return _held(desk)
    if session.talk.asked is None and session.talk.last_at is None:
        turn = _first(desk)
        return bursts.closed(turn, message, session, (), ()) if message.kind == "text" else turn
    if message.kind == "text":
        return _words(desk, burst)
    _welcome_back(desk)
    renew(desk)
    _HANDLERS[message.kind](desk)
    held = bursts.unread(burst, message, session.talk.asked)
    return bursts.with_unread(desk.turn(), (*held.carried, *held.unread))


def open_ask(library: Library, session: Session, at: datetime) -> Ask | None:
    """The open question as it would be put now, for a page that is opened again; None before the first word."""
    if session.talk.asked is None:
        return None
    view = Seen(library, session, at)
    if session.talk.pending is not None:
        return sure_question(view, session.talk.pending["what"])
    ask: Ask = view.asking(view.open).ask
    return ask


# --- what a message brings ---


def _first(desk: Desk) -> Turn:
    """Whatever comes first is greeted, and nothing of it is kept before consent; but a cry is heard before anything else."""
    cry = desk.library.read("open", desk.message.text) if desk.message.kind == "text" else None
    if desk.message.kind == "photo":
        desk.say("photo_before_consent")
    desk.move("answered")
    if cry is not None and cry.kind == "distress":
        desk.replies = []
        distress(desk, cry.doubt)
    return desk.turn()


# --- words, and the words that belong to them ---

_BY_ITSELF = ("command", "human", "distress", "faq", "refused")  # never a piece of an answer


def _words(desk: Desk, burst: Burst | None) -> Turn:
    """Words count for the open question only if it had been sent when they were written; else they join those before them, or
    are asked back. Within the second of the sending nothing is certain: what does not fit joins if it can."""
    before, when = desk.session, bursts.timing(desk.message, desk.talk.asked)
    held = bursts.unread(burst, desk.message, desk.talk.asked)
    if desk.talk.pending is not None or desk.talk.paused:  # no question of the path is open
        when = "in_time"
    fits = when == "in_time" or (when == "same_second" and _fits(desk))
    if not fits and bursts.stands(burst, desk.message) and burst is not None:
        joined = _joined(desk, burst, held.carried)
        if joined is not None:
            return joined
    if when == "early":
        standing = burst if bursts.stands(burst, desk.message) else None
        return _early(desk, standing, (*held.carried, *held.unread))
    whole = _whole(desk)
    _hear(desk, None)
    turn = desk.turn()
    return turn if whole else bursts.closed(turn, desk.message, before, (bursts.piece(desk.message),), ())


def _hear(desk: Desk, reading: Reading | None) -> None:
    _welcome_back(desk)
    renew(desk)
    _text(desk) if reading is None else read_as(desk, reading)


def _fits(desk: Desk) -> bool:
    reading = read(desk, context_of(desk.view, desk.open))
    return reading.kind in _BY_ITSELF or (reading.kind == "answer" and reading.value is not None)


def _whole(desk: Desk) -> bool:
    """Whether nothing can belong to these words: what was shown was chosen, a line was filled in, something was asked."""
    if desk.state.startswith("consent/"):
        return _fits(desk)
    text, ask = desk.message.text.strip(), desk.view.asking(desk.open).ask
    if ask.input not in ("choice", "choices", "place") or text.isdigit() or desk.talk.pending or desk.talk.paused:
        return True
    reading = read(desk, context_of(desk.view, desk.open))
    bare = isinstance(reading.value, bool) and not reading.facts and len(text) <= len("没有办过")
    return bare or reading.kind in (*_BY_ITSELF, "chat") or text in [option.label for option in ask.options]


def _joined(desk: Desk, burst: Burst, carried: tuple[dict[str, Any], ...]) -> Turn | None:
    """All the pieces read as one message, from where the first of them was said; None where they do not become one."""
    pieces = bursts.in_order(burst, desk.message)
    if not bursts.may_grow(pieces) or read(desk, "open").kind in _BY_ITSELF:
        return None
    before = bursts.rewound(desk.session, burst)
    text, fresh = "，".join(one.text for one in pieces), bursts.ids_for(desk.message, desk.session, before)
    again = Desk(desk.library, before, replace(desk.message, text=text, question="", fresh=fresh))
    reading = _together(again, pieces)
    if reading is not None and reading.kind in ("distress", "human"):
        desk.message = replace(desk.message, text=text)
        read_as(desk, reading)
        return desk.turn()
    others = tuple(one for one in pieces if one.id != desk.message.id)
    if reading is None or (reading == _together(again, others) and read(desk, "open").kind != "chat"):
        return None  # this piece belongs to none of the others
    _hear(again, reading)
    turn = again.turn()
    if turn.effects or not bursts.nothing_lost(burst, desk.session, turn):
        return None
    return bursts.closed(turn, desk.message, before, pieces, carried)


def _together(desk: Desk, pieces: tuple[Piece, ...]) -> Reading | None:
    """The one answer that the pieces give to the question, with every fact that one of them tells; None if they give two.
    Distress is heard also where only all of it together says so."""
    context = context_of(desk.view, desk.open)
    together = read(desk, context, "，".join(one.text for one in pieces))
    unbroken = read(desk, "open", "".join(one.text for one in pieces))
    if unbroken.kind in ("distress", "human"):
        return unbroken
    given = [together, *(read(desk, context, one.text) for one in pieces)]
    values = [one.value for one in given if one.kind == "answer" and one.value is not None]
    if any(value != values[0] for value in values[1:]):
        return None
    facts: dict[str, Any] = {}
    for one in pieces:
        facts |= read(desk, "open", one.text).facts
    facts |= together.facts
    return Reading("answer", values[0] if values else None, facts) if values or facts else None


def _early(desk: Desk, burst: Burst | None, unread: tuple[dict[str, Any], ...]) -> Turn:
    """Written before the open question was there, and no piece of what came before: only what names itself is taken."""
    start = bursts.rewound(desk.session, burst) if burst is not None and burst.pieces else desk.session
    reading = read(desk, "open")
    if reading.kind in _BY_ITSELF:
        read_as(desk, reading)
        return bursts.with_unread(desk.turn(), () if reading.kind == "distress" else unread)
    if volunteer(desk, dict(reading.facts)):
        pieces = bursts.in_order(burst or Burst(), desk.message)
        return bursts.closed(desk.turn(), desk.message, start, pieces, unread)
    if not desk.state.startswith("consent/"):
        desk.say("which_question", text=desk.message.text.strip()[:20])
    desk.stay("asked_again")
    return bursts.closed(desk.turn(), desk.message, start, burst.pieces if burst else (), unread)


def _text(desk: Desk) -> None:
    if desk.talk.pending is not None:
        return _confirmation(desk, desk.talk.pending["what"], desk.message.text.strip())
    if desk.talk.paused and desk.talk.called is not None and desk.talk.called.reason == "distress":
        return _after_distress(desk)
    if desk.message.text.strip() in desk.view.words.lists["next_person_words"] and _may_switch(desk):
        return whose.next_person(desk)
    wanted = after_one_of(desk.view.words.lists["switch_words"], desk.message.text)
    if wanted and desk.library.reader.addressed(wanted) == wanted and _may_switch(desk):
        desk.say("nobody_called", name=wanted)
        return desk.stay("asked_again")
    if desk.open.key == whose.WHO or desk.state.startswith("consent/") or not whose.told(desk):
        read_as(desk, read(desk, context_of(desk.view, desk.open)))


def _confirmation(desk: Desk, what: str, text: str) -> None:
    """Sure? Only a plain no or an outspoken yes answers that, for it cannot be taken back: “嗯” is none. Whatever else was said
    is heard as always."""
    words, shown = desk.view.words.lists, sure_question(desk.view, what).options
    chosen = next((option.value for option in shown if option.label == text), None)
    if chosen is not None or (what == "forget" and text.rstrip("吧嘛了。！") in words["delete_words"]):
        return _pending(desk, chosen is not False)
    reading = read(desk, "yesno:confirm_restart")
    sure = any(word in text for word in words["sure_words"])
    if reading.kind == "answer" and (reading.value is False or (reading.value is True and sure)):
        return _pending(desk, reading.value)
    desk.set_talk(pending=None)
    meant = read(desk, context_of(desk.view, desk.open))
    if reading.kind in (*_BY_ITSELF, "chat") or (meant.kind == "answer" and meant.value is not None):
        return read_as(desk, reading if reading.kind in (*_BY_ITSELF, "chat") else meant)
    COMMANDS[what](desk, "")


def _draft_named(session: Session, text: str, library: Library) -> str:
    """“回到王大爷”, or with the receipt's number: the draft meant, "" when none is. The newest of two with one name."""
    wanted = after_one_of(library.words.lists["switch_words"], text)
    if not wanted or session.talk.floor is not None:
        return ""
    sign = wanted.upper().replace("-", "").replace(" ", "")
    names = [n for n in session.talk.drafts if wanted == n.label or (n.receipt and sign == n.receipt.replace("-", ""))]
    return names[-1].id if names else ""


def _may_switch(desk: Desk) -> bool:
    return bool(desk.talk.drafts) and not desk.state.startswith("consent/")


def _after_distress(desk: Desk) -> None:
    """The first words after a cry are not an answer to a form: unless it is another cry, the desk waits until it
    is wanted."""
    reading = read(desk, "open")
    if reading.kind in ("distress", "human"):
        return read_as(desk, reading)
    desk.set_talk(paused=False)
    desk.say("after_distress", tone="warm")
    desk.stay("answered_aside")


def _answer(desk: Desk) -> None:
    message = desk.message
    if desk.talk.pending is not None and (not message.question or message.question.startswith(PENDING)):
        return _pending(desk, message.value)
    query = desk.view.find(message.question) if message.question else desk.open
    if query is None:
        desk.say("question_gone")
        return desk.stay("asked_again")
    if query.state.startswith("consent/") and query.key != desk.open.key and not _withdrawn(desk, message.value):
        return desk.stay("asked_again")  # a second tap on a notice that has been answered
    give(desk, query, message.value, "form")


def _withdrawn(desk: Desk, value: Any) -> bool:
    """Whether a notice that was agreed to is refused now, before the talk has begun; later that is a deletion."""
    if value == "refuse" and not desk.state.startswith("consent/"):
        desk.say("consent_given")
    return bool(value == "refuse") and desk.state.startswith("consent/")


def _command(desk: Desk) -> None:
    desk.set_talk(pending=None)
    argument = desk.message.value if isinstance(desk.message.value, str) else desk.message.text
    run_command(desk, desk.message.command, argument, {})


def _photo(desk: Desk) -> None:
    """Pictures for the open question, or kept for when they are asked for."""
    if desk.state.startswith("consent/"):
        desk.say("photo_before_consent")
        return desk.stay("asked_again")
    named = desk.view.find(desk.message.question) if desk.message.question else None
    query = named or desk.open
    wanted = desk.view.asking(query).ask.input
    if wanted == "photo":
        reading.looked_at(desk, desk.message.photo_ids)
        return give(desk, query, list(desk.message.photo_ids), "photo")
    if wanted == "signature":  # signed by hand on paper, and photographed
        return give(desk, query, {"way": "drawn", "png": desk.message.photo_ids[0]}, "photo")
    keep_for_later(desk)
    reading.looked_at(desk, desk.message.photo_ids)
    kept = "photo_kept_looking" if desk.library.reads else "photo_kept_for_later"
    desk.say("photo_not_now" if desk.draft and desk.draft.submitted else kept)
    desk.stay("answered_aside")


_HANDLERS: dict[str, Callable[[Desk], None]] = {"text": _text, "answer": _answer, "command": _command, "photo": _photo}


# --- switching, resuming ---


def switch(desk: Desk) -> Turn:
    """Bring another applicant's draft to the table, or begin a new one ("new")."""
    wanted = desk.message.draft_id
    if not _may_switch(desk):
        desk.stay("asked_again") if desk.talk.asked else desk.move("answered")
        return desk.turn()
    if wanted == "new":
        desk.begin_draft()
    elif wanted not in {name.id for name in desk.talk.drafts}:
        desk.say("draft_gone")
        desk.stay("asked_again")
        return desk.turn()
    elif desk.draft is None or desk.draft.id != wanted:
        return Turn(desk.session, needs_draft=wanted)
    else:
        desk.set_talk(draft_id=wanted, changing="", pending=None, asked=None)
        if desk.view.label:
            desk.say("now_about")
    desk.move("switched")
    return desk.turn()


def _pending(desk: Desk, value: Any) -> None:
    what = desk.talk.pending["what"] if desk.talk.pending else ""
    desk.set_talk(pending=None)
    if what and value is True:
        return confirmed(desk, what)
    desk.say("goes_on")
    desk.stay("asked_again")


def _held(desk: Desk) -> Turn:
    """A person of the staff holds the floor: the bot is silent, pictures are kept all the same."""
    if desk.message.kind == "photo" and not desk.state.startswith("consent/"):
        keep_for_later(desk)
    return desk.turn()


def _welcome_back(desk: Desk) -> None:
    last = desk.talk.last_at
    if last is not None and desk.message.at - last >= LONG_AGO and not desk.state.startswith("consent/"):
        desk.say("welcome_back", tone="warm", where=desk.view.words.name("states", desk.state))
