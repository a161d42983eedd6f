"""Who may reach what: without a session, from another county, in another role; and that nobody learns what is not theirs."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from backend.storage import new_id
from tests.staff.world import AT_HOME, HEADER, OUTSIDE, PLANTED, SUBMITTED, Office

API = "/api/v1/staff"
PEOPLE = {"chenyu": True, "liuzhuren": True, "hekezhang": False, "admin": False}
NOWHERE = "0192f0c1-0000-7000-8000-00000000dead"


def doors(talk: str, application: str, case: str, photo: str) -> list[tuple[str, str, Any]]:
    """Everything that shows or changes a person's things."""
    reveal = {"application_id": application, "field": "field:id_number", "reason": "check"}
    return [
        ("GET", f"/conversations/{talk}", None),
        ("POST", f"/conversations/{talk}/take", None),
        ("POST", f"/conversations/{talk}/renew", None),
        ("POST", f"/conversations/{talk}/say", {"text": "您好"}),
        ("POST", f"/conversations/{talk}/return", None),
        ("GET", f"/applications/{application}", None),
        ("POST", f"/cases/{case}/accept", {}),
        ("POST", f"/cases/{case}/reject", {"reason": "不符合"}),
        ("POST", f"/cases/{case}/return", {"materials": ["id_card"], "reason": "看不清"}),
        ("GET", f"/photos/{photo}", None),
        ("GET", f"/photos/{photo}?reveal=check", None),
        ("POST", "/reveal", reveal),
    ]


@pytest.fixture
def things(desk: Office) -> list[tuple[str, str, Any]]:
    applicant = desk.applicant(SUBMITTED)
    row = desk.staff().get(f"{API}/applications").json()[0]
    photo = desk.staff().get(f"{API}/applications/{row['id']}").json()["photos"][0]
    return doors(applicant.id, row["id"], row["cases"][0]["id"], photo["id"])


def ask(client: TestClient, door: tuple[str, str, Any]) -> Any:
    method, path, body = door
    return client.request(method, API + path, json=body, headers={"Idempotency-Key": new_id()})


def test_without_a_session_every_door_is_401(desk: Office, things: list[Any]) -> None:
    more = ["/me", "/conversations", "/applications", "/questions", "/directory/511702", "/graph", "/audit", "/events"]
    for door in [*things, *(("GET", path, None) for path in more)]:
        answer = ask(desk.stranger(), door)
        assert (answer.status_code, answer.json()["code"]) == (401, "sign_in"), door


def test_another_county_gets_the_same_404_as_for_what_is_not_there(desk: Office, things: list[Any]) -> None:
    other = desk.staff("zhaomin")
    nothing = doors(NOWHERE, NOWHERE, NOWHERE, NOWHERE)
    for door, empty in zip(things, nothing, strict=True):
        theirs, none = ask(other, door), ask(other, empty)
        assert theirs.status_code == 404, door
        assert theirs.content == none.content, door


def test_roles_that_do_not_serve_people_get_403_whatever_they_name(desk: Office, things: list[Any]) -> None:
    nothing = doors(NOWHERE, NOWHERE, NOWHERE, NOWHERE)
    lists = [
        ("GET", "/conversations", None),
        ("GET", "/applications", None),
        ("POST", "/applications/search", {"q": "x"}),
    ]
    for name in (name for name, serves in PEOPLE.items() if not serves):
        client = desk.staff(name)
        for door in [*things, *nothing, *lists]:
            assert ask(client, door).status_code == 403, (name, door)


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/conversations", {"chenyu", "liuzhuren"}),
        ("/applications", {"chenyu", "liuzhuren"}),
        ("/questions", {"chenyu", "liuzhuren", "hekezhang"}),
        ("/graph", {"chenyu", "liuzhuren", "hekezhang", "admin"}),
        ("/audit", {"liuzhuren", "admin"}),
        ("/directory/511702", {"chenyu", "liuzhuren", "hekezhang"}),
    ],
)
def test_each_page_opens_for_its_roles_alone(desk: Office, path: str, allowed: set[str]) -> None:
    for name in PEOPLE:
        status = desk.staff(name).get(API + path).status_code
        assert (status == 200) == (name in allowed), (name, status)
        assert status in (200, 403, 404)


