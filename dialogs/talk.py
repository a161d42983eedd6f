"""One turn of the talk: `step(library, session, message) -> Turn`, a pure function of its arguments.

Here a message finds its handler: what was tapped or typed is given to the open question; what was said beside it
(a command, a
question, a cry for help) is answered and the question asked again; what the office did is told.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any

from dialogs import bursts, office, reading
from dialogs.aside import answer_what_waited, call_staff, clarify, distress, side_answer
from dialogs.asked import from_the_pack
from dialogs.commands import COMMANDS, PENDING, restart_confirmed, restart_question
from dialogs.desk import Desk
from dialogs.graph import ANSWERED
from dialogs.library import Library
from dialogs.messages import Ask, LetHelp, Link, Message, Option, PlacePhotos, Say, Turn
from dialogs.reading import corrected
from dialogs.renewal import renew
from dialogs.session import Burst, Piece, Session
from dialogs.steps import Seen, form, papers, photos, progress, signing, step_of
from dialogs.steps.screening import fact_in_words
from dialogs.understanding import Reading
from dialogs.view import Problem, Query, Taken, View

LONG_AGO = timedelta(hours=4)  # after such a pause the desk says where the talk was
NUMBERS = ("id_number", "id_number_of_another", "card_number", "bank_number", "phone")
FEWEST_DIGITS = 6
LONGEST_ILLNESS = 12  # what is longer than “我娃儿是自闭症” says more than an illness
MOST_NAMES = 3  # more counties than these are not read out


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
        return restart_question(view)
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

_OF_THE_DEAD = ("is_deceased", "wants_cancel")  # what the desk knows from “has died” alone
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
    reading = _read(desk, context_of(desk.view, desk.open))
    return reading.kind in _BY_ITSELF or (reading.kind == "answer" and reading.value is not None)


def _whole(desk: Desk) -> bool:
    """Whether nothing can belong to these words: what was shown was chosen, a line was filled in, something was asked."""
    if desk.state.startswith("consent/"):
        return _fits(desk)
    text, ask = desk.message.text.strip(), desk.view.asking(desk.open).ask
    if ask.input not in ("choice", "choices", "place") or text.isdigit() or desk.talk.pending or desk.talk.paused:
        return True
    reading = _read(desk, context_of(desk.view, desk.open))
    bare = isinstance(reading.value, bool) and not reading.facts and len(text) <= len("没有办过")
    return bare or reading.kind in (*_BY_ITSELF, "chat") or text in [option.label for option in ask.options]


def _joined(desk: Desk, burst: Burst, carried: tuple[dict[str, Any], ...]) -> Turn | None:
    """All the pieces read as one message, from where the first of them was said; None where they do not become one."""
    pieces = bursts.in_order(burst, desk.message)
    if not bursts.may_grow(pieces) or _read(desk, "open").kind in _BY_ITSELF:
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
    if reading is None or (reading == _together(again, others) and _read(desk, "open").kind != "chat"):
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
    together = _read(desk, context, "，".join(one.text for one in pieces))
    unbroken = _read(desk, "open", "".join(one.text for one in pieces))
    if unbroken.kind in ("distress", "human"):
        return unbroken
    given = [together, *(_read(desk, context, one.text) for one in pieces)]
    values = [one.value for one in given if one.kind == "answer" and one.value is not None]
    if any(value != values[0] for value in values[1:]):
        return None
    facts: dict[str, Any] = {}
    for one in pieces:
        facts |= _read(desk, "open", one.text).facts
    facts |= together.facts
    return Reading("answer", values[0] if values else None, facts) if values or facts else None


def _early(desk: Desk, burst: Burst | None, unread: tuple[dict[str, Any], ...]) -> Turn:
    """Written before the open question was there, and no piece of what came before: only what names itself is taken."""
    start = bursts.rewound(desk.session, burst) if burst is not None and burst.pieces else desk.session
    reading = _read(desk, "open")
    if reading.kind in _BY_ITSELF:
        read_as(desk, reading)
        return bursts.with_unread(desk.turn(), () if reading.kind == "distress" else unread)
    if _volunteer(desk, dict(reading.facts)):
        pieces = bursts.in_order(burst or Burst(), desk.message)
        return bursts.closed(desk.turn(), desk.message, start, pieces, unread)
    if not desk.state.startswith("consent/"):
        desk.say("which_question", text=desk.message.text.strip()[:20])
    desk.stay("asked_again")
    return bursts.closed(desk.turn(), desk.message, start, burst.pieces if burst else (), unread)


def _text(desk: Desk) -> None:
    if desk.talk.pending is not None:
        return _confirmation(desk, _read(desk, "yesno:confirm_restart"))
    if desk.talk.paused and desk.talk.called is not None and desk.talk.called.reason == "distress":
        return _after_distress(desk)
    if desk.message.text.strip() in desk.view.words.lists["next_person_words"] and _may_switch(desk):
        return _next_person(desk)
    wanted = _after_one_of(desk.view.words.lists["switch_words"], desk.message.text)
    if wanted and desk.library.reader.addressed(wanted) == wanted and _may_switch(desk):
        desk.say("nobody_called", name=wanted)
        return desk.stay("asked_again")
    read_as(desk, _read(desk, context_of(desk.view, desk.open)))


def _confirmation(desk: Desk, reading: Reading) -> None:
    """Start over? Only a plain yes or no answers that; whatever else was said is heard as always."""
    if reading.kind == "answer" and isinstance(reading.value, bool):
        return _pending(desk, reading.value)
    desk.set_talk(pending=None)
    if reading.kind in ("distress", "human", "command", "faq", "refused", "chat"):
        return read_as(desk, reading)
    COMMANDS["restart"](desk, "")


def _next_person(desk: Desk) -> None:
    """“下一个人”: another draft begins; the one before is kept under its name."""
    desk.begin_draft()
    desk.move("switched")


def _draft_named(session: Session, text: str, library: Library) -> str:
    """“回到王大爷”, or with the receipt's number: the draft meant, "" when none is. The newest of two with one name."""
    wanted = _after_one_of(library.words.lists["switch_words"], text)
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
    reading = _read(desk, "open")
    if reading.kind in ("distress", "human"):
        return read_as(desk, reading)
    desk.set_talk(paused=False)
    desk.say("after_distress", tone="warm")
    desk.stay("answered_aside")


