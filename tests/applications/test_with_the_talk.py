"""What the talk hands over is what the office works with, and what the office tells is what the talk understands."""

from __future__ import annotations

import json
from typing import Any

from backend.applications import service, shown
from backend.people.effects import Wanted, carry_out
from dialogs.days import day_says
from dialogs.messages import Rate, Submit, Supply
from tests.applications.people import CLERK, Office, Person
from tests.talks.runner import Core, play, talks, words


def submitted_by(core: Core, office: Office, title: str) -> tuple[Person, Submit]:
    """Play a talk as far as its submission, and keep it."""
    moves = next(one["talk"] for name, one in talks() if title in name)
    for move in play(core, moves):
        if "submitted" in move:
            break
    person = office.person()
    office.does(person, *core.submits())
    return person, core.submits()[0]


def hear(core: Core, office: Office) -> str:
    """Let the talk hear what the office has told since the last time; what the person reads."""
    read = []
    for data in office.news():
        turn = core.send("system", event="case_moved", data=json.loads(json.dumps(data)))
        assert turn.refused == ""
        read.append(words(turn.replies))
    return "\n".join(read)


def given(core: Core, office: Office, person: Person, kind: type[Any]) -> None:
    """Carry out what the talk asked for last."""
    effect = next(one for one in reversed(core.effects) if isinstance(one, kind))
    with office.house.store.turn() as tx:
        wanted = Wanted(person.id, person.conversation_id, effect, core.at, person.key)
        carry_out(tx, office.house.store, [wanted])


def test_from_the_submission_to_the_result_with_a_picture_taken_again(office: Office) -> None:
    core = Core()
    person, submit = submitted_by(core, office, "B4 a card of level one")
    case_id = submit.cases[0].case_id
    front = shown.get_application(office.house, submit.application_id)["photos"]["id_card_front"]
    found = shown.list_applications(office.house, counties={"511702"}, q="990101198801010039")
    assert [(row["id"], row["who"]) for row in found] == [(submit.application_id, "李*满")]

    office.move(case_id, "accept")
    due = office.case(submit)["clock"]["due"]
    assert due and day_says(due, core.at.date()) in hear(core, office)

    service.return_for(office.house, case_id, CLERK, [], "反光，号码看不清", photo_ids=front)
    assert "反光，号码看不清" in hear(core, office)
    assert (core.session.talk.state, core.ask.input) == ("progress/supplement", "photo")
    assert "身份证头像面" in core.ask.text + core.ask.title
    core.photo(1, {})
    given(core, office, person, Supply)
    assert office.state(submit) == "accepted"
    assert office.case(submit)["supplements"][0]["given_photo_ids"] == list(core.effects[-1].photo_ids)
    hear(core, office)
    assert core.session.talk.state == "progress/following"

    office.move(case_id, "approve")
    assert "通过了" in hear(core, office) and core.session.talk.state == "rating/asking"
    core.tap("很满意", {})
    given(core, office, person, Rate)
    rating = shown.get_application(office.house, submit.application_id)["ratings"][0]
    assert rating["stars"] == 5


def test_every_step_of_every_state_is_heard_in_words(office: Office) -> None:
    core = Core()
    _, submit = submitted_by(core, office, "B4 a card of level one")
    case_id, heard = submit.cases[0].case_id, []
    for verb in ("dispatch", "accept", "assess", "assessed", "publicise", "approve", "deliver", "close"):
        office.move(case_id, verb)
        heard.append(hear(core, office))
    assert all("重度残疾人护理补贴" in one for one in heard), heard
    assert len(set(heard)) == len(heard)
