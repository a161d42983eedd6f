"""What is said beside the open question: a question, a greeting, a cry, words not understood, the wish for a person.

Each is answered, and then the open question is asked again exactly where it was.
"""

from __future__ import annotations

from typing import Literal

from dialogs.asked import from_the_pack
from dialogs.days import day_says
from dialogs.desk import Desk
from dialogs.directory import SHANGHAI
from dialogs.messages import CallStaff, KeepQuestion, Say
from dialogs.session import Called
from dialogs.steps.places import places_of
from dialogs.steps.progress import overview, refused_says
from dialogs.understanding import Reading

SHORT = 6  # longer words before consent are a matter that somebody has begun to tell
FEW_DIGITS = 3  # of what is no more than the number of an answer
STUCK = 3  # the same question not understood so often calls a person
_DAYS = "一二三四五六日"
_DISTRESS = {
    "violence": "distress_violence",
    "cheated": "distress_cheated",
}  # despair, and what is not named, has the words of care

_CHATS = {"robot": "chat_robot", "said_before": "chat_said_before"}  # other small talk has one warm word


def side_answer(desk: Desk, reading: Reading) -> None:
    """A question in the middle, small talk, or something the desk will not do."""
    if reading.kind == "faq" and about_refusal(desk, reading.argument):
        return
    if reading.kind == "faq":
        places = places_of(desk.view, "window") if _asks_for_window(desk, reading) else ()
        desk.replies.append(Say("\n".join(places)) if places else Say(reading.answer, cites=tuple(reading.cites)))
    elif reading.kind == "chat":
        desk.say(_CHATS.get(reading.argument, "chat"), tone="warm")
    else:
        desk.say("refused_input")
    desk.stay("answered_aside")


def _asks_for_window(desk: Desk, reading: Reading) -> bool:
    return bool(desk.view.county) and reading.argument in desk.view.words.lists["window_questions"]


def about_refusal(desk: Desk, asked: str = "") -> bool:
    """“为什么没通过” (`asked`: the FAQ's entry) or a bare “为什么”, by somebody who has been refused: their own reason and way
    on, instead of the FAQ's."""
    done, lists = desk.draft.submitted if desk.draft else None, desk.view.words.lists
    refused = done is not None and any(case.state == "rejected" for case in done.cases)
    why = desk.message.text.strip(" ？?。！!") in lists["asks_why"]
    if not refused or not (why or asked in lists["asked_of_refusal"]):
        return False
    desk.replies.extend((overview(desk.view), *refused_says(desk.view)))
    desk.stay("answered_aside")
    return True


def clarify(desk: Desk, keep: str = "") -> None:
    """Not understood: asked again with its answers to tap; the third time a person is called as well.

    `keep`: words that may be a question nobody has answered yet; they are kept for the staff.
    """
    if about_refusal(desk):
        return None
    asked = desk.talk.asked
    tries = (asked.tries if asked else 0) + 1
    if asked is not None:
        desk.set_talk(asked=asked.model_copy(update={"tries": tries}))
    if not any(isinstance(r, Say) and r.tone == "error" for r in desk.replies):
        desk.say(_not_understood(desk, bool(keep)), number=desk.message.text.strip())
    if keep and desk.state.startswith(("who/", "where/")):
        desk.set_talk(question=keep[:500])
    elif keep and not desk.state.startswith("consent/"):
        desk.effects.append(KeepQuestion(keep[:500], desk.view.region))
    if tries == STUCK and desk.talk.called is None:
        return call_staff(desk, "stuck")
    desk.stay("asked_again")


def answer_what_waited(desk: Desk) -> None:
    """The question that was asked before the place was known, now that its document can be asked."""
    text = desk.talk.question
    if not text or not desk.view.county:
        return
    desk.set_talk(question="")
    reading = desk.library.read("open", text, desk.view.region)
    own = from_the_pack(desk.view, text, reading.argument)
    says, cites = (own.text, own.cites) if own else (reading.answer, tuple(reading.cites))
    if own or reading.kind == "faq":
        desk.replies.append(Say(desk.view.words.say("asked_before", says=says), cites=cites))
    else:
        desk.effects.append(KeepQuestion(text, desk.view.region))