def test_lists_show_the_people_of_ones_own_counties_only(desk: Office) -> None:
    here, there = desk.applicant(SUBMITTED), desk.applicant(OUTSIDE)
    ours = {row["id"] for row in desk.staff().get(f"{API}/conversations?filter=all").json()}
    theirs = {row["id"] for row in desk.staff("zhaomin").get(f"{API}/conversations?filter=all").json()}
    assert (ours, theirs) == ({here.id}, {there.id})
    assert desk.staff("zhaomin").get(f"{API}/applications?filter=all").json() == []


def test_people_who_have_not_said_where_they_live_are_seen_by_everybody_who_serves_people(desk: Office) -> None:
    lost = desk.applicant([{"say": "你好"}])
    assert [row["id"] for row in desk.staff().get(f"{API}/conversations?filter=all").json()] == [lost.id]
    assert [row["id"] for row in desk.staff("zhaomin").get(f"{API}/conversations?filter=all").json()] == [lost.id]


def test_the_fence_holds_for_searches(desk: Office) -> None:
    desk.applicant(SUBMITTED)
    receipt = desk.staff().get(f"{API}/applications").json()[0]["receipt"]
    for q in (receipt, *PLANTED[1:3]):
        assert len(desk.staff().post(f"{API}/applications/search", json={"q": q}).json()) == 1, q
        assert desk.staff("zhaomin").post(f"{API}/applications/search", json={"q": q}).json() == [], q


def test_half_a_number_finds_nobody(desk: Office) -> None:
    desk.applicant(SUBMITTED)
    for q in (PLANTED[1][:12], PLANTED[2][:7], PLANTED[0]):
        assert desk.staff().post(f"{API}/applications/search", json={"q": q}).json() == []


def test_writes_need_the_header_that_a_foreign_page_cannot_send(desk: Office) -> None:
    talk = desk.applicant(AT_HOME)
    client = desk.staff()
    del client.headers["X-Requested-With"]
    answer = client.post(f"{API}/conversations/{talk.id}/take")
    assert (answer.status_code, answer.json()["code"]) == (403, "header")
    assert client.post(f"{API}/login", json={"name": "chenyu", "password": "x"}).status_code == 403


def test_an_answer_is_kept_by_no_cache(desk: Office, things: list[Any]) -> None:
    client = desk.staff()
    for door in things:
        if door[0] == "GET":
            assert ask(client, door).headers["cache-control"] == "no-store"


def test_a_keeper_of_policy_reads_questions_without_a_way_to_the_person(desk: Office) -> None:
    desk.applicant([*AT_HOME, {"say": "我要找人工"}])
    assert desk.staff().get(f"{API}/questions").json()[0]["conversation_id"]
    assert desk.staff("hekezhang").get(f"{API}/questions").json()[0]["conversation_id"] is None


def test_a_question_of_another_county_cannot_be_seen_or_closed(desk: Office) -> None:
    desk.applicant([*AT_HOME, {"say": "我要找人工"}])
    question = desk.staff().get(f"{API}/questions").json()[0]["id"]
    assert desk.staff("zhaomin").get(f"{API}/questions").json() == []
    assert desk.staff("zhaomin").post(f"{API}/questions/{question}/done").status_code == 404
    assert desk.staff().post(f"{API}/questions/{question}/done").status_code == 200
    assert desk.staff().get(f"{API}/questions").json() == []


def test_counts_in_the_graph_stay_within_the_fence(desk: Office) -> None:
    desk.applicant(SUBMITTED)
    counted = {
        name: desk.staff(name).get(f"{API}/graph").json()["states"] for name in ("chenyu", "zhaomin", "hekezhang")
    }
    assert {name: sum(state["count"] for state in states) for name, states in counted.items()} == {
        "chenyu": 1,
        "zhaomin": 0,
        "hekezhang": 1,
    }


def test_the_stranger_s_header_alone_opens_nothing(desk: Office) -> None:
    client = TestClient(desk.app, headers=HEADER, cookies={"yijianshi_staff": "guessed"})
    assert client.get(f"{API}/me").status_code == 401
