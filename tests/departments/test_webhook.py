"""A department with a system of its own is told of each case under one key, and what it says moves the case once."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from fastapi.testclient import TestClient

from backend import jobs
from backend.applications import service as cases
from backend.departments import routes
from backend.departments.models import DISPATCH
from backend.departments.ways import way_of
from backend.jobs import House
from backend.people import service as people
from backend.settings import Settings
from backend.web import teach
from tests.applications.people import ADULT, CLERK, HOLDER, IDENTITY, Office
from tests.departments.civil_affairs import SECRET, CivilAffairs, signature


@pytest.fixture
def office(house: House) -> Office:
    return Office(house)


@pytest.fixture
def door(house: House) -> TestClient:
    app = FastAPI()
    teach(app)
    app.include_router(routes.router)
    app.state.house = house
    return TestClient(app, raise_server_exceptions=False)


def dispatches(house: House) -> list[Any]:
    with house.store.read() as tx:
        return list(tx.execute(sa.select(DISPATCH)).all())


def later(house: House, **ago: float) -> None:
    with house.store.turn() as tx:
        for one in tx.execute(sa.select(DISPATCH)).all():
            past = one.due_at - timedelta(**ago)
            tx.execute(sa.update(DISPATCH).where(DISPATCH.c.id == one.id).values(due_at=past))


def say(door: TestClient, key: str, *, secret: str = SECRET, ago: float = 0, **said: Any) -> Any:
    body, moment = json.dumps(said).encode(), str(int(time.time() - ago))
    headers = {"X-Yijianshi-Time": moment, "X-Yijianshi-Signature": signature(moment, body, secret)}
    return door.post(f"/departments/{key}", content=body, headers=headers)


def handed_over(office: Office) -> tuple[Any, str]:
    """A submission whose case has gone to the department, and its key."""
    _, submit = office.submitted(["allowance.hardship"], HOLDER)
    office.move(submit.cases[0].case_id, "dispatch")
    jobs.drain(office.house)
    return submit, dispatches(office.house)[0].id


def test_a_case_is_told_to_its_department_once_signed_and_with_what_was_confirmed(
    office: Office, system: CivilAffairs
) -> None:
    submit, key = handed_over(office)
    ((told_key, told),) = system.calls
    assert (told_key, told["receipt"], told["item"]) == (key, submit.receipt, "allowance.hardship")
    assert told["answers"]["field:id_number"]["value"] == IDENTITY
    assert [one.state for one in dispatches(office.house)] == ["taken"] and system.forged == 0


def test_what_waits_for_the_card_reaches_the_department_when_the_card_is_granted(
    office: Office, system: CivilAffairs
) -> None:
    _, submit = office.submitted(["card.new", "allowance.hardship"], ADULT)
    jobs.drain(office.house)
    assert system.calls == []
    office.move(submit.cases[0].case_id, "accept", "publicise", "approve")
    jobs.drain(office.house)
    assert [told["item"] for _, told in system.calls] == ["allowance.hardship"]


@pytest.mark.parametrize("status", [500, 503, 429, 408])
def test_a_department_that_is_down_is_told_again_under_the_same_key(
    office: Office, system: CivilAffairs, status: int
) -> None:
    system.answers = [status, status]
    _, key = handed_over(office)
    for _ in range(2):
        later(office.house, hours=1)
        jobs.run(office.house, "departments.send", key)
    assert [told_key for told_key, _ in system.calls] == [key] * 3
    assert [one.state for one in dispatches(office.house)] == ["taken"]
    jobs.run(office.house, "departments.send", key)
    assert len(system.calls) == 3


def test_a_department_that_refuses_is_not_asked_for_ever(office: Office, system: CivilAffairs) -> None:
    system.answers = [400]
    _, key = handed_over(office)
    later(office.house, hours=1)
    jobs.run(office.house, "departments.send", key)
    assert [one.state for one in dispatches(office.house)] == ["refused"] and len(system.calls) == 1


def test_the_sweep_tells_what_was_left_behind(office: Office, system: CivilAffairs) -> None:
    system.answers = [500]
    _, key = handed_over(office)
    later(office.house, hours=1)
    jobs.run(office.house, "departments.sweep")
    jobs.drain(office.house)
    assert [told_key for told_key, _ in system.calls] == [key] * 2


def test_handed_over_again_it_keeps_its_key_and_counts_the_round(office: Office, system: CivilAffairs) -> None:
    submit, key = handed_over(office)
    case_id = submit.cases[0].case_id
    office.move(case_id, "accept", "dispatch")
    jobs.drain(office.house)
    assert [(told_key, told["round"]) for told_key, told in system.calls] == [(key, 1), (key, 2)]


def test_what_the_department_says_moves_the_case_once_and_starts_its_clock(office: Office, door: TestClient) -> None:
    submit, key = handed_over(office)
    answers = [say(door, key, event="e1", verb="accept") for _ in range(3)]
    assert [one.json() for one in answers] == [{"heard": "now"}, {"heard": "before"}, {"heard": "before"}]
    case = office.case(submit)
    assert (case["state"], case["history"][-1]["by"], case["history"][-1]["by_id"]) == (
        "accepted",
        "department",
        "minzheng",
    )
    assert case["clock"]["due"] is not None
    assert say(door, key, event="e2", verb="return", reason="看不清", parts=["id_card_front"]).status_code == 200
    assert (office.state(submit), office.news()[-1]["wanted"]) == ("returned", ["id_card_front"])


def test_a_move_that_the_table_forbids_is_told_back_and_can_be_said_again_later(
    office: Office, door: TestClient
) -> None:
    submit, key = handed_over(office)
    refused = say(door, key, event="e1", verb="approve")
    assert (refused.status_code, refused.json()["code"]) == (409, "illegal_move")
    assert say(door, key, event="e0", verb="accept").status_code == 200
    assert say(door, key, event="e1", verb="approve").json() == {"heard": "now"}
    assert office.state(submit) == "approved"


def test_nobody_without_the_secret_moves_a_case(office: Office, door: TestClient) -> None:
    submit, key = handed_over(office)
    wrong = [
        say(door, key, secret="x" * 40, event="e1", verb="accept"),
        say(door, key, ago=400, event="e1", verb="accept"),
        say(door, "nobody", event="e1", verb="accept"),
        door.post(f"/departments/{key}", content=b"{}"),
        door.post(
            f"/departments/{key}", content=b"{}", headers={"X-Yijianshi-Time": "1e9", "X-Yijianshi-Signature": "e"}
        ),
    ]
    assert [one.status_code for one in wrong] == [401] * 5
    assert office.state(submit) == "dispatched"


@pytest.mark.parametrize(
    "said",
    [
        {"verb": "accept"},
        {"event": "e1", "verb": "withdraw"},
        {"event": "e1", "verb": "reject"},
        {"event": "e1", "verb": "accept", "on": "2999-01-01"},
        {"event": "e1", "verb": "return", "reason": "看不清", "parts": ["no_such_part"]},
        {"event": "e1", "verb": "accept", "extra": 1},
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(
    office: Office, door: TestClient, said: dict[str, Any]
) -> None:
    submit, key = handed_over(office)
    assert say(door, key, **said).status_code == 422
    assert office.state(submit) == "dispatched"


def test_without_an_entry_it_is_the_desk_and_nothing_leaves_the_house(office: Office, system: CivilAffairs) -> None:
    _, submit = office.submitted(["card.new"], ADULT)
    office.move(submit.cases[0].case_id, "dispatch")
    jobs.drain(office.house)
    assert (system.calls, dispatches(office.house)) == ([], [])
    cases.move(office.house, submit.cases[0].case_id, "accept", CLERK)
    assert office.state(submit) == "accepted"


def test_who_is_deleted_is_sent_to_nobody(office: Office, system: CivilAffairs) -> None:
    person, submit = office.submitted(["allowance.hardship"], HOLDER)
    office.move(submit.cases[0].case_id, "dispatch")
    people.forget(office.house.store, person.id)
    jobs.drain(office.house)
    assert (system.calls, dispatches(office.house)) == ([], [])


def test_a_file_that_others_can_read_or_with_a_weak_secret_is_refused_with_its_name(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, demo=True, data_dir=tmp_path)
    path = tmp_path / "departments.yaml"
    path.write_text("ways: []", "utf-8")
    path.chmod(0o644)
    with pytest.raises(ValueError, match="chmod 600"):
        way_of(settings, "511702", "minzheng")
    path.chmod(0o600)
    path.write_text(
        "ways: [{county: '1', department: a, way: webhook, url: 'https://x', secret: short-secret}]", "utf-8"
    )
    with pytest.raises(ValueError, match="32 signs") as refused:
        way_of(settings, "511702", "minzheng")
    assert "short-secret" not in str(refused.value)
