"""After a whole talk on a served house, nothing that was said can be read in its logs, its files or any column.

The talk is the mother's, from hello through photos and signature to a clerk's reason; the server is a process of its own.
"""

from __future__ import annotations

import io
import signal
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy as sa
from fastapi.testclient import TestClient
from PIL import Image

from backend import jobs
from backend.app import create_app
from backend.jobs import House
from backend.storage import Storage, new_id, now
from backend.storage.schema import check
from tests import searching
from tests.databases import fresh
from tests.nursery import Server
from tests.talks.runner import spelled_out, talks

TALK = "a mother at night"
REASON = "社保卡上的名字看不清楚"
PLANTED = [
    "周小宝",
    "周桂兰",
    "990101201703050015",
    "13900000002",
    "达州市通川区甲乙街道丙丁社区2号",
    "甲乙街道丙丁社区",
    "在照片里写的字",
    REASON,
]
CLERK = {"name": "chenyu", "password": "demo-tongchuan-window"}


class Phone:
    """Somebody at the JSON API, as the phone page is."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client
        self.open: dict[str, Any] = {}
        client.get("/api/v1/conversation").raise_for_status()

    def send(self, **body: Any) -> dict[str, Any]:
        answer = self.client.post("/api/v1/messages", json=body, headers={"Idempotency-Key": new_id()})
        answer.raise_for_status()
        told: dict[str, Any] = answer.json()
        self.open = told["open"] or {}
        return told

    def say(self, text: Any, move: dict[str, Any]) -> None:
        self.send(kind="text", text=str(text))

    def tap(self, label: Any, move: dict[str, Any]) -> None:
        labels = label if isinstance(label, list) else [label]
        values = [next(o["value"] for o in self.open["options"] if one in o["label"]) for one in labels]
        several = self.open["input"] == "choices"
        self.send(kind="answer", question=self.open["question"], value=values if several else values[0])

    def fill(self, value: Any, move: dict[str, Any]) -> None:
        self.send(kind="answer", question=self.open["question"], value=str(value))

    def photo(self, count: int, move: dict[str, Any]) -> None:
        files = [{"file": (f"{PLANTED[0]}.jpg", picture(number), "image/jpeg")} for number in range(count)]
        kept = [self.client.post("/api/v1/photos", files=file, headers={"Idempotency-Key": new_id()}) for file in files]
        self.send(kind="photo", question=self.open["question"], photo_ids=[one.json()["photo_id"] for one in kept])

    def sign(self, way: str, move: dict[str, Any]) -> None:
        value = {"way": "typed", "name": self.open["text"].split("“")[1].split("”")[0]}
        self.send(kind="answer", question=self.open["question"], value=value)


def picture(number: int) -> bytes:
    """A different picture each time, with something personal in what a camera writes beside it."""
    made = Image.new("RGB", (640, 480), (40 * number, 120, 200))
    exif = made.getexif()
    exif[0x010E] = PLANTED[6]
    out = io.BytesIO()
    made.save(out, "JPEG", exif=exif)
    return out.getvalue()


def the_clerk_returns_it(base: str) -> None:
    """A clerk signs in, finds the application by the whole identity number, looks, and sends it back with a reason."""
    with httpx.Client(base_url=f"{base}/api/v1/staff", headers={"X-Requested-With": "yijianshi"}, timeout=30) as staff:
        staff.post("/login", json=CLERK).raise_for_status()
        found = staff.post("/applications/search", json={"q": PLANTED[2]}).json()
        rows = found["rows"] if isinstance(found, dict) else found
        case = staff.get(f"/applications/{rows[0]['id']}").json()["cases"][0]
        body = {"materials": ["social_card"], "reason": REASON}
        staff.post(f"/cases/{case['id']}/return", json=body).raise_for_status()


def test_nothing_that_was_said_can_be_read_afterwards(tmp_path: Path) -> None:
    settings = fresh("sqlite", tmp_path)
    seed(settings)
    moves = next(one for name, one in talks() if TALK in name)["talk"]
    with Server(settings, log=tmp_path / "server.log") as server:
        with httpx.Client(base_url=server.url, timeout=30) as client:
            phone = Phone(client)
            for move in spelled_out(moves):
                action = next(name for name in ("say", "tap", "fill", "photo", "sign") if name in move)
                getattr(phone, action)(move[action], move)
            assert phone.open["state"] == "progress/following"
            the_clerk_returns_it(server.url)
            until = time.monotonic() + 60
            while REASON not in client.get("/api/v1/conversation").text:
                assert time.monotonic() < until, "the reason did not reach the applicant"
                time.sleep(0.2)
        server.end(signal.SIGTERM)
    store = Storage.open(settings)
    check(store)
    assert searching.in_database(store, PLANTED) == []
    store.close()
    assert searching.in_files(tmp_path, PLANTED) == []


def test_when_the_time_of_an_application_is_over_nothing_of_its_person_is_left(tmp_path: Path) -> None:
    """Five years after its end the application goes, and with it the draft, the pictures, their files and the person's key."""
    settings = fresh("sqlite", tmp_path)
    seed(settings)
    moves = next(one for name, one in talks() if TALK in name)["talk"]
    with TestClient(create_app(settings), base_url="https://testserver") as client:
        phone, house = Phone(client), client.app.state.house  # type: ignore[attr-defined]
        for move in spelled_out(moves):
            action = next(name for name in ("say", "tap", "fill", "photo", "sign") if name in move)
            getattr(phone, action)(move[action], move)
        jobs.drain(house)
        assert pictures_of(tmp_path)
        with house.store.read() as tx:
            people = set(tx.execute(sa.text("SELECT id FROM person")).scalars())
        age(house)
        for name in ("applications.forget_old", "photos.sweep", "conversations.retain", "photos.sweep"):
            jobs.run(house, name)
            jobs.drain(house)
        with house.store.read() as tx:
            left = {table: tx.execute(sa.text(f"SELECT count(*) FROM {table}")).scalar_one() for table in OF_A_PERSON}
            keys = set(tx.execute(sa.text("SELECT person_id FROM person_key")).scalars())
        assert left == dict.fromkeys(OF_A_PERSON, 0)
        assert keys and not keys & people
    assert not pictures_of(tmp_path)


OF_A_PERSON = ("person", "draft", "conversation", "transcript", "application", "photo", "picture")


def pictures_of(folder: Path) -> list[Path]:
    return [path for path in (folder / "data" / "blobs").rglob("*") if path.is_file()]


def age(house: House) -> None:
    """Everything ended, and was last touched, longer ago than anything is kept."""
    long_ago = (now() - timedelta(days=house.settings.retention.applications + 1)).replace(tzinfo=None).isoformat(" ")
    with house.store.work() as tx:
        for table, column in (
            ("application", "ended_at"),
            ("draft", "updated_at"),
            ("conversation", "last_at"),
            ("photo", "at"),
            ("photo", "placed_at"),
            ("picture", "at"),
        ):
            tx.execute(sa.text(f"UPDATE {table} SET {column} = :at"), {"at": long_ago})


def seed(settings: Any) -> None:
    """The demo's staff and county, as `make run` makes them."""
    from backend.staff.service import seed_demo

    store = Storage.open(settings)
    seed_demo(store)
    store.close()