def _answer(desk: Desk) -> None:
    message = desk.message
    if desk.talk.pending is not None and message.question in ("", PENDING):
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


# --- giving an answer ---


def give(desk: Desk, query: Query, value: Any, by: str, also: dict[str, Any] | None = None) -> None:
    """Give `value` to `query`: taken and the talk goes on, or a problem is said and the question asked again."""
    if query.key == "confirm_submit" and value is True:
        return submit(desk)
    if query.state == papers.STATE:
        return _settle(desk, query, value)
    if value == photos.BY_HELPER and query.key.startswith(photos.PREFIX) and desk.library.home:
        return _let_help(desk, query)
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
    desk.put({**also, **taken.answers}, by)
    desk.replies.extend(taken.says)
    desk.effects.extend(_with_media(desk, effect) for effect in taken.effects)
    desk.set_talk(changing="", paused=False)
    answer_what_waited(desk)
    reading.weigh(desk)
    in_turn = (was_open and not _skips(desk)) or desk.state.startswith("consent/")
    desk.move("answered" if in_turn else _change_event(desk))


def _settle(desk: Desk, query: Query, value: Any) -> None:
    """The person's word on what a picture left open."""
    if not reading.settle(desk, query, value):
        desk.replies.append(Say(desk.view.words.say("please_choose"), tone="error"))
        return clarify(desk)
    desk.set_talk(changing="", paused=False)
    reading.weigh(desk)
    desk.move(_change_event(desk))


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


def _change_event(desk: Desk) -> str:
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


# --- reading words ---


def context_of(view: View, query: Query) -> str:
    """How words are to be understood while this question is open (the contract of `yijianshi understand`)."""
    ask = view.asking(query).ask
    key = query.covers[0] if len(query.covers) == 1 else query.key.removeprefix(form.PREFIX)
    if ask.input == "choices":
        return f"choices:{key}"
    if ask.input in ("choice", "photo", "signature"):
        values = {option.value for option in ask.options} - {"unsure"}
        return f"yesno:{key}" if values <= {True, False, "agree", "refuse", "right"} else f"choice:{key}"
    if ask.input in ("text", "number", "date", "place"):
        return f"slot:{key}"
    return "open"


