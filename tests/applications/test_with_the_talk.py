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


def test_of_several_papers_each_is_told_and_kept_as_what_it_is(office: Office) -> None:
    core = Core()
    person, submit = submitted_by(core, office, "B4 a card of level one")
    case_id = submit.cases[0].case_id
    service.return_for(office.house, case_id, CLERK, ["id_card_back", "social_card", "household_book_home"], "看不清")
    hear(core, office)
    core.tap("到窗口再交", {})
    assert "已经转给窗口" not in words(core.photo(1, {}).replies), "something is still missing"
    assert "已经转给窗口" in words(core.photo(1, {}).replies)
    given(core, office, person, Supply)
    supply = core.effects[-1]
    assert (supply.parts, len(supply.photo_ids)) == (("social_card", "household_book_home"), 2)
    supplement = office.case(submit)["supplements"][0]
    assert "身份证国徽面" in supplement["words"], "the office hears what is brought to the window"
    heard = hear(core, office)
    assert "收到" not in heard and "带到" not in heard, (
        "the talk has answered already; what the office is told is not said back"
    )
    assert (core.session.talk.state, core.ask.title) == ("progress/following", "去一趟窗口")

    service.return_for(office.house, case_id, CLERK, [], "卡号看不清", photo_ids=[supply.photo_ids[0]])
    assert "社保卡" in hear(core, office)


def test_a_case_that_goes_on_is_not_accepted_a_second_time(office: Office) -> None:
    core = Core()
    _, submit = submitted_by(core, office, "B4 a card of level one")
    case_id = submit.cases[0].case_id
    for verb in ("accept", "assess"):
        office.move(case_id, verb)
    hear(core, office)
    office.move(case_id, "assessed")
    heard = hear(core, office)
    assert "评定结果出来了" in heard and "受理了" not in heard


def test_what_was_refused_stays_refused_when_the_office_closes_it(office: Office) -> None:
    core = Core()
    _, submit = submitted_by(core, office, "B4 a card of level one")
    case_id = submit.cases[0].case_id
    service.move(office.house, case_id, "reject", CLERK, reason="户口不在通川区")
    hear(core, office)
    office.move(case_id, "close")
    heard = hear(core, office)
    assert "没有通过" in heard and "办完了" not in heard
    core.tap("先不评", {})
    asked = core.say("进度", {})
    assert asked is not None and "户口不在通川区" in words(asked.replies)
    assert "等消息" not in core.ask.title