def _not_understood(desk: Desk, asks: bool) -> str:
    """The sentence for it: what helps next depends on where the talk is."""
    if desk.state.startswith("progress/"):
        return "not_understood_waiting"
    if desk.state.startswith("consent/") and any(
        word in desk.message.text for word in desk.view.words.lists["asks_of_consent"]
    ):
        return "consent_why"
    if desk.state.startswith("consent/") and len(desk.message.text.strip()) > SHORT:
        return "consent_first"
    text, lists = desk.message.text, desk.view.words.lists
    if desk.state == "who/asking" and any(word in text for word in lists["wish_words"]):
        return "wish_heard"
    options = desk.view.asking(desk.open).ask.options
    if options and text.strip().isdecimal() and len(text.strip()) <= FEW_DIGITS:
        return "no_such_number"
    early = desk.state.startswith(("who/", "where/", "screening/")) and not asks
    if early and any(word in text for word in lists["plain_wishes"]):
        return "wish_later"
    if asks and desk.state.startswith(("who/", "where/")):
        return "question_needs_place"
    return "not_understood" if options else "not_understood_freely"


def call_staff(desk: Desk, reason: Literal["asked", "stuck", "photo"]) -> None:
    """A person is asked for. The bot goes on meanwhile: it is silent only while somebody holds the floor."""
    called = desk.talk.called
    if called is None or called.told or (called.reason == "stuck" and reason == "asked"):
        desk.effects.append(CallStaff(reason, desk.message.text[:500]))
        desk.set_talk(called=Called(at=desk.message.at, reason=reason))
    elif desk.message.text:
        desk.effects.append(KeepQuestion(desk.message.text[:500], desk.view.region))
    desk.replies.append(Say(duty_says(desk)))
    desk.stay("called_staff")


def distress(desk: Desk, kind: str = "") -> None:
    """Despair, violence, being cheated (`kind`, as the reader names it): the form stops, a person is called at once, and who else
    can help is shown."""
    desk.effects.append(CallStaff("distress", desk.message.text[:500]))
    desk.set_talk(called=Called(at=desk.message.at, reason="distress"), paused=True)
    desk.say(_DISTRESS.get(kind, "distress"), tone="warm")
    desk.replies.append(Say(contacts_say(desk)))
    desk.replies.append(Say(duty_says(desk)))
    desk.stay("called_staff", quiet=True)


def duty_says(desk: Desk) -> str:
    """When somebody will be there, as the county's directory knows it; unknown is said to be unknown."""
    words, directory, at = desk.view.words, desk.view.directory, desk.message.at
    if directory is None or not directory.duty:
        return words.say("called_no_hours")
    if directory.on_duty(at):
        return words.say("called_on_duty", minutes=directory.answer_minutes)
    begins = directory.next_duty(at)
    if begins is None:
        return words.say("called_no_hours")
    local = begins.astimezone(SHANGHAI)
    when = words.say("duty_at", month=local.month, day=local.day, weekday=_DAYS[local.weekday()], time=f"{local:%H:%M}")
    return words.say("called_off_duty", when=when)


def contacts_say(desk: Desk) -> str:
    """The county's emergency contacts, dated and with their source, each with its way in text."""
    words, directory = desk.view.words, desk.view.directory
    if directory is None or not directory.contacts:
        return words.say("contacts_unknown")
    lines = [
        words.say(
            "contact",
            name=c.name,
            phone=c.phone or words.say("no_phone"),
            text=c.text_route or words.say("no_text"),
            source=c.source,
            on=day_says(c.on, desk.view.today),
        )
        for c in directory.contacts
    ]
    return "\n".join((words.say("contacts"), *lines))
