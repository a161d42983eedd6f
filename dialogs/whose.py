"""Whose matter it is, said in the middle of a talk: put right (“我是替孩子办的”), or another person's begun (“再给我妈办一个”).

The words are then read as the answer to the first question, so here is only what becomes of the draft on the table.
"""

from __future__ import annotations

from dataclasses import replace

from dialogs.desk import Desk
from dialogs.hearing import context_of, read_as
from dialogs.steps import form

WHO = "actor_role"


def told(desk: Desk) -> bool:
    """Whether the words said whose matter this is, and what follows from that is done."""
    how, whom = desk.library.reader.for_whom(desk.message.text)
    if not how or not desk.view.role or desk.draft is None:
        return False
    if how == "another" or desk.draft.submitted or (how == "perhaps" and _well_begun(desk)):
        desk.say("kept_aside", name=desk.view.about or desk.view.words.say("myself"))
        _another(desk)
    else:
        desk.set_talk(changing=WHO, paused=False)
    desk.message, shown = replace(desk.message, text=whom), desk.view.asking(desk.open).ask.options
    read_as(desk, desk.library.read(context_of(desk.view, desk.open), whom, desk.view.region, shown))
    return True


def next_person(desk: Desk) -> None:
    """“换人”: another draft begins. Those that are kept are named, for a chat shows no list of them."""
    others = list(dict.fromkeys(one.label for one in desk.talk.drafts if one.label and not one.submitted))
    if others:
        desk.say("others_kept", names="、".join(others), last=others[-1])
    _another(desk)


def _another(desk: Desk) -> None:
    """Another draft begins; the one before is kept under its name."""
    desk.begin_draft()
    desk.move("switched")


def _well_begun(desk: Desk) -> bool:
    """Whoever helps means the next person; and what a form tells of somebody stays theirs."""
    return desk.view.role == "agent" or bool(form.told(desk.view))