def _read(desk: Desk, context: str, text: str | None = None) -> Reading:
    """What the message (or this piece of it) means."""
    shown: tuple[Option, ...] = ()
    if desk.talk.pending is None:
        shown = desk.view.asking(desk.open).ask.options
    words = desk.message.text if text is None else text
    asked = (context, words, desk.view.region, shown, desk.view.label)
    known = next((reading for before, reading in desk.heard if before == asked), None)
    if known is None:
        known = desk.library.read(*asked)
        desk.heard.append((asked, known))
    return known


def read_as(desk: Desk, reading: Reading) -> None:
    """Do what was understood."""
    if reading.kind == "answer":
        return _understood(desk, reading)
    if reading.kind == "command":
        return run_command(desk, reading.command, reading.argument, dict(reading.facts))
    if reading.kind == "human":
        return call_staff(desk, "asked")
    if reading.kind == "distress":
        return distress(desk, reading.doubt)
    asks = reading.kind == "faq" or reading.doubt == "question"
    if asks and (said := from_the_pack(desk.view, desk.message.text, reading.argument)):
        desk.replies.append(said)
        return desk.stay("answered_aside")
    if reading.kind in ("faq", "chat", "refused"):
        return side_answer(desk, reading)
    if reading.doubt == "family" and _help_family(desk, reading):
        return None
    if reading.facts and _volunteer(desk, dict(reading.facts)):
        return None
    named = _after_one_of(desk.view.words.lists["change_words"], desk.message.text)
    if named is not None and not desk.state.startswith("consent/"):
        return COMMANDS["change"](desk, named)
    if desk.open.state == papers.STATE and corrected(desk, desk.message.text.strip()):
        return desk.move(_change_event(desk))
    if _no_number(desk):
        desk.say("number_not_seen", tone="error", what=desk.view.asking(desk.open).ask.title)
        return clarify(desk)
    if _takes_any_words(desk) and not _hardly_a_name(desk, reading):
        return give(desk, desk.open, desk.message.text.strip(), "said")
    if reading.kind == "unsure" and isinstance(reading.value, list | tuple) and desk.open.key.endswith("_county"):
        return _ask_which_place(desk, [desk.view.county_name(str(code)) for code in reading.value])
    asks_back = next((key for key in _doubts(desk, reading) if key in desk.view.words.says), "")
    if asks_back:
        desk.say(asks_back, who=desk.view.who)
        return desk.stay("asked_again")
    if desk.view.asking(desk.open).ask.input == "photo":
        desk.say("photo_or_window")
        return desk.stay("answered_aside")
    clarify(desk, keep=desk.message.text if reading.doubt == "question" else "")


def _doubts(desk: Desk, reading: Reading) -> tuple[str, ...]:
    """What may be said to words that leave something open, the most fitting first. The name of an illness, told while something
    else is asked, is no category yet."""
    short = reading.doubt == "elsewhere" and len(desk.message.text) <= LONGEST_ILLNESS
    heard = short and _read(desk, "slot:card_categories").doubt == "which_category"
    kin = short and desk.view.role == "legal_guardian" and _tells_kin(desk)
    beside = "illness_heard" if heard else "kin_heard" if kin else ""
    return (f"{desk.open.key}_{reading.doubt}", f"doubt_{reading.doubt}", beside)


def _tells_kin(desk: Desk) -> bool:
    """“我是他妈”, when it has long been known: no answer, and no reason to ask back."""
    return desk.library.reader.read("slot:guardian_relation", desk.message.text).kind == "answer"


def _note_illness(desk: Desk, facts: dict[str, Any]) -> None:
    """“自闭症” among other facts is no category yet, and is not passed over in silence."""
    unclear = "card_categories" not in facts and "card_categories" not in desk.view.answers
    if unclear and _read(desk, "slot:card_categories").doubt == "which_category":
        desk.say("illness_noted")


