"""Taking a conversation over, speaking, handing it back: one person at a time, fenced, and the bot picks up exactly there."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from fastapi.testclient import TestClient

from backend import jobs
from backend.conversations import unheard
from backend.storage import new_id
from tests.staff.world import AT_HOME, IN_THE_FORM, Applicant, Office

API = "/api/v1/staff"


def act(client: TestClient, applicant: Applicant, verb: str, **body: Any) -> Any:
    return client.post(f"{API}/conversations/{applicant.id}/{verb}", json=body or None)


def read(client: TestClient, applicant: Applicant) -> Any:
    return client.get(f"{API}/conversations/{applicant.id}").json()


def texts(log: list[Any], speaker: str) -> list[str]:
    return [block["text"] for entry in log if entry["from"] == speaker for block in entry["blocks"]]


def test_who_takes_speaks_and_the_bot_is_silent_until_it_is_handed_back(each_desk: Office) -> None:
    applicant, client = each_desk.applicant([*IN_THE_FORM, {"say": "我要找人工"}]), each_desk.staff()
    before = applicant.shown["open"]
    assert act(client, applicant, "take").status_code == 200
    assert act(client, applicant, "say", text="您好，我是陈雨。").status_code == 200
    assert applicant.say("照片在哪里拍")["entries"][-1]["from"] == "person"
    assert act(client, applicant, "return", anyway=True).status_code == 200
    talk = read(client, applicant)
    assert texts(talk["log"], "staff") == ["您好，我是陈雨。"]
    assert talk["holder"] is None and talk["open"]["question"] == before["question"]


@pytest.mark.parametrize("rounds", range(3))
def test_of_two_who_take_at_the_same_moment_one_holds_and_the_other_hears_who(each_desk: Office, rounds: int) -> None:
    applicant = each_desk.applicant(AT_HOME)
    clients = {"陈雨": each_desk.staff("chenyu"), "刘主任": each_desk.staff("liuzhuren")}
    start = threading.Barrier(2)

    def take(name: str) -> tuple[str, Any]:
        start.wait()
        return name, act(clients[name], applicant, "take")

    with ThreadPoolExecutor(2) as pool:
        answers = dict(pool.map(take, clients))
    won = next(name for name, answer in answers.items() if answer.status_code == 200)
    lost = answers["刘主任" if won == "陈雨" else "陈雨"]
    assert (lost.status_code, lost.json()["code"], lost.json()["name"]) == (409, "held", won)
    assert won in lost.json()["says"]


def test_nobody_speaks_renews_or_hands_back_what_somebody_else_holds(desk: Office) -> None:
    applicant, holder, other = desk.applicant(AT_HOME), desk.staff("chenyu"), desk.staff("liuzhuren")
    act(holder, applicant, "take")
    for verb, body in (("say", {"text": "我也来说"}), ("renew", {}), ("return", {})):
        answer = act(other, applicant, verb, **body)
        assert (answer.status_code, answer.json()["code"], answer.json()["name"]) == (409, "held", "陈雨"), verb
    assert texts(read(holder, applicant)["log"], "staff") == []


def test_without_taking_there_is_nothing_to_say_or_hand_back(desk: Office) -> None:
    applicant, client = desk.applicant(AT_HOME), desk.staff()
    for verb, body in (("say", {"text": "您好"}), ("renew", {}), ("return", {})):
        answer = act(client, applicant, verb, **body)
        assert (answer.status_code, answer.json()["code"]) == (409, "lost"), verb


def test_who_hands_back_with_a_question_open_is_warned_and_the_question_is_kept(each_desk: Office) -> None:
    applicant, client = each_desk.applicant(IN_THE_FORM), each_desk.staff()
    act(client, applicant, "take")
    act(client, applicant, "say", text="您好，我是陈雨。")
    applicant.say("我的低保证明丢了，还能办吗")
    answer = act(client, applicant, "return")
    assert (answer.status_code, answer.json()["code"]) == (409, "unanswered")
    assert "我的低保证明丢了，还能办吗" in answer.json()["says"]
    assert read(client, applicant)["holder"] is not None, "nothing has been handed back"
    before = applicant.shown["open"]
    assert act(client, applicant, "return", anyway=True).status_code == 200
    kept = [one["text"] for one in client.get(f"{API}/questions").json()]
    assert kept == ["我的低保证明丢了，还能办吗"]
    assert read(client, applicant)["open"]["question"] == before["question"]


@pytest.mark.parametrize("how", ["say", "tap"])
def test_who_hands_back_a_call_without_a_word_is_warned(desk: Office, how: str) -> None:
    applicant, client = desk.applicant(IN_THE_FORM), desk.staff()
    applicant.say("我要找人工") if how == "say" else applicant.send("command", command="human")
    act(client, applicant, "take")
    answer = act(client, applicant, "return")
    assert (answer.status_code, answer.json()["code"]) == (409, "unanswered")
    assert "人" in answer.json()["says"].split("：")[-1]
    client.headers["Idempotency-Key"] = new_id()
    act(client, applicant, "say", text="您好，请说。")
    assert act(client, applicant, "return").status_code == 200


def test_who_only_looked_hands_back_without_a_warning(desk: Office) -> None:
    applicant, client = desk.applicant(IN_THE_FORM), desk.staff()
    act(client, applicant, "take")
    assert act(client, applicant, "return").status_code == 200


def test_what_is_said_while_nobody_has_come_is_kept_with_the_call(each_desk: Office) -> None:
    applicant, client = each_desk.applicant([*AT_HOME, {"say": "我要找人工"}]), each_desk.staff()
    for words in ("我的低保证明丢了还能办吗", "我要找人工", "谢谢", "有", "你们那里几点开门"):
        applicant.say(words)
    (row,) = client.get(f"{API}/questions").json()
    assert row["text"] == "我要找人工\n我的低保证明丢了还能办吗\n你们那里几点开门"


def test_words_beside_the_open_question_say_which_one_was_open(desk: Office) -> None:
    applicant, client = desk.applicant(AT_HOME), desk.staff()
    title = applicant.shown["open"]["title"]
    applicant.say("要多少钱")
    applicant.tap("有")
    said = [b for e in read(client, applicant)["log"] if e["from"] == "person" for b in e["blocks"]][-2:]
    assert [one.get("beside") for one in said] == [title, None]


def test_a_list_longer_than_what_is_shown_gives_the_rest(desk: Office) -> None:
    ids = {desk.applicant([*AT_HOME, {"say": "我要找人工"}]).id for _ in range(3)}
    for which in ("needs", "all"):
        path = f"{API}/conversations?filter={which}"
        assert len(desk.staff().get(f"{path}&most=2").json()) == 2
        assert {row["id"] for row in desk.staff().get(f"{path}&most=4").json()} == ids


def test_somebody_who_has_said_no_place_yet_is_seen_on_every_desk(desk: Office) -> None:
    applicant = desk.applicant([{"opening": "consent"}, {"say": "不想活了"}])
    for name in ("chenyu", "zhaomin"):
        rows = desk.staff(name).get(f"{API}/conversations?filter=needs").json()
        assert [row["id"] for row in rows] == [applicant.id], name


def test_thanks_need_no_answer_and_neither_does_what_was_answered(desk: Office) -> None:
    applicant, client = desk.applicant(IN_THE_FORM), desk.staff()
    act(client, applicant, "take")
    applicant.say("我的低保证明丢了，还能办吗")
    client.headers["Idempotency-Key"] = new_id()
    act(client, applicant, "say", text="能办，先去补一张。")
    applicant.say("谢谢")
    assert act(client, applicant, "return").status_code == 200
    assert client.get(f"{API}/questions").json() == []


def test_a_question_is_kept_when_the_floor_runs_out_over_it_and_only_once(desk: Office) -> None:
    applicant, client = desk.applicant(IN_THE_FORM), desk.staff()
    usual, desk.house.settings = desk.house.settings, desk.house.settings.model_copy(update={"lease_minutes": 0})
    act(client, applicant, "take")
    desk.house.settings = usual
    applicant.say("我的低保证明丢了，还能办吗")
    unheard.keep(desk.house, applicant.id)
    jobs.run(desk.house, "conversations.sweep")
    assert [one["text"] for one in client.get(f"{API}/questions").json()] == ["我的低保证明丢了，还能办吗"]
    assert read(client, applicant)["holder"] is None


def test_a_lease_that_has_run_out_is_free_for_the_next(desk: Office) -> None:
    applicant, first, second = desk.applicant(AT_HOME), desk.staff("chenyu"), desk.staff("liuzhuren")
    usual, desk.house.settings = desk.house.settings, desk.house.settings.model_copy(update={"lease_minutes": -1})
    act(first, applicant, "take")
    desk.house.settings = usual
    assert act(second, applicant, "take").status_code == 200
    assert act(first, applicant, "say", text="我还在").json()["code"] == "held"
    assert texts(read(second, applicant)["log"], "staff") == []


def test_renewing_keeps_the_floor_without_another_word_to_the_person(desk: Office) -> None:
    applicant, client = desk.applicant(AT_HOME), desk.staff()
    act(client, applicant, "take")
    before = read(client, applicant)
    assert act(client, applicant, "renew").status_code == 200
    after = read(client, applicant)
    assert after["log"] == before["log"]
    assert after["row"]["lease_until"] > before["row"]["lease_until"]


def test_the_same_words_sent_twice_are_said_once(desk: Office) -> None:
    applicant, client = desk.applicant(AT_HOME), desk.staff()
    act(client, applicant, "take")
    client.headers["Idempotency-Key"] = new_id()
    assert [act(client, applicant, "say", text="您好").status_code for _ in range(2)] == [200, 200]
    assert texts(read(client, applicant)["log"], "staff") == ["您好"]


@pytest.mark.parametrize("text", ["", "   ", "字" * 2001])
def test_empty_or_endless_words_are_refused(desk: Office, text: str) -> None:
    applicant, client = desk.applicant(AT_HOME), desk.staff()
    act(client, applicant, "take")
    assert act(client, applicant, "say", text=text).status_code == 422


def test_what_needs_a_person_is_on_top_with_why(desk: Office) -> None:
    stuck = desk.applicant([*AT_HOME, *({"say": "豆腐脑咸的"} for _ in range(4))])
    called = desk.applicant([*AT_HOME, {"say": "我要找人工"}])
    desk.applicant(AT_HOME)
    danger = desk.applicant([*AT_HOME, {"say": "不想活了"}])
    rows = desk.staff().get(f"{API}/conversations?filter=needs").json()
    assert rows[0]["id"] == danger.id and {row["id"] for row in rows} == {danger.id, called.id, stuck.id}
    why = {row["id"]: [one["code"] for one in row["why"]] for row in rows}
    assert why[danger.id] == ["distress"] and why[called.id] == ["called"] and "stuck" in why[stuck.id]
    assert next(row for row in rows if row["id"] == called.id)["waiting_since"]


def test_what_a_colleague_holds_needs_nobody_else_and_mine_is_mine(desk: Office) -> None:
    applicant = desk.applicant([*AT_HOME, {"say": "我要找人工"}])
    mine, other = desk.staff("chenyu"), desk.staff("liuzhuren")
    act(mine, applicant, "take")
    listed: Callable[[TestClient, str], list[str]] = lambda who, which: [  # noqa: E731
        row["id"] for row in who.get(f"{API}/conversations?filter={which}").json()
    ]
    assert (listed(mine, "mine"), listed(other, "mine"), listed(other, "needs")) == ([applicant.id], [], [])
    assert [row["holder"]["name"] for row in other.get(f"{API}/conversations?filter=all").json()] == ["陈雨"]


def test_whoever_waits_for_the_holder_s_answer_is_on_the_holder_s_list(desk: Office) -> None:
    applicant, client = desk.applicant(AT_HOME), desk.staff()
    act(client, applicant, "take")
    act(client, applicant, "say", text="您好")
    assert client.get(f"{API}/conversations?filter=needs").json() == []
    applicant.say("那我要带什么")
    rows = client.get(f"{API}/conversations?filter=needs").json()
    assert [one["code"] for one in rows[0]["why"]] == ["waiting"]


def test_how_somebody_wants_to_be_served_is_told_first(desk: Office) -> None:
    applicant = desk.applicant([*AT_HOME, {"tap": "有"}, {"say": "证上是听力二级"}, {"say": "我要找人工"}])
    talk = read(desk.staff(), applicant)
    assert [need["code"] for need in talk["needs"]] == ["text_only"]
    assert "只用文字" in talk["needs"][0]["says"]


def test_a_forgotten_person_is_in_no_list(desk: Office) -> None:
    from backend.people import service as people

    applicant = desk.applicant([*AT_HOME, {"say": "我要找人工"}])
    people.forget(desk.house.store, applicant.person_id)
    client = desk.staff()
    assert client.get(f"{API}/conversations?filter=all").json() == []
    assert client.get(f"{API}/questions").json() == []
    assert client.get(f"{API}/conversations/{applicant.id}").status_code == 404
