"""Doing what words meant: an answer is given, a command run, a question answered, a fact told in passing kept and read back,
and what was not understood asked again.

What the words mean is the reader's business (`understanding`); which words belong together is found in `talk`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import takewhile
from typing import Any

from dialogs.aside import answer_what_waited, call_staff, clarify, distress, side_answer
from dialogs.asked import from_the_pack
from dialogs.commands import COMMANDS, sure_question
from dialogs.desk import Desk
from dialogs.giving import change_event, give
from dialogs.messages import Say, numbered
from dialogs.reading import corrected
from dialogs.steps import form, papers
from dialogs.steps.screening import fact_in_words
from dialogs.understanding import Reading
from dialogs.view import Problem, Query, View

NUMBERS = ("id_number", "id_number_of_another", "card_number", "bank_number", "phone")
FEWEST_DIGITS = 6
LONGEST_ILLNESS = 12  # what is longer than “我娃儿是自闭症” says more than an illness
MOST_NAMES = 3  # more counties than these are not read out

_OF_THE_DEAD = ("is_deceased", "wants_cancel")  # what the desk knows from “has died” alone


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


def read(desk: Desk, context: str, text: str | None = None) -> Reading:
    """What the message (or this piece of it) means."""
    beside = desk.talk.pending
    shown = (sure_question(desk.view, beside["what"]) if beside else desk.view.asking(desk.open).ask).options
    words = desk.message.text if text is None else text
    shown = numbered(shown) if words.strip().isdecimal() else shown
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
    if reading.facts and volunteer(desk, _without_other_places(desk, reading.facts)):
        return None
    named = after_one_of(desk.view.words.lists["change_words"], desk.message.text)
    if desk.open.key == "reviewed" and desk.message.text.strip().isdecimal():  # the lines of that page are numbered
        named = desk.message.text.strip()
    if named is not None and not desk.state.startswith("consent/"):
        return COMMANDS["change"](desk, named)
    if desk.open.state == papers.STATE and corrected(desk, desk.message.text.strip()):
        return desk.move(change_event(desk))
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
    heard = short and read(desk, "slot:card_categories").doubt == "which_category"
    kin = short and desk.view.role == "legal_guardian" and _tells_kin(desk)
    beside = "illness_heard" if heard else "kin_heard" if kin else ""
    return (f"{desk.open.key}_{reading.doubt}", f"doubt_{reading.doubt}", beside)


def _tells_kin(desk: Desk) -> bool:
    """“我是他妈”, when it has long been known: no answer, and no reason to ask back."""
    return desk.library.reader.read("slot:guardian_relation", desk.message.text).kind == "answer"


def _note_illness(desk: Desk, facts: dict[str, Any]) -> None:
    """“自闭症” or “耳朵听不见” among other facts is no category yet, and is not passed over in silence."""
    unclear = "card_categories" not in facts and "card_categories" not in desk.view.answers
    heard = read(desk, "slot:card_categories") if unclear else None
    if heard and (heard.doubt == "which_category" or (heard.kind == "answer" and isinstance(heard.value, list))):
        desk.say("illness_noted")


def _help_family(desk: Desk, reading: Reading) -> bool:
    """“帮我妈问的”: whoever speaks for a parent or partner helps them; who is their guardian says so at the next question."""
    grown_up, young = desk.view.words.names["grown_up_kin"], desk.view.words.names["young_kin"]
    kin = reading.value[0] if len(reading.value or ()) == 1 else ""
    called = desk.library.reader.addressed(desk.message.text) or grown_up.get(kin)  # 李婆婆 is no 奶奶 of the helper's
    if desk.open.key != "actor_role" or not (called or kin in young):
        return False
    if kin in young:
        give(desk, desk.open, "legal_guardian", "said", {"relation": young[kin]})
    else:
        desk.say("helps_family", who=called)
        _keep_question(desk)
        give(desk, desk.open, "agent", "said", {"called": called})
    volunteer(desk, dict(reading.facts))
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
        volunteer(desk, also)
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
    if read(desk, "open").doubt == "question":
        desk.set_talk(question=desk.message.text.strip()[:500])


def _said_who(desk: Desk, query: Query) -> None:
    """“给我儿子问”: who it is was told in the same breath. A number or a label (“第二个”) chose among the answers to `query`."""
    labels = [option.label for option in desk.view.asking(query).ask.options]
    offered = {option.value for option in desk.view.asking(desk.open).ask.options} - {"other", "relative"}
    for text in (desk.message.text, re.split("[，,。！!]", desk.message.text)[0]):
        if text.strip() in labels or desk.library.read("choice:relation", text).kind != "answer":
            continue
        reading = read(desk, context_of(desk.view, desk.open), text)
        if reading.kind == "answer" and reading.value in offered:
            return give(desk, desk.open, reading.value, "said")


def _without_other_places(desk: Desk, facts: Mapping[str, Any]) -> dict[str, Any]:
    """A county that is known is changed by whoever says so, not by a village named in passing (“户口本上是南湖坪村”)."""
    return {
        name: value
        for name, value in facts.items()
        if not name.endswith("_county") or desk.view.value(name) in (None, value)
    }


def volunteer(desk: Desk, facts: dict[str, Any]) -> bool:
    """Facts that were told without being asked: kept, read back, and never asked again."""
    known = {key: value for key, value in facts.items() if key in desk.view.policy.facts or key == "household_county"}
    if not known or desk.state.startswith("consent/"):
        return False
    desk.put(known, "told")
    desk.replies.extend(read_back(desk.view, known))
    _note_illness(desk, known)
    desk.set_talk(changing="", paused=False)
    answer_what_waited(desk)
    desk.move(change_event(desk))
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


def after_one_of(words: tuple[str, ...], text: str) -> str | None:
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
    if "address" in desk.open.key and re.search(r"1[3-9]\d{9}", desk.message.text):
        return tries < 1  # a phone number that was meant for another line
    name = desk.view.asking(desk.open).ask.rules in ("name", "called")
    return name and reading.kind == "unsure" and tries < (1 if reading.doubt == "is_it_a_name" else 2)


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
    lines = {one.name: one for one in desk.view.form}
    facts = {k: _chosen(desk, k, v) if k in lines and lines[k].options else v for k, v in facts.items()}
    fields = {f"field:{k}": v for k, v in facts.items() if desk.view.find(f"field:{k}")}
    known = {k: v for k, v in facts.items() if k in desk.view.policy.facts or k == "household_county"}
    if fields:
        return _change_lines(desk, fields, known)
    if _told_ahead(desk, facts):
        return None
    if volunteer(desk, known):
        return None
    if any(name in desk.view.policy.fields for name in facts) and not desk.state.startswith("form/"):
        desk.say("later_in_the_form")
        return desk.stay("asked_again")
    COMMANDS["change"](desk, "")


def _chosen(desk: Desk, name: str, value: Any) -> Any:
    """The option of this line of the form that was meant (“民族改成回族”); what is none is left to be refused."""
    query = Query(form.PREFIX + name, "form/asking")
    shown = desk.view.asking(query).ask.options
    if not isinstance(value, str) or value in [option.value for option in shown]:
        return value
    meant = desk.library.read(context_of(desk.view, query), value, desk.view.region, shown, desk.view.label)
    return meant.value if meant.kind == "answer" else value


def _change_lines(desk: Desk, fields: dict[str, Any], known: dict[str, Any]) -> None:
    """Lines of the form, one or several in one message, with what was told beside them."""
    *before, last = fields.items()
    for key, value in before:
        query = desk.view.find(key)
        taken = form.take(desk.view, query, value) if query else None
        if isinstance(taken, Problem):
            desk.replies.append(Say(taken.says, tone="error"))
        elif taken is not None:
            desk.put(taken.answers)
    query = desk.view.find(last[0])
    assert query is not None
    give(desk, query, last[1], "said", known)


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
