"""The phone page's API from outside: identity by cookie, one effect a key, problems in plain words, taking away, deletion."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from backend import jobs
from backend.app import create_app
from backend.conversations.jobs import _is_late, retain, sweep
from backend.jobs import House
from backend.people import happenings
from backend.staff.directory import CHANGED, seed_demo
from backend.storage import now
from backend.web import configure_logs
from dialogs.directory import Directory, Duty
from tests import searching
from tests.databases import fresh

PLANTED = ["欧阳测试", "990101199001011237", "19900001234"]


@pytest.fixture(scope="module")
def app_and_client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    settings = fresh("sqlite", tmp_path_factory.mktemp("doors"), stranger_posts_per_minute=600)
    with TestClient(create_app(settings)) as client:
        yield client


@pytest.fixture
def client(app_and_client: TestClient) -> TestClient:
    """A browser that was never here."""
    app_and_client.cookies.clear()
    return app_and_client


@pytest.fixture
def house(app_and_client: TestClient) -> House:
    return app_and_client.app.state.house  # type: ignore[attr-defined, no-any-return]


def say(client: TestClient, text: str, key: str, **more: object) -> httpx.Response:
    body = {"kind": "text", "text": text, **more}
    return client.post("/api/v1/messages", json=body, headers={"Idempotency-Key": key})


def conversation_of(client: TestClient, house: House) -> tuple[str, str]:
    """(conversation, person) of the browser, by what it was answered."""
    with house.store.read() as tx:
        door = house.store.keys.find_hash("web", client.cookies["yijianshi"])
        rows = "SELECT c.id, c.person_id FROM conversation c JOIN account a ON a.person_id = c.person_id"
        found = tx.execute(sa.text(f"{rows} WHERE a.key_hash = :door"), {"door": door}).one()
    return found[0], found[1]


def test_nobody_is_known_before_they_have_said_something(client: TestClient, house: House) -> None:
    page = client.get("/api/v1/conversation").json()
    assert page["log"] == [] and page["open"] is None and page["documents"]
    assert len(client.cookies["yijianshi"]) == 43
    assert client.get("/api/v1/me/export").status_code == 404
    assert client.get("/api/v1/events").status_code == 404


def test_what_is_answered_is_what_the_page_shows_when_it_is_opened_again(client: TestClient) -> None:
    first = say(client, "你好", "k1").json()
    again = say(client, "别的", "k1")
    assert again.json() == first and first["open"]["question"] == "consent"
    page = client.get("/api/v1/conversation").json()
    assert page["log"] == first["entries"] and page["open"] == first["open"]
    answered = client.post(
        "/api/v1/messages",
        json={"kind": "answer", "question": "consent", "value": "agree"},
        headers={"Idempotency-Key": "k2"},
    ).json()
    assert [entry["from"] for entry in answered["entries"]][:2] == ["bot", "person"]
    assert answered["entries"][1]["blocks"][0]["text"] == first["open"]["options"][0]["label"]
    assert client.get("/api/v1/conversation").json()["log"] == first["entries"] + answered["entries"]


def test_another_browser_sees_nothing_of_it(client: TestClient) -> None:
    say(client, "你好", "k1")
    mine = client.get("/api/v1/conversation").json()
    client.cookies.clear()
    assert mine["log"] and client.get("/api/v1/conversation").json()["log"] == []
    client.cookies.set("yijianshi", "x" * 43)
    assert client.get("/api/v1/conversation").json()["log"] == []


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        (b'{"kind":"text","text":"hello"}', {}, 400, "no_key"),
        (b'{"kind":"text","text":"hello"}', {"Idempotency-Key": "a b"}, 400, "no_key"),
        (b'{"kind":"text","text":"hello"}', {"Idempotency-Key": "k" * 65}, 400, "no_key"),
        (b"", {"Idempotency-Key": "k"}, 400, None),
        (b"[" * 30_000, {"Idempotency-Key": "k"}, 400, None),
        (b'{"kind":"text","text":12}', {"Idempotency-Key": "k"}, 400, None),
        (b'{"kind":"system","event":"floor_taken","data":{}}', {"Idempotency-Key": "k"}, 400, None),
        (json.dumps({"kind": "text", "text": "长" * 10_000}).encode(), {"Idempotency-Key": "k"}, 400, None),
        (b"x" * 80_000, {"Idempotency-Key": "k"}, 413, "too_big"),
        (
            b'{"kind":"text","text":"hello"}',
            {"Idempotency-Key": "k", "Origin": "http://evil.example"},
            403,
            "forbidden",
        ),
    ],
)
def test_a_bad_request_gets_a_kind_sentence_and_leaves_nothing(
    client: TestClient, house: House, body: bytes, headers: dict[str, str], status: int, code: str | None
) -> None:
    before = count(house, "inbox")
    answer = client.post("/api/v1/messages", content=body, headers=headers)
    assert answer.status_code == status and answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["says"] and (code is None or problem["code"] == code)
    assert count(house, "inbox") == before


def test_every_answer_carries_the_headers_of_safety(client: TestClient) -> None:
    for path in ("/", "/plain", "/api/v1/conversation", "/nothing", "/static/chat/chat.js", "/healthz"):
        headers = client.get(path).headers
        assert (
            "default-src 'self'" in headers["content-security-policy"]
            and "unsafe" not in headers["content-security-policy"]
        )
        assert headers["x-content-type-options"] == "nosniff" and headers["x-request-id"]
    assert client.get("/static/node_modules/preact/package.json").status_code == 404


def test_a_stranger_who_posts_too_fast_is_slowed_down(tmp_path: Path) -> None:
    settings = fresh("sqlite", tmp_path, stranger_posts_per_minute=5)
    with TestClient(create_app(settings)) as client:
        codes = []
        for at in range(8):
            client.cookies.clear()
            codes.append(say(client, "你好", f"k{at}").status_code)
        assert codes[:5] == [200] * 5 and codes[-1] == 429
        page = client.get("/api/v1/conversation")
        assert page.status_code == 200


def test_taking_away_and_deleting(client: TestClient, house: House) -> None:
    say(client, "你好", "k1")
    say(client, f"我叫{PLANTED[0]}，{PLANTED[1]}", "k2")
    taken = client.get("/api/v1/me/export")
    assert PLANTED[0] in taken.text and taken.headers["content-disposition"].startswith("attachment")
    before = count(house, "person")
    assert client.delete("/api/v1/me").status_code == 200
    assert count(house, "person") == before - 1
    assert client.get("/api/v1/conversation").json()["log"] == []


def test_health_speaks_for_the_database_and_metrics_of_nobody(client: TestClient) -> None:
    say(client, f"我叫{PLANTED[0]}", "k1")
    assert client.get("/healthz").status_code == 200 and client.get("/readyz").status_code == 200
    metrics = client.get("/metrics").text
    assert "yijianshi_turns_total" in metrics and not searching.holds(metrics.encode(), PLANTED)
    assert "/api/v1/messages" in metrics


@contextmanager
def logging_as_served() -> Iterator[None]:
    """Logs as a server writes them, and afterwards as the tests had them."""
    names = ("", "dbos", "uvicorn", "uvicorn.error", "uvicorn.access", "backend", "bot", "dialogs")
    loggers = [logging.getLogger(name) for name in names]
    before = [(one.handlers[:], one.level, one.propagate, one.disabled) for one in loggers]
    configure_logs("debug")
    try:
        yield
    finally:
        for one, (handlers, level, propagate, disabled) in zip(loggers, before, strict=True):
            one.handlers[:], one.level, one.propagate, one.disabled = handlers, level, propagate, disabled


def test_no_log_line_holds_what_was_said(client: TestClient, capfd: pytest.CaptureFixture[str]) -> None:
    with logging_as_served():
        say(client, f"我叫{PLANTED[0]}，身份证{PLANTED[1]}", "k1")
        client.get(f"/api/v1/conversation?name={PLANTED[0]}")
        client.get(f"/nothing/{PLANTED[2]}")
        logging.getLogger("somebody.else").warning("could not send to %s", PLANTED[2])
        try:
            raise ValueError(PLANTED[0])
        except ValueError:
            logging.getLogger("backend.test").exception("broken")
    lines = capfd.readouterr().err
    assert '"route": "/api/v1/messages"' in lines and '"error": "ValueError"' in lines
    assert not searching.holds(lines.encode(), PLANTED)


def test_a_database_that_is_newer_is_not_served(tmp_path: Path) -> None:
    settings = fresh("sqlite", tmp_path)
    engine = sa.create_engine(settings.sqlalchemy_url)
    with engine.begin() as tx:
        tx.execute(sa.text("UPDATE alembic_version SET version_num = 'from_the_future'"))
    engine.dispose()
    with TestClient(create_app(settings)) as client:
        assert client.get("/healthz").status_code == 200
        assert client.get("/readyz").status_code == 503
        assert say(client, "你好", "k1").status_code == 503
        assert client.get("/api/v1/conversation").json()["says"]


# --- the sweeps, on real talks ---


def test_a_floor_whose_time_is_over_goes_back_to_the_bot(client: TestClient, house: House) -> None:
    say(client, "你好", "k1")
    conversation, _ = conversation_of(client, house)
    until = (now() - timedelta(seconds=1)).isoformat()
    taken = {"lease": 1, "holder": "staff-1", "name": "小陈", "until": until}
    house.writer.system_and_wait(conversation, "floor_taken", taken, "take-1")
    assert client.get("/api/v1/conversation").json()["floor"] == {"name": "小陈"}
    sweep(house)
    page = client.get("/api/v1/conversation").json()
    assert page["floor"] is None and page["open"] is not None
    before = page["log"]
    sweep(house)
    assert client.get("/api/v1/conversation").json()["log"] == before


def test_a_call_that_nobody_answers_is_told_once(client: TestClient, house: House) -> None:
    say(client, "你好", "k1")
    say(client, "找人工", "k2")
    conversation, _ = conversation_of(client, house)
    with house.store.read() as tx:
        called = tx.execute(
            sa.text("SELECT called_at FROM conversation WHERE id = :id"), {"id": conversation}
        ).scalar_one()
    assert called is not None
    before = len(client.get("/api/v1/conversation").json()["log"])
    sweep(house)
    assert len(client.get("/api/v1/conversation").json()["log"]) == before
    with house.store.work() as tx:
        long_ago = now() - timedelta(minutes=house.settings.call_minutes + 1)
        tx.execute(
            sa.text("UPDATE conversation SET called_at = :at WHERE id = :id"),
            {"at": long_ago.replace(tzinfo=None).isoformat(" "), "id": conversation},
        )
    for _ in range(2):
        sweep(house)
    assert len(client.get("/api/v1/conversation").json()["log"]) == before + 1


def test_a_call_is_late_when_the_county_said_somebody_would_have_come(house: House) -> None:
    monday = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
    duty = (Duty(days=(1,), begins=time_of_day(9), ends=time_of_day(12)),)
    quick = Directory(county="511702", name="通川区", duty=duty, answer_minutes=1)
    told = replace(house, library=replace(house.library, directories={"511702": quick}))
    late = lambda county, at, after: _is_late(told, ("talk", at, county), at + timedelta(minutes=after))  # noqa: E731
    assert late("511702", monday, 2) and not late("511702", monday, 1)
    night = monday + timedelta(hours=12)
    assert not late("511702", night, 2) and not late("140728", monday, 2) and late("140728", monday, 11)


def test_what_happened_is_heard_once_even_when_its_job_runs_twice(client: TestClient, house: House) -> None:
    say(client, "你好", "k1")
    conversation, person = conversation_of(client, house)
    with house.store.work() as tx:
        key = house.store.keys.of(tx, person)
        told = happenings.tell(
            house.store.keys, tx, conversation, key, "photo_refused", {"photo_id": "x", "says": "请再拍一张。"}
        )
    for _ in range(2):
        jobs.run(house, happenings.TELL, told)
    log = client.get("/api/v1/conversation").json()["log"]
    assert [block["text"] for entry in log for block in entry["blocks"]].count("请再拍一张。") == 1
    with house.store.read() as tx:
        assert happenings.untold(house.store.keys, tx, told) is None


def test_what_is_older_than_the_table_says_goes(client: TestClient, house: House) -> None:
    say(client, "你好", "k1")
    conversation, person = conversation_of(client, house)
    keep = house.settings.retention
    long_ago = (now() - timedelta(days=keep.inbox + 1)).replace(tzinfo=None).isoformat(" ")
    with house.store.work() as tx:
        tx.execute(sa.text("UPDATE inbox SET at = :at WHERE person_id = :p"), {"at": long_ago, "p": person})
    retain(house)
    with house.store.read() as tx:
        inbox = tx.execute(sa.text("SELECT count(*) FROM inbox WHERE person_id = :p"), {"p": person}).scalar_one()
        log = tx.execute(
            sa.text("SELECT count(*) FROM transcript WHERE conversation_id = :c"), {"c": conversation}
        ).scalar_one()
    assert inbox == 0 and log > 0
    silent = (now() - timedelta(days=max(keep.transcript, keep.drafts) + 1)).replace(tzinfo=None).isoformat(" ")
    with house.store.work() as tx:
        tx.execute(sa.text("UPDATE conversation SET last_at = :at WHERE id = :c"), {"at": silent, "c": conversation})
    retain(house)
    assert client.get("/api/v1/conversation").json()["log"] == []


def test_a_draft_that_retention_took_is_said_to_be_gone(client: TestClient, house: House) -> None:
    for at, text in enumerate(("你好", "同意", "同意", "帮别人办")):
        page = say(client, text, f"k{at}").json()
    first = page["drafts"][0]["id"]
    with house.store.work() as tx:
        tx.execute(sa.text("DELETE FROM draft WHERE id = :id"), {"id": first})
        tx.execute(sa.text("UPDATE conversation SET draft_id = '' WHERE draft_id = :id"), {"id": first})
    back = client.post(
        "/api/v1/messages", json={"kind": "switch", "draft_id": first}, headers={"Idempotency-Key": "back"}
    )
    assert back.status_code == 200 and first not in [one["id"] for one in back.json()["drafts"]]


def count(house: House, table: str) -> int:
    with house.store.read() as tx:
        return int(tx.execute(sa.text(f"SELECT count(*) FROM {table}")).scalar_one())


def test_a_directory_that_was_saved_is_on_the_shelf_of_the_next_turn(client: TestClient, house: House) -> None:
    before = house.library
    seed_demo(house.store)
    with house.store.work() as tx:
        house.store.live.changed(tx, [CHANGED])
    until = time.monotonic() + 20
    while not house.writer.library.directories and time.monotonic() < until:
        client.get("/healthz")
        time.sleep(0.05)
    assert house.writer.library.directories and house.library is house.writer.library
    assert house.library.policy is before.policy and not before.directories
