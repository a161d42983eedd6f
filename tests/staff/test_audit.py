"""The audit: what is recorded, before what; that it holds ids only; and that a changed row is seen."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from backend.photos import service as photos
from backend.staff import audit, cases
from backend.staff.models import AuditRow, AuditSeal
from backend.storage import now
from tests.staff.world import AT_HOME, IDENTITY, NAME, PLANTED, SUBMITTED, Office, run_one

API = "/api/v1/staff"


def rows(desk: Office, *verbs: str) -> list[AuditRow]:
    with desk.house.store.read() as tx:
        found = tx.execute(sa.select(AuditRow).order_by(AuditRow.id)).scalars().all()  # type: ignore[arg-type]
    return [row for row in found if row.verb in verbs]


def first_application(desk: Office) -> Any:
    client = desk.staff()
    row = client.get(f"{API}/applications").json()[0]
    return client.get(f"{API}/applications/{row['id']}").json()


def reveal(desk: Office, application: Any, field: str = "field:id_number", reason: str = "check", **more: str) -> Any:
    body = {"application_id": application["id"], "field": field, "reason": reason, **more}
    return desk.staff().post(f"{API}/reveal", json=body)


def test_what_is_revealed_is_shown_whole_and_recorded(each_desk: Office) -> None:
    each_desk.applicant(SUBMITTED)
    application = first_application(each_desk)
    assert reveal(each_desk, application).json() == {"value": IDENTITY}
    (row,) = rows(each_desk, "reveal")
    assert (row.kind, row.thing_id, row.reason) == ("application", application["id"], "check")


def test_the_record_of_a_look_is_on_disk_before_the_value_is_read(
    desk: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.applicant(SUBMITTED)
    application = first_application(desk)
    recorded: list[int] = []

    def broken(*args: Any, **more: Any) -> Any:
        recorded.append(len(rows(desk, "reveal")))
        raise OSError("the disk is away")

    monkeypatch.setattr(cases.shown, "reveal", broken)
    monkeypatch.setattr(photos, "staff_picture", broken)
    with pytest.raises(OSError):
        reveal(desk, application)
    with pytest.raises(OSError):
        desk.staff().get(f"{API}/photos/{application['photos'][0]['id']}?reveal=check")
    assert recorded == [1, 2]


@pytest.mark.parametrize("reason", ["", "curious"])
def test_without_a_reason_that_stands_in_the_list_nothing_is_revealed(desk: Office, reason: str) -> None:
    desk.applicant(SUBMITTED)
    application = first_application(desk)
    answer = reveal(desk, application, reason=reason)
    assert (answer.status_code, answer.json()["code"]) == (422, "reason")
    photo = f"{API}/photos/{application['photos'][0]['id']}"
    assert desk.staff().get(f"{photo}?reveal=curious").status_code == 422
    assert rows(desk, "reveal") == []


def test_a_photo_is_masked_until_asked_for_and_the_asking_is_recorded(desk: Office) -> None:
    desk.applicant(SUBMITTED)
    photo = first_application(desk)["photos"][0]["id"]
    client = desk.staff()
    masked, whole = client.get(f"{API}/photos/{photo}"), client.get(f"{API}/photos/{photo}?reveal=check")
    assert masked.headers["content-type"] == whole.headers["content-type"] == "image/jpeg"
    assert masked.content != whole.content
    assert [(row.kind, row.thing_id, row.reason) for row in rows(desk, "reveal")] == [("photo", photo, "check")]


def test_opening_is_recorded_once_however_often_the_page_reads_again(desk: Office) -> None:
    applicant = desk.applicant(SUBMITTED)
    client = desk.staff()
    application = client.get(f"{API}/applications").json()[0]["id"]
    for _ in range(3):
        client.get(f"{API}/conversations/{applicant.id}")
        client.get(f"{API}/applications/{application}")
    desk.staff("liuzhuren").get(f"{API}/conversations/{applicant.id}")
    opened = [(row.kind, row.thing_id) for row in rows(desk, "open")]
    assert opened == [("conversation", applicant.id), ("application", application), ("conversation", applicant.id)]


def test_every_deed_leaves_a_row(desk: Office) -> None:
    applicant = desk.applicant(SUBMITTED)
    client, talk = desk.staff(), f"{API}/conversations/{applicant.id}"
    case = client.get(f"{API}/applications").json()[0]["cases"][0]["id"]
    client.post(f"{talk}/take")
    client.post(f"{talk}/say", json={"text": "您好"})
    client.post(f"{talk}/return")
    client.post(f"{API}/cases/{case}/accept", json={})
    client.post(f"{API}/cases/{case}/return", json={"materials": ["id_card"], "reason": "看不清"})
    client.post(f"{API}/applications/search", json={"q": IDENTITY})
    client.post(f"{API}/logout")
    done = [
        (row.verb, row.reason)
        for row in rows(desk, "take", "say", "return", "move_case", "ask_again", "search", "sign_out")
    ]
    assert done == [
        ("take", ""), ("say", ""), ("return", ""), ("move_case", "accept"), ("ask_again", "return"), ("search", "number"),
        ("sign_out", ""),
    ]  # fmt: skip


def test_no_row_of_the_audit_says_who_somebody_is(desk: Office) -> None:
    desk.applicant(SUBMITTED)
    application = first_application(desk)
    reveal(desk, application, words=f"{NAME}打电话来问")
    desk.staff().post(f"{API}/applications/search", json={"q": IDENTITY})
    with desk.house.store.read() as tx:
        kept = str([tuple(row) for row in tx.execute(sa.text("SELECT * FROM audit"))])
    assert not [value for value in PLANTED if value in kept]
    told = desk.staff("liuzhuren").get(f"{API}/audit").json()["rows"]
    assert any(f"{NAME}打电话来问" in row["words"] for row in told)


def test_seals_fit_until_a_row_is_changed_or_taken_away(each_desk: Office) -> None:
    store = each_desk.house.store
    each_desk.staff()
    run_one(each_desk, "staff.seal_audit")
    each_desk.staff("liuzhuren")
    run_one(each_desk, "staff.seal_audit")
    run_one(each_desk, "staff.seal_audit")
    with store.read() as tx:
        assert audit.broken_seals(store.keys, tx) == []
        assert [one.number for one in tx.execute(sa.select(AuditSeal)).scalars()] == [1, 2]
    last = rows(each_desk, "sign_in")[-1]
    with store.work() as tx:
        tx.execute(sa.update(AuditRow).where(AuditRow.id == last.id).values(staff_id="somebody else"))  # type: ignore[arg-type]
    with store.read() as tx:
        assert audit.broken_seals(store.keys, tx) == [2]
    with store.work() as tx:
        tx.execute(sa.update(AuditRow).where(AuditRow.id == last.id).values(staff_id=last.staff_id))  # type: ignore[arg-type]
        tx.execute(sa.delete(AuditSeal).where(AuditSeal.number == 1))  # type: ignore[arg-type]
    with store.read() as tx:
        assert 2 in audit.broken_seals(store.keys, tx)


def test_a_broken_seal_is_said_to_who_audits(desk: Office) -> None:
    desk.staff()
    run_one(desk, "staff.seal_audit")
    with desk.house.store.work() as tx:
        tx.execute(sa.update(AuditRow).values(reason="made up"))
    assert desk.staff("liuzhuren").get(f"{API}/audit").json()["broken_seals"] == [1]


def test_what_is_older_than_the_retention_goes_in_whole_batches_and_the_chain_stands(desk: Office) -> None:
    store = desk.house.store
    desk.staff()
    old = now() - timedelta(days=desk.house.settings.retention.audit + 1)
    with store.work() as tx:
        tx.execute(sa.update(AuditRow).values(at=old))
    run_one(desk, "staff.seal_audit")
    desk.staff()
    run_one(desk, "staff.seal_audit")
    run_one(desk, "staff.tidy")
    with store.read() as tx:
        assert tx.execute(sa.select(AuditRow.seal)).scalars().all() == [2]
        assert audit.broken_seals(store.keys, tx) == []


def test_the_record_reads_in_words_with_the_receipt(desk: Office) -> None:
    desk.applicant(SUBMITTED)
    application = first_application(desk)
    client, case = desk.staff(), application["cases"][0]
    reveal(desk, application)
    client.get(f"{API}/photos/{application['photos'][0]['id']}?reveal=check")
    client.post(f"{API}/cases/{case['id']}/accept", json={})
    client.post(f"{API}/applications/search", json={"q": IDENTITY})
    told = {row["verb"]: row for row in desk.staff("liuzhuren").get(f"{API}/audit").json()["rows"]}
    receipt = application["receipt"]
    assert (told["办理"]["thing"], told["办理"]["reason"]) == (f"{receipt} {case['name']}", "受理")
    assert told["查找"]["reason"] == "按身份证号或手机号" and told["打开"]["thing"] == receipt
    seen = [
        row for row in desk.staff("liuzhuren").get(f"{API}/audit").json()["rows"] if row["verb"] == "查看隐去的内容"
    ]
    assert [row["thing"] for row in seen] == [f"{receipt} {application['photos'][0]['name']}", receipt]
    assert seen[1]["words"] == "身份证号"


def test_a_supervisor_reads_of_their_own_counties_and_the_keeper_of_accounts_of_all(desk: Office) -> None:
    desk.applicant(AT_HOME)
    for name in ("chenyu", "zhaomin"):
        desk.staff(name)
    who = {
        name: {row["who"] for row in desk.staff(name).get(f"{API}/audit").json()["rows"]}
        for name in ("liuzhuren", "admin")
    }
    assert "赵敏" not in who["liuzhuren"] and "陈雨" in who["liuzhuren"]
    assert {"赵敏", "陈雨"} <= who["admin"]