def _help_family(desk: Desk, reading: Reading) -> bool:
    """“帮我妈问的”: whoever speaks for a parent or partner helps them; who is their guardian says so at the next question."""
    grown_up, young = desk.view.words.names["grown_up_kin"], desk.view.words.names["young_kin"]
    kin = reading.value[0] if len(reading.value or ()) == 1 else ""
    called = grown_up.get(kin) or desk.library.reader.addressed(desk.message.text)
    if desk.open.key != "actor_role" or not (called or kin in young):
        return False
    if kin in young:
        give(desk, desk.open, "legal_guardian", "said", {"relation": young[kin]})
    else:
        desk.say("helps_family", who=called)
        _keep_question(desk)
        give(desk, desk.open, "agent", "said", {"called": called})
    _volunteer(desk, dict(reading.facts))
    return True


def _ask_which_place(desk: Desk, names: list[str]) -> None:
    """A few counties of one name are told apart by their full names; of a whole city its county is asked for."""
    shared = "".join(signs[0] for signs in takewhile(lambda signs: len(set(signs)) == 1, zip(*names, strict=False)))
    if len(names) > MOST_NAMES and shared:
        desk.say("which_county", place=shared)
    else:
        desk.say("which_place", names="、".join(names))
    desk.stay("asked_again")


def _understood(desk: Desk, reading: Reading) -> None:
    query, value = desk.open, reading.value
    if reading.answer:  # a question came along with the answer
        desk.replies.append(Say(reading.answer, cites=tuple(reading.cites)))
    if value == "unsure" and desk.view.asking(query).ask.input == "photo":  # “不知道怎么拍”
        COMMANDS["help"](desk, "photos")
        return
    if query.state.startswith("consent/") and isinstance(value, bool):
        value = "agree" if value else "refuse"
    if query.key == "commitment" and value == "agree":
        value = True
    if query.key == "reviewed" and value is True:
        value = "right"
    also = {k: v for k, v in reading.facts.items() if k in desk.view.policy.facts and k not in query.keys}
    if value is None and also:
        _volunteer(desk, also)
        return
    if also:
        desk.replies.extend(read_back(desk.view, also))
        _note_illness(desk, also)
    give(desk, query, value, "said", also)
    if not reading.answer and query.state == "who/asking":
        _keep_question(desk)
    if query.key == "actor_role" and desk.open.key == "relation":
        _said_who(desk, query)
    elif desk.open.key == "called" and (called := desk.library.reader.addressed(desk.message.text)):
        give(desk, desk.open, called, "said")


def _keep_question(desk: Desk) -> None:
    """What was asked along with whose matter it is: answered once the place is known."""
    if _read(desk, "open").doubt == "question":
        desk.set_talk(question=desk.message.text.strip()[:500])


def _said_who(desk: Desk, query: Query) -> None:
    """“给我儿子问”: who it is was told in the same breath. A number or a label (“第二个”) chose among the answers to `query`."""
    labels = [option.label for option in desk.view.asking(query).ask.options]
    offered = {option.value for option in desk.view.asking(desk.open).ask.options} - {"other", "relative"}
    for text in (desk.message.text, re.split("[，,。！!]", desk.message.text)[0]):
        if text.strip() in labels or desk.library.read("choice:relation", text).kind != "answer":
            continue
        reading = _read(desk, context_of(desk.view, desk.open), text)
        if reading.kind == "answer" and reading.value in offered:
            return give(desk, desk.open, reading.value, "said")


def _volunteer(desk: Desk, facts: dict[str, Any]) -> bool:
    """Facts that were told without being asked: kept, read back, and never asked again."""
    known = {key: value for key, value in facts.items() if key in desk.view.policy.facts or key == "household_county"}
    if not known or desk.state.startswith("consent/"):
        return False
    desk.put(known)
    desk.replies.extend(read_back(desk.view, known))
    _note_illness(desk, known)
    desk.set_talk(changing="", paused=False)
    answer_what_waited(desk)
    desk.move(_change_event(desk))
    return True


