"""Cases from the console: the verbs, everything missing at once, what the applicant hears; and that values stay masked."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from backend.applications.states import verbs_from
from backend.applications.store import CASE
from backend.jobs import run
from backend.staff.masks import Mask
from backend.storage import now
from dialogs.directory import SHANGHAI
from tests.staff.world import AT_HOME, IDENTITY, IN_THE_FORM, NAME, PHONE, PLANTED, STREET, SUBMITTED, Applicant, Office

API = "/api/v1/staff"


def submitted(desk: Office) -> tuple[Applicant, Any]:
    applicant = desk.applicant(SUBMITTED)
    client = desk.staff()
    row = client.get(f"{API}/applications").json()[0]
    return applicant, client.get(f"{API}/applications/{row['id']}").json()


def heard(desk: Office, applicant: Applicant) -> str:
    desk.catch_up()
    log = desk.staff().get(f"{API}/conversations/{applicant.id}").json()["log"]
    return "\n".join(block["text"] for entry in log for block in entry["blocks"])


def test_a_case_goes_from_hand_to_hand_and_the_applicant_hears_each_step(each_desk: Office) -> None:
    applicant, application = submitted(each_desk)
    case, client = application["cases"][0]["id"], each_desk.staff()
    for verb in ("accept", "approve", "deliver", "close"):
        assert client.post(f"{API}/cases/{case}/{verb}", json={}).status_code == 200, verb
    words = heard(each_desk, applicant)
    assert "受理" in words and "通过" in words
    shown = client.get(f"{API}/applications/{application['id']}").json()["cases"][0]
    assert (shown["state"], shown["verbs"]) == ("closed", [])
    assert [event["who"] for event in shown["history"]] == ["申请人", *["陈雨"] * 4]


@pytest.mark.parametrize(("days", "code"), [(-1, "before_submission"), (1, "in_future")])
def test_an_acceptance_is_of_no_day_before_the_submission_and_of_none_to_come(
    desk: Office, days: int, code: str
) -> None:
    applicant, application = submitted(desk)
    on = (now().astimezone(SHANGHAI).date() + timedelta(days=days)).isoformat()
    answer = desk.staff().post(f"{API}/cases/{application['cases'][0]['id']}/accept", json={"on": on})
    assert (answer.status_code, answer.json()["code"]) == (422, code) and answer.json()["says"]
    assert "受理了" not in heard(desk, applicant)


def test_who_was_refused_hears_why_and_where_to_turn_whenever_they_ask(desk: Office) -> None:
    applicant, application = submitted(desk)
    case = application["cases"][0]
    clause = case["clauses"][0]["label"]
    body = {"reason": "户口已经迁走", "clause": clause}
    assert desk.staff().post(f"{API}/cases/{case['id']}/reject", json=body).status_code == 200
    desk.catch_up()
    for words in ("为什么没通过", "为啥没批", "查进度"):
        blocks = [block for entry in applicant.say(words)["entries"] for block in entry["blocks"]]
        (card,) = [block for block in blocks if block["kind"] == "progress"]
        line = next(one for one in card["lines"] if one["item"] == case["item"])
        assert "户口已经迁走" in line["limit_says"] and clause in line["limit_says"], words
        assert any("找人工" in block["text"] and "窗口" in block["text"] for block in blocks), words


def test_who_was_not_refused_hears_what_the_document_says_of_refusals(desk: Office) -> None:
    applicant, _ = submitted(desk)
    blocks = [block for entry in applicant.say("为什么没通过")["entries"] for block in entry["blocks"]]
    assert not [block for block in blocks if block["kind"] == "progress"] and "申诉" in str(blocks)


def test_an_approval_says_what_still_follows(desk: Office) -> None:
    applicant, application = submitted(desk)
    for verb in ("accept", "approve"):
        desk.staff().post(f"{API}/cases/{application['cases'][0]['id']}/{verb}", json={})
    words = heard(desk, applicant)
    assert "接下来：办好了会告知结果。" in words and "办成了" not in words


def test_a_picture_sent_back_is_named_and_marked_and_so_is_the_one_that_came_for_it(desk: Office) -> None:
    applicant, application = submitted(desk)
    case, photo = application["cases"][0]["id"], application["photos"][-1]
    body = {"photo_ids": [photo["id"]], "reason": "这张看不清"}
    client = desk.staff()
    client.post(f"{API}/cases/{case}/return", json=body)
    assert f"要补的是：{photo['name']}。" in heard(desk, applicant)
    shown = client.get(f"{API}/applications/{application['id']}").json()
    assert shown["cases"][0]["supplements"][0]["wanted_names"] == [photo["name"]]
    assert (shown["photos"][0]["id"], shown["photos"][0]["mark"]) == (photo["id"], "returned")
    applicant.shown = {"open": client.get(f"{API}/conversations/{applicant.id}").json()["open"]}
    applicant.photo(1)
    after = client.get(f"{API}/applications/{application['id']}").json()["photos"]
    assert [one["mark"] for one in after] == ["new", *[""] * (len(after) - 2), "replaced"]
    assert after[-1]["id"] == photo["id"] and after[0]["name"] == photo["name"]


def test_what_is_brought_to_the_window_has_not_been_replaced(desk: Office) -> None:
    applicant, application = submitted(desk)
    case, (first, second) = application["cases"][0]["id"], application["photos"][:2]
    client = desk.staff()
    client.post(
        f"{API}/cases/{case}/return", json={"photo_ids": [first["id"], second["id"]], "reason": "这两张都看不清"}
    )
    heard(desk, applicant)
    applicant.shown = {"open": client.get(f"{API}/conversations/{applicant.id}").json()["open"]}
    applicant.photo(1)
    applicant.tap("到窗口再交")
    after = client.get(f"{API}/applications/{application['id']}").json()
    marks = {one["id"]: one["mark"] for one in after["photos"]}
    assert (marks[first["id"]], marks[second["id"]]) == ("replaced", "returned")
    assert second["name"] in after["cases"][0]["supplements"][0]["words"]


def test_a_refusal_needs_a_reason_and_the_applicant_hears_it(desk: Office) -> None:
    applicant, application = submitted(desk)
    path = f"{API}/cases/{application['cases'][0]['id']}/reject"
    assert (desk.staff().post(path, json={"clause": "other"}).json()["code"]) == "reason_needed"
    assert desk.staff().post(path, json={"reason": "证件已经注销。", "clause": "other"}).status_code == 200
    words = heard(desk, applicant)
    assert "原因：证件已经注销。\n" in words + "\n" and "依据" not in words


@pytest.mark.parametrize("clause", [{}, {"clause": ""}, {"clause": "附件9 九"}])
def test_a_refusal_is_not_taken_without_a_clause_that_the_item_has(desk: Office, clause: dict[str, str]) -> None:
    _, application = submitted(desk)
    answer = desk.staff().post(
        f"{API}/cases/{application['cases'][0]['id']}/reject", json={"reason": "等级不符合", **clause}
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "clause")


def test_a_refused_applicant_hears_the_clause_and_where_to_turn(desk: Office) -> None:
    applicant, application = submitted(desk)
    case = application["cases"][0]
    clause = next(one for one in case["clauses"] if "户口不在通川区" in one["says"])
    body = {"reason": "户口已经迁走", "clause": clause["label"]}
    assert desk.staff().post(f"{API}/cases/{case['id']}/reject", json=body).status_code == 200
    words = heard(desk, applicant)
    assert clause["label"] in words and "文件没有写不同意怎么办" in words
    assert "电话" in words.split("想请人再看一次")[1], "the window's phone stands in the county's directory"
    (history,) = [
        event
        for event in desk.staff().get(f"{API}/applications/{application['id']}").json()["cases"][0]["history"]
        if event["verb"] == "reject"
    ]
    assert history["clause"] == clause["label"]


def test_a_reason_that_ends_like_a_sentence_is_put_into_one(desk: Office) -> None:
    applicant, application = submitted(desk)
    body = {"photo_ids": [application["photos"][0]["id"]], "reason": "这张看不清，请重拍。"}
    desk.staff().post(f"{API}/cases/{application['cases'][0]['id']}/return", json=body)
    words = heard(desk, applicant)
    assert "请重拍。\n" in words and "。。" not in words


def test_a_verb_that_the_state_does_not_allow_is_409_and_unknown_ones_422(desk: Office) -> None:
    _, application = submitted(desk)
    case = application["cases"][0]["id"]
    assert desk.staff().post(f"{API}/cases/{case}/deliver", json={}).status_code == 409
    assert desk.staff().post(f"{API}/cases/{case}/explode", json={}).status_code == 422
    assert desk.staff().post(f"{API}/cases/{case}/submit", json={}).status_code == 422


def test_several_papers_are_asked_for_again_at_once_with_one_reason(desk: Office) -> None:
    applicant, application = submitted(desk)
    case, photo = application["cases"][0]["id"], application["photos"][0]
    body = {"photo_ids": [photo["id"]], "materials": ["social_card"], "reason": "看不清，请重拍。"}
    assert desk.staff().post(f"{API}/cases/{case}/return", json=body).status_code == 200
    words = heard(desk, applicant)
    assert "看不清，请重拍" in words
    (supplement,) = desk.staff().get(f"{API}/applications/{application['id']}").json()["cases"][0]["supplements"]
    assert set(supplement["wanted"]) == {photo["material"], "social_card"}
    talk = desk.staff().get(f"{API}/conversations/{applicant.id}").json()
    assert talk["row"]["state"] == "progress/supplement"


def test_a_supplement_that_came_in_is_on_the_list_of_what_needs_a_person(desk: Office) -> None:
    applicant, application = submitted(desk)
    case, photo = application["cases"][0]["id"], application["photos"][0]
    client = desk.staff()
    client.post(f"{API}/cases/{case}/return", json={"photo_ids": [photo["id"]], "reason": "看不清。"})
    desk.catch_up()
    applicant.shown = desk.staff().get(f"{API}/conversations/{applicant.id}").json()
    applicant.photo(1)
    rows = client.get(f"{API}/conversations?filter=needs").json()
    assert [one["code"] for one in rows[0]["why"]] == ["supplement"]
    assert [row["supplied"] for row in client.get(f"{API}/applications?filter=supplied").json()] == [True]


def test_a_case_that_is_due_or_overdue_says_so_on_the_list(desk: Office) -> None:
    _, application = submitted(desk)
    case, client = application["cases"][0]["id"], desk.staff()
    with desk.house.store.work() as tx:  # handed in two months ago
        tx.execute(sa.update(CASE).where(CASE.c.id == case).values(opened_at=now() - timedelta(days=61)))
    long_ago = (now().astimezone(SHANGHAI).date() - timedelta(days=60)).isoformat()
    assert client.post(f"{API}/cases/{case}/accept", json={"on": long_ago}).status_code == 200
    run(desk.house, "applications.look_at_limits")
    rows = client.get(f"{API}/conversations?filter=needs").json()
    assert [one["code"] for one in rows[0]["why"]] == ["overdue"]
    assert client.get(f"{API}/applications?filter=due").json()[0]["cases"][0]["clock"]["light"] == "red"
    caller = desk.applicant([*AT_HOME, {"say": "我要找人工"}])
    first = client.get(f"{API}/conversations?filter=needs").json()[0]
    assert (first["id"], first["last_line"]) == (caller.id, "我要找人工"), "people who wait come before cases"


def test_what_nobody_has_accepted_yet_is_a_list_of_its_own_with_the_longest_wait_on_top(desk: Office) -> None:
    (_, first), (_, second) = submitted(desk), submitted(desk)
    client = desk.staff()
    assert [row["id"] for row in client.get(f"{API}/applications?filter=new").json()] == [first["id"], second["id"]]
    desk.applicant([*AT_HOME, {"say": "我要找人工"}])
    counts = {"talks": 1, "new": 2, "due": 0, "supplied": 0, "returned": 0}
    assert client.get(f"{API}/waiting").json() == counts
    client.post(f"{API}/cases/{first['cases'][0]['id']}/accept", json={})
    assert client.get(f"{API}/waiting").json() == counts | {"new": 1}
    assert not any(desk.staff("zhaomin").get(f"{API}/waiting").json().values()), "another county's"
    assert desk.staff("hekezhang").get(f"{API}/waiting").status_code == 403


def test_a_number_is_found_as_it_is_copied_from_elsewhere(desk: Office) -> None:
    _, application = submitted(desk)
    client = desk.staff()
    for q in (f"+86 {PHONE}", f"手机号：{PHONE}", f"编号 {application['receipt']}", f"身份证号{IDENTITY}"):
        found = client.post(f"{API}/applications/search", json={"q": q}).json()
        assert [one["id"] for one in found] == [application["id"]], q


ISO_DAY = re.compile(r"(?<!\d)\d{4}-\d{2}-\d{2}(?![\dT])")


def test_a_limit_is_told_in_words_to_the_applicant_and_in_the_console(desk: Office) -> None:
    applicant, application = submitted(desk)
    case, client = application["cases"][0]["id"], desk.staff()
    client.post(f"{API}/cases/{case}/accept", json={})
    words = heard(desk, applicant)
    clock = client.get(f"{API}/applications/{application['id']}").json()["cases"][0]["clock"]["says"]
    assert "最晚到" in words and "月" in clock
    assert not ISO_DAY.search(words) and not ISO_DAY.search(clock)
    assert not ISO_DAY.search(
        str([block["text"] for entry in applicant.say("进度")["entries"] for block in entry["blocks"]])
    )


def test_an_allowance_is_offered_no_assessment_and_no_publicity_and_a_card_is(desk: Office) -> None:
    _, application = submitted(desk)
    case, client = application["cases"][0], desk.staff()
    client.post(f"{API}/cases/{case['id']}/accept", json={})
    verbs = client.get(f"{API}/applications/{application['id']}").json()["cases"][0]["verbs"]
    assert case["item"].startswith("allowance.") and "approve" in verbs
    assert not {"assess", "assessed", "publicise"} & set(verbs)
    assert {"assess", "assessed", "publicise"} <= set(verbs_from("accepted", item="card.new"))


@pytest.mark.parametrize("verbs", [["reject"], ["reject", "close"], ["withdraw"]])
def test_a_case_that_has_ended_before_its_clock_began_says_nothing_of_a_clock(desk: Office, verbs: list[str]) -> None:
    _, application = submitted(desk)
    case, client = application["cases"][0]["id"], desk.staff()
    for verb in verbs:
        assert (
            client.post(f"{API}/cases/{case}/{verb}", json={"reason": "材料不符", "clause": "other"}).status_code == 200
        ), verb
    shown = client.get(f"{API}/applications/{application['id']}").json()["cases"][0]
    assert shown["clock"] == {"due": None, "says": "", "light": ""}


def test_no_answer_of_the_console_holds_a_planted_value(each_desk: Office) -> None:
    applicant, application = submitted(each_desk)
    chatty = each_desk.applicant([*IN_THE_FORM, {"say": f"我叫{NAME}，身份证{IDENTITY}，电话 139 0000 0001，找人工"}])
    client = each_desk.staff()
    paths = [
        "conversations?filter=all", "conversations?filter=needs", f"conversations/{applicant.id}",
        f"conversations/{chatty.id}", "applications?filter=all", f"applications/{application['id']}", "questions",
    ]  # fmt: skip
    answers = {path: client.get(f"{API}/{path}").text for path in paths}
    answers |= {q: client.post(f"{API}/applications/search", json={"q": q}).text for q in (IDENTITY, PHONE)}
    for path, text in answers.items():
        assert not [value for value in (*PLANTED, "139 0000 0001") if value in text], path


@pytest.mark.parametrize(
    "text",
    [
        "身份证990101198801010039",
        "99010119880101003X",
        "９９０１０１１９８８０１０１００３９",
        "6222 0212 3456 7890 123",
        "139-0000-0001",
        "幺三九零零零零零零零一",
    ],
)
def test_a_long_number_is_hidden_however_it_is_written(text: str) -> None:
    hidden = Mask().text(text)
    assert "*" in hidden and sum((sign.isalnum() and not sign.isascii()) or sign.isdigit() for sign in hidden) < 10


@pytest.mark.parametrize(
    "text", ["2026-11-21 10:30", "编号是 GGB8-R6KR-RT72", "10个工作日", "一二三级都可以", "通区民发〔2022〕50号"]
)
def test_dates_receipts_and_small_numbers_stay_readable(text: str) -> None:
    assert Mask().text(text) == text


def test_what_a_draft_says_of_a_person_is_hidden_in_every_text_but_names_of_things_are_not() -> None:
    mask = Mask([{"field:name": NAME, "field:residence_address": STREET, "household_county": "511702"}])
    block = {
        "kind": "say",
        "text": f"{NAME}住在{STREET}",
        "id": NAME,
        "items": [{"says": NAME, "question": "field:name"}],
    }
    hidden = mask.every(block)
    assert NAME not in hidden["text"] and STREET not in hidden["text"] and NAME not in hidden["items"][0]["says"]
    assert (hidden["id"], hidden["items"][0]["question"]) == (NAME, "field:name")
