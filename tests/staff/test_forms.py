"""Who can have the filled paper form: the person it belongs to, and staff of the county, who say why and are recorded."""

from __future__ import annotations

import re
import secrets
from typing import Any

import pypdfium2
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from backend.applications.routes import FILE_NAME
from backend.applications.routes import router as applicant_routes
from backend.conversations.plain import plain_pages
from backend.conversations.routes import router as phone_routes
from backend.conversations.routes import way_in
from backend.people.identity import COOKIE, Doorman
from backend.web import teach
from tests.staff.test_audit import API, first_application, rows
from tests.staff.world import (
    IDENTITY,
    IN_THE_FORM,
    NAME,
    PLANTED,
    STREET,
    SUBMITTED,
    Applicant,
    Office,
)

CHECKING = SUBMITTED[: next(at for at, move in enumerate(SUBMITTED) if move.get("tap") == "都对")]


@pytest.fixture
def phone(desk: Office) -> FastAPI:
    """The phone page's doors of the same house."""
    app = FastAPI()
    app.state.house, app.state.doorman = desk.house, Doorman.of(desk.house.settings)
    app.include_router(applicant_routes)
    app.include_router(phone_routes)
    app.include_router(plain_pages(way_in))
    teach(app)
    return app


def browser(phone: FastAPI, applicant: Applicant | None = None) -> TestClient:
    """A browser; with the cookie of this applicant."""
    client = TestClient(phone)
    if applicant:
        client.cookies.set(COOKIE, applicant.door)
    return client


def somebody(desk: Office, moves: list[dict[str, object]]) -> Applicant:
    return Applicant(desk, secrets.token_urlsafe(32)).play(moves)


def blocks(applicant: Applicant) -> list[dict[str, Any]]:
    return [block for entry in applicant.shown["entries"] for block in entry["blocks"]]


def receipt_of(applicant: Applicant) -> str:
    return str(next(block["receipt"] for block in blocks(applicant) if block["kind"] == "packet"))


def read(pdf: bytes) -> str:
    return "".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(pdf))


def test_one_has_ones_own_form_with_what_was_confirmed(desk: Office, phone: FastAPI) -> None:
    applicant = somebody(desk, SUBMITTED)
    answer = browser(phone, applicant).get(f"/api/v1/applications/{receipt_of(applicant)}/form.pdf")
    assert answer.status_code == 200 and answer.headers["content-type"] == "application/pdf"
    text = read(answer.content).replace("\r\n", "")
    assert NAME in text and IDENTITY in text and STREET in text and receipt_of(applicant) in text
    assert "□√残疾人两项补贴" in text and "□√是" not in text.split("办理事项")[0]
    assert answer.headers["content-disposition"] == f'inline; filename="{FILE_NAME}"'
    assert "no-store" in answer.headers["cache-control"]
    assert not any(one in str(answer.headers) for one in PLANTED)


def test_a_receipt_typed_in_small_letters_is_found(desk: Office, phone: FastAPI) -> None:
    applicant = somebody(desk, SUBMITTED)
    typed = receipt_of(applicant).lower().replace("-", "")
    assert browser(phone, applicant).get(f"/api/v1/applications/{typed}/form.pdf").status_code == 200


def test_the_form_of_somebody_else_is_not_there(desk: Office, phone: FastAPI) -> None:
    """The same answer as for a number that there is not; and without a cookie nobody is known."""
    owner, other = somebody(desk, SUBMITTED), somebody(desk, SUBMITTED)
    there, nowhere = receipt_of(owner), "7K3M-9QXA-W2DH"
    answers = [browser(phone, other).get(f"/api/v1/applications/{one}/form.pdf") for one in (there, nowhere)]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].json() == answers[1].json()
    assert browser(phone).get(f"/api/v1/applications/{there}/form.pdf").status_code == 404


def test_a_form_that_was_forgotten_is_gone(desk: Office, phone: FastAPI) -> None:
    applicant = somebody(desk, SUBMITTED)
    client, receipt = browser(phone, applicant), receipt_of(applicant)
    assert client.delete("/api/v1/me").status_code == 200
    client.cookies.set(COOKIE, applicant.door)
    assert client.get(f"/api/v1/applications/{receipt}/form.pdf").status_code == 404


