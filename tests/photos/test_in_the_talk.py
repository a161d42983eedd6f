"""From the picture that a person hands in to what they read and the clerk sees: real writer, real rows, a reader by heart."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

import backend.conversations.helping
import backend.photos.jobs
from backend.conversations import service as talks
from backend.conversations.models import Conversation
from backend.photos import service as photos
from backend.photos.reader import Reader
from backend.photos.reading import ReadField
from backend.storage import now
from tests.databases import fresh
from tests.photos import pictures
from tests.photos.test_readings import BLURRED, CARD, NAME, NUMBER, ByHeart
from tests.staff.world import IN_THE_FORM, Applicant, Office, employ, office, picture, run_one
from tests.talks.runner import reads


@pytest.fixture
def pool() -> ByHeart:
    return ByHeart()


@pytest.fixture
def desk(tmp_path: Path, pool: ByHeart) -> Iterator[Office]:
    with office(fresh("sqlite", tmp_path, fill=employ, read_photos=True)) as made:
        made.house.library = made.house.writer.library = reads()
        made.house.reader = Reader(pool)
        made.house.reader.start()
        made.app.include_router(backend.conversations.helping.router)
        yield made
        made.house.reader.close()


def log(one: Applicant) -> str:
    """Everything that this person has read so far, the open question included."""
    shown = talks.shown(one.office.house, one.person_id)
    texts = [block.get("text", "") for entry in shown["log"] for block in entry["blocks"]]
    ask = shown["open"] or {}
    one.shown = {**one.shown, "open": shown["open"]}
    return "\n".join([*texts, ask.get("text", ""), *(option["label"] for option in ask.get("options", ()))])


def test_the_result_comes_by_itself_after_the_picture(desk: Office) -> None:
    person = desk.applicant(IN_THE_FORM)
    assert "正在看" in str(person.photo(1))
    desk.catch_up()
    assert "“身份证头像面”看清了" in log(person)


def test_a_picture_that_nobody_could_read_counts_and_the_clerk_sees_why(desk: Office, pool: ByHeart) -> None:
    pool.breaks = "slow"
    person = desk.applicant(IN_THE_FORM)
    person.photo(1)
    desk.catch_up()
    assert "工作人员会看" in log(person) and person.shown["open"]["question"] == "photo:id_card_back"
    (photo, *_) = submitted(desk, person)["photos"]
    assert photo["look_at"] == "机器没看成" and photo["fields"] == []


def test_the_clerk_sees_beside_the_picture_what_was_read_and_uncovers_it_for_a_reason(desk: Office) -> None:
    person = desk.applicant(IN_THE_FORM)
    person.photo(1)
    desk.catch_up()
    seen = submitted(desk, person)
    (photo, *_) = seen["photos"]
    says = {field["label"]: (field["says"], field["checked"]) for field in photo["fields"]}
    assert photo["seems"] == "身份证头像面" and says == {
        "姓名": ("李*满", False),
        "身份证号": ("990*************39", True),
    }
    clerk = desk.staff()
    body = {"application_id": seen["id"], "field": photo["fields"][1]["key"], "reason": "check"}
    assert clerk.post("/api/v1/staff/reveal", json={**body, "reason": "curious"}).status_code == 422
    assert clerk.post("/api/v1/staff/reveal", json=body).json() == {"value": NUMBER}
    audit = desk.staff("liuzhuren").get("/api/v1/staff/audit").json()["rows"]
    assert [row["verb"] for row in audit if row["verb"] == "查看隐去的内容"] == ["查看隐去的内容"]
    foreign = desk.staff("zhaomin").post("/api/v1/staff/reveal", json=body)
    assert foreign.status_code == 404


def test_the_clerk_reads_words_not_codes_and_a_drawn_signature_has_its_name(desk: Office, pool: ByHeart) -> None:
    told = {"gender": "male", "card_level": "1", "card_categories": "vision,physical"}
    card = tuple(ReadField(name, value, False, 0.9) for name, value in told.items())
    pool.found = replace(pool.found, fields=(*pool.found.fields, *card))
    person = desk.applicant(IN_THE_FORM)
    person.photo(1)
    desk.catch_up()
    seen = submitted(desk, person, drawn=True)
    says = {field["label"]: field["says"] for photo in seen["photos"] for field in photo["fields"]}
    assert (says["性别"], says["残疾等级"], says["残疾类别"]) == ("男", "一级", "视力、肢体")
    assert [photo["name"] for photo in seen["photos"] if photo["material"] == "signature"] == ["签名"]


def test_of_a_picture_that_was_taken_again_the_clerk_sees_the_one_that_counts(desk: Office, pool: ByHeart) -> None:
    person = desk.applicant(IN_THE_FORM)
    for found in (BLURRED, BLURRED, CARD):
        pool.found = found
        person.photo(1)
        desk.catch_up()
        assert "用不了" in log(person)
    seen = submitted(desk, person)
    assert [(one["material"], one["look_at"]) for one in seen["photos"]] == [("id_card_front", "")]


def test_nobody_of_the_staff_reads_a_name_in_the_talk_that_only_a_paper_has_said(desk: Office) -> None:
    person = desk.applicant(IN_THE_FORM[:5])
    person.send("photo", question="", photo_ids=(keep(person),))
    desk.catch_up()
    person.play(IN_THE_FORM[5:7])
    assert "李小【满】" in log(person)
    clerk = desk.staff()
    (row,) = clerk.get("/api/v1/staff/conversations?filter=all").json()
    page = clerk.get(f"/api/v1/staff/conversations/{row['id']}").text
    assert NAME not in page and "李小【满】" not in page and NUMBER not in page


def test_somebody_else_hands_in_the_picture_once_and_learns_nothing(desk: Office) -> None:
    person = desk.applicant(IN_THE_FORM)
    person.tap("请人帮忙拍")
    address = next(line for line in links(person) if "/help-photo/" in line).removeprefix("https://example.org")
    friend = TestClient(desk.app)
    page = friend.get(address)
    assert page.status_code == 200 and "身份证头像面" in page.text
    assert not any(said in page.text for said in (NAME, NUMBER, "13900000001", person.person_id))
    bad = friend.post(address, files={"file": ("a.jpg", pictures.zipped(), "image/jpeg")})
    assert "不是照片" in bad.text
    assert "谢谢" in friend.post(address, files={"file": ("a.jpg", pictures.jpeg(7), "image/jpeg")}).text
    desk.catch_up()
    assert "帮忙拍的“身份证头像面”到了" in log(person) and "看清了" in log(person)
    assert friend.get(address).status_code == 404
    assert friend.post(address, files={"file": ("a.jpg", pictures.jpeg(8), "image/jpeg")}).status_code == 404
    assert friend.get("/help-photo/somethingelse").status_code == 404


def test_what_somebody_else_sends_is_never_written_to_disk_as_it_came(
    desk: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[object] = []
    monkeypatch.setattr(tempfile.SpooledTemporaryFile, "rollover", lambda file: written.append(file))
    person = desk.applicant(IN_THE_FORM)
    person.tap("请人帮忙拍")
    address = next(line for line in links(person) if "/help-photo/" in line).removeprefix("https://example.org")
    large = {"file": ("a.jpg", pictures.jpeg_with_huge_header(), "image/jpeg")}
    friend = TestClient(desk.app)
    assert "空的" in friend.post(address, files={"file": ("", b"", "application/octet-stream")}).text
    assert "谢谢" in friend.post(address, files=large).text
    assert not written


def test_who_said_that_a_picture_comes_later_is_reminded_after_some_days(desk: Office) -> None:
    person = desk.applicant(IN_THE_FORM)
    person.tap("现在没有")
    while person.shown["open"]["question"] != "photo:id_card_front":
        person.tap("到窗口再交")
    person.tap("现在没有")
    run_one(desk, "conversations.remind")
    assert "还差一张" not in log(person)
    with desk.house.store.work() as tx:
        tx.execute(sa.update(Conversation).values(last_at=now() - timedelta(days=4)))
    run_one(desk, "conversations.remind")
    run_one(desk, "conversations.remind")
    assert log(person).count("还差一张“身份证头像面”") == 1


def keep(person: Applicant) -> str:
    from backend.photos import service

    return service.take(person.office.house.store, person.person_id, pictures.jpeg(5)).photo_id


def links(person: Applicant) -> list[str]:
    return [block["url"] for entry in person.shown["entries"] for block in entry["blocks"] if block["kind"] == "link"]


def submitted(desk: Office, person: Applicant, drawn: bool = False) -> dict[str, Any]:
    """The application as the clerk sees it, once the rest of the papers has been promised for the window."""
    log(person)
    while person.shown["open"]["question"].startswith("photo:"):
        person.tap("到窗口再交")
    person.play([{"tap": "都对"}, {"tap": "我承诺"}])
    png = photos.take(desk.house.store, person.person_id, picture()).photo_id if drawn else ""
    person.fill({"way": "drawn", "png": png}) if drawn else person.sign("typed")
    person.tap("交上去")
    desk.catch_up()
    clerk = desk.staff()
    (row, *_) = clerk.get("/api/v1/staff/applications?filter=all").json()
    return dict(clerk.get(f"/api/v1/staff/applications/{row['id']}").json())