def read_back(view: View, facts: dict[str, Any]) -> tuple[Say, ...]:
    """What was understood, so that a wrong one is corrected in a word. That somebody has died is not read out as a field."""
    unsaid = _OF_THE_DEAD if view.is_dead or facts.get("is_deceased") else ()
    told = [
        f"{view.policy.facts[k].title}：{fact_in_words(view, k, v)}"
        for k, v in facts.items()
        if k in view.policy.facts and k not in unsaid
    ]
    if "household_county" in facts and "household_county" not in view.policy.facts:
        told.append(view.words.say("county_is", county=view.county_name(str(facts["household_county"]))))
    return (Say(view.words.say("read_back", told="，".join(told))),) if told else ()


def _after_one_of(words: tuple[str, ...], text: str) -> str | None:
    """What follows one of these words at the beginning of the text ("改手机号码": "手机号码"), or None."""
    word = next((word for word in words if text.strip().startswith(word)), None)
    return None if word is None else text.strip().removeprefix(word).strip()


def _takes_any_words(desk: Desk) -> bool:
    """A line of free text takes what was written, as it was written."""
    ask = desk.view.asking(desk.open).ask
    return bool(ask.input in ("text", "signature"))


def _no_number(desk: Desk) -> bool:
    """Whether a number is asked for, and what came has next to no digits."""
    ask = desk.view.asking(desk.open).ask
    digits = sum(sign.isdigit() for sign in desk.message.text)
    return ask.rules in NUMBERS and digits < FEWEST_DIGITS and digits < len(desk.message.text.strip())


def _hardly_a_name(desk: Desk, reading: Reading) -> bool:
    """“去窗口” where a name is asked for: asked again; what begins like a name is taken as written the second time, anything else
    the third."""
    tries = desk.talk.asked.tries if desk.talk.asked else 0
    name = desk.view.asking(desk.open).ask.rules == "name"
    return name and reading.kind == "unsure" and tries < (1 if reading.doubt == "is_it_a_name" else 2)


# --- commands, switching, resuming ---


def run_command(desk: Desk, command: str, argument: str, facts: dict[str, Any]) -> None:
    if desk.state.startswith("consent/") and command not in ("help", "human"):
        return desk.stay("asked_again")
    if command == "change" and facts:
        return change_to(desk, facts)
    COMMANDS.get(command, COMMANDS["help"])(desk, argument)


def change_to(desk: Desk, facts: dict[str, Any]) -> None:
    """“等级改成二级”: the named answers are given anew, if they are on the path; else they are remembered for when they
    are."""
    if desk.draft is None or desk.draft.submitted:
        desk.say("already_submitted")
        return desk.stay("answered_aside")
    fields = {f"field:{k}": v for k, v in facts.items() if desk.view.find(f"field:{k}")}
    known = {k: v for k, v in facts.items() if k in desk.view.policy.facts or k == "household_county"}
    for key, value in fields.items():
        query = desk.view.find(key)
        assert query is not None
        return give(desk, query, value, "said", known)
    if _told_ahead(desk, facts):
        return None
    if _volunteer(desk, known):
        return None
    if any(name in desk.view.policy.fields for name in facts) and not desk.state.startswith("form/"):
        desk.say("later_in_the_form")
        return desk.stay("asked_again")
    COMMANDS["change"](desk, "")


def _told_ahead(desk: Desk, facts: dict[str, Any]) -> bool:
    """A line of the form that has not been asked yet: kept, read back, and not asked any more."""
    lines = {one.name: one for one in desk.view.form} if desk.state.startswith("form/") else {}
    for name in (one for one in facts if one in lines and not lines[one].derived):
        query = Query(form.PREFIX + name, "form/asking")
        taken = form.take(desk.view, query, facts[name])
        if isinstance(taken, Problem):
            desk.replies.append(Say(taken.says, tone="error"))
        else:
            desk.put(taken.answers)
            desk.say(
                "read_back", told=f"{lines[name].label}：{form.in_words(desk.view, name, desk.view.value(query.key))}"
            )
        desk.stay("asked_again")
        return True
    return False


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
    desk.set_talk(pending=None)
    if value is True:
        return restart_confirmed(desk)
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