def test_a_draft_can_be_looked_at_before_it_is_handed_in(desk: Office, phone: FastAPI) -> None:
    applicant = somebody(desk, IN_THE_FORM)
    text = read(browser(phone, applicant).get("/api/v1/conversation/form.pdf").content)
    assert NAME in text and "还没有交" in text


def test_after_that_the_drafts_form_is_the_one_handed_in(desk: Office, phone: FastAPI) -> None:
    applicant = somebody(desk, SUBMITTED)
    text = read(browser(phone, applicant).get("/api/v1/conversation/form.pdf").content)
    assert receipt_of(applicant) in text and "还没有交" not in text


@pytest.mark.parametrize("moves", [CHECKING, SUBMITTED], ids=["check page", "packet and progress"])
def test_the_plain_page_leads_to_the_form_and_says_nothing_of_the_person_in_its_address(
    desk: Office, phone: FastAPI, moves: list[dict[str, object]]
) -> None:
    applicant = somebody(desk, moves)
    client = browser(phone, applicant)
    links = set(re.findall(r'href="([^"]*form\.pdf)"', client.get("/plain").text))
    (link,) = links
    assert link.split("/")[-2] in ("conversation", *(block.get("receipt") for block in blocks(applicant)))
    assert client.get(link).headers["content-type"] == "application/pdf"


def test_a_check_page_of_before_leads_nowhere(desk: Office, phone: FastAPI) -> None:
    """In the whole record only what has been handed in can be opened: an old check page would show another draft."""
    page = browser(phone, somebody(desk, SUBMITTED)).get("/plain/record").text
    assert "/api/v1/conversation/form.pdf" not in page


def test_before_there_is_a_form_it_is_said_kindly(desk: Office, phone: FastAPI) -> None:
    greeted = somebody(desk, [{"say": "你好"}])
    for client in (browser(phone, greeted), browser(phone)):
        answer = client.get("/api/v1/conversation/form.pdf")
        assert answer.status_code == 404 and answer.json()["says"]


def test_whoever_asks_too_often_waits(desk: Office, phone: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawing is dear: the eleventh in a minute is told to come later, before anything is drawn."""
    greeted = browser(phone, somebody(desk, [{"say": "你好"}]))
    codes = [greeted.get("/api/v1/conversation/form.pdf").status_code for _ in range(11)]
    assert codes == [404] * 10 + [429]


def test_staff_sees_it_for_a_reason_and_is_recorded_first(desk: Office) -> None:
    applicant = somebody(desk, SUBMITTED)
    application = first_application(desk)
    url = f"{API}/applications/{application['id']}/form.pdf"
    assert desk.staff().get(url).status_code == 422
    assert desk.staff().get(f"{url}?reveal=nonsense").status_code == 422
    assert rows(desk, "reveal") == []
    answer = desk.staff().get(f"{url}?reveal=check")
    assert answer.status_code == 200 and IDENTITY in read(answer.content)
    assert receipt_of(applicant) in read(answer.content)
    (row,) = rows(desk, "reveal")
    assert (row.kind, row.thing_id, row.reason) == ("application", application["id"], "check")
    told = desk.staff("admin").get(f"{API}/audit").json()["rows"]
    assert "申请表" in [one["words"] for one in told] and not any(one in str(told) for one in PLANTED)


def test_strangers_and_staff_without_the_right_see_nothing(desk: Office) -> None:
    somebody(desk, SUBMITTED)
    url = f"{API}/applications/{first_application(desk)['id']}/form.pdf?reveal=check"
    assert desk.stranger().get(url).status_code == 401
    assert desk.staff("admin").get(url).status_code == 403
    assert rows(desk, "reveal") == []


def test_another_countys_form_is_not_there_and_leaves_no_record(desk: Office) -> None:
    somebody(desk, SUBMITTED)
    application = first_application(desk)["id"]
    outside = desk.staff("zhaomin")
    answers = [outside.get(f"{API}/applications/{one}/form.pdf?reveal=check") for one in (application, "nowhere")]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert rows(desk, "reveal") == []
