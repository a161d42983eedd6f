"""A small office for the tests of the console: real storage, real writer, the real talk, invented people of two counties.

Applicants speak through the writer as the phone page does; staff come through the HTTP API with their own cookies. Nothing is
put into a table by hand.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

from fastapi import FastAPI
from fastapi.testclient import TestClient
from PIL import Image, ImageDraw

import backend.applications.jobs
import backend.applications.submission
import backend.conversations.jobs
import backend.conversations.service
import backend.staff.jobs  # noqa: F401
from backend import jobs
from backend.conversations.writer import Writer
from backend.jobs import House
from backend.photos import service as photos
from backend.settings import Settings
from backend.staff import passwords, service
from backend.staff.routes import router
from backend.storage import Storage, new_id, now
from backend.web import teach
from dialogs.messages import Message
from dialogs.talk import step
from tests.talks.runner import library, spelled_out

HERE, ELSEWHERE = "511702", "140728"
NAME, IDENTITY, PHONE, STREET = "李小满", "990101198801010039", "13900000001", "达州市通川区甲乙街道丙丁社区1号"
PLANTED = (NAME, IDENTITY, PHONE, STREET)
PASSWORDS = {one.name: one.password for one in service.DEMO} | {"admin": "only-for-this-test"}
HEADER = {"X-Requested-With": "yijianshi"}


@dataclass
class Applicant:
    """Somebody at the phone page. `answer` is what the office said last."""

    office: Office
    door: str
    shown: dict[str, Any] = field(default_factory=dict)
    person_id: str = ""
    id: str = ""

    def send(self, kind: str, **parts: Any) -> dict[str, Any]:
        message = Message(id=new_id(), kind=kind, at=now(), channel="web", **parts)  # type: ignore[arg-type]
        answer = self.office.house.writer.say_and_wait("web", self.door, message)
        self.shown, self.person_id, self.id = answer.shown, answer.person_id, answer.conversation_id
        return self.shown

    def say(self, text: str) -> dict[str, Any]:
        return self.send("text", text=text)

    def tap(self, label: Any) -> dict[str, Any]:
        ask = self.shown["open"]
        values = [self._value(ask, one) for one in (label if isinstance(label, list) else [label])]
        return self.fill(values if ask["input"] == "choices" else values[0])

    def fill(self, value: Any) -> dict[str, Any]:
        return self.send("answer", question=self.shown["open"]["question"], value=value)

    def photo(self, count: int) -> dict[str, Any]:
        ids = tuple(photos.take(self.office.house.store, self.person_id, picture()).photo_id for _ in range(count))
        return self.send("photo", question=self.shown["open"]["question"], photo_ids=ids)

    def sign(self, way: str) -> dict[str, Any]:
        return self.fill({"way": way, "name": NAME})

    def play(self, moves: list[dict[str, Any]]) -> Applicant:
        for move in spelled_out(moves):
            action = next(name for name in ("say", "tap", "fill", "photo", "sign") if name in move)
            getattr(self, action)(move[action])
        return self

    def _value(self, ask: dict[str, Any], label: str) -> Any:
        exact = [one["value"] for one in ask["options"] if one["label"] == label]
        found = exact or [one["value"] for one in ask["options"] if label in one["label"]]
        assert found, f"{label} is not offered by {ask['question']}"
        return found[0]


AT_HOME: list[dict[str, Any]] = [{"opening": "self"}]
IN_THE_FORM: list[dict[str, Any]] = [
    *AT_HOME, {"tap": "有"}, {"tap": "不是"}, {"tap": "都没有"}, {"tap": "一级"}, {"tap": "都不是"},
    {"tap": ["重度残疾人护理补贴"]}, {"opening": "form_adult"},
]  # fmt: skip
SUBMITTED: list[dict[str, Any]] = [
    *IN_THE_FORM, {"photo": 2}, {"photo": 1}, {"photo": 1}, {"tap": "到窗口再交"}, {"tap": "都对"}, {"tap": "我承诺"},
    {"sign": "typed"}, {"tap": "交上去"},
]  # fmt: skip
OUTSIDE: list[dict[str, Any]] = [{"opening": "consent"}, {"tap": "给我自己"}, {"fill": ELSEWHERE}]


@dataclass
class Office:
    """The house with its staff, and the app that serves the console's API."""

    house: House
    app: FastAPI

    def applicant(self, moves: list[dict[str, Any]] | None = None) -> Applicant:
        return Applicant(self, new_id()).play(moves or [])

    def staff(self, name: str = "chenyu") -> TestClient:
        """Somebody of the staff, signed in."""
        client = TestClient(self.app, headers=HEADER)
        answer = client.post("/api/v1/staff/login", json={"name": name, "password": PASSWORDS[name]})
        assert answer.status_code == 200, answer.text
        client.headers["Idempotency-Key"] = new_id()
        return client

    def stranger(self) -> TestClient:
        return TestClient(self.app, headers=HEADER)

    def catch_up(self) -> None:
        """Run the background work that waits: people hear what the office has done."""
        jobs.drain(self.house)


def employ(store: Storage) -> None:
    """The demo's accounts and one administrator. Everybody signs in again and again: their passwords are sealed at little cost,
    and a sealed one says itself what opening it takes."""
    with patch.multiple(passwords, _MEMORY_KIB=64, _PASSES=1):
        service.seed_demo(store)
        service.add_account(store, "admin", "管理员", "admin", [], PASSWORDS["admin"])


@contextmanager
def office(settings: Settings) -> Iterator[Office]:
    """An office on a fresh database in which `employ` has been."""
    store = Storage.open(settings)
    house = House(settings, store, library(), Writer(store, library(), step))
    house.writer.start()
    app = FastAPI()
    app.state.house = house
    app.include_router(router)
    teach(app)
    try:
        yield Office(house, app)
    finally:
        house.writer.stop()
        store.close()


def picture() -> bytes:
    """A different picture each time, as a phone would send it."""
    made = Image.new("RGB", (640, 400), "#e8efe6")
    ImageDraw.Draw(made).text((40, 180), f"{new_id()}", fill="#203020")
    out = io.BytesIO()
    made.save(out, "JPEG")
    return out.getvalue()


def run_one(office: Office, name: str, *args: str) -> None:
    jobs.run(office.house, name, *args)
