"""The door for pictures over HTTP: who may come in, what is said to who may not, and that many at once are all served."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from backend import web
from backend.jobs import House
from backend.people.effects import Wanted, carry_out
from backend.people.identity import COOKIE, Doorman
from backend.photos import routes, service
from backend.settings import Settings
from backend.storage import Storage, new_id, now
from dialogs.messages import PlacePhotos
from tests.browser.serving import serving
from tests.databases import fresh
from tests.photos import pictures
from tests.photos.conftest import People, conversation_of
from tests.scale import sized

CROWD, EACH = sized((6, 9), (50, 9))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return fresh("sqlite", tmp_path)


@pytest.fixture
def address(house: House) -> Iterator[str]:
    """The room's own routes in a server of their own, with the manners of the house around them."""
    app = FastAPI()
    web.teach(app)
    app.state.house = house
    app.state.doorman = Doorman.of(house.settings)
    app.include_router(routes.router)
    with serving(app) as address:
        yield address


class Phone:
    """One person's browser."""

    def __init__(self, address: str, people: People, *, state: str = "photos/asking") -> None:
        self.token = secrets.token_urlsafe(32)
        self.person_id = people.new(token=self.token, state=state)
        self._client = httpx.Client(base_url=address, cookies={COOKIE: self.token}, timeout=60, trust_env=False)
        self.get(f"/api/v1/photos/{new_id()}/preview")  # the doorman has seen this person before

    def hand_in(self, data: bytes, name: str = "photo.jpg", field: str = "file") -> httpx.Response:
        return self._client.post("/api/v1/photos", files={field: (name, data, "image/jpeg")})

    def get(self, path: str) -> httpx.Response:
        return self._client.get(path)

    def post(self, **how: object) -> httpx.Response:
        return self._client.post("/api/v1/photos", **how)


@pytest.fixture
def phone(address: str, people: People) -> Phone:
    return Phone(address, people)


def problem(answer: httpx.Response) -> tuple[int, str]:
    body = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert body["status"] == answer.status_code and body["says"].endswith("。")
    return answer.status_code, body["code"]


def test_a_picture_handed_in_can_be_looked_at(phone: Phone) -> None:
    answer = phone.hand_in(pictures.jpeg())
    assert answer.status_code == 201
    body = answer.json()
    assert body == {"photo_id": body["photo_id"], "preview": f"/api/v1/photos/{body['photo_id']}/preview"}
    shown = phone.get(body["preview"])
    assert shown.headers["content-type"] == "image/jpeg" and "no-store" in shown.headers["cache-control"]
    assert shown.content.startswith(b"\xff\xd8\xff")
    assert phone.hand_in(pictures.jpeg()).json() == body


def test_a_document_says_that_only_its_first_page_was_kept(phone: Phone) -> None:
    assert "只留了第1页" in phone.hand_in(pictures.pdf(3), "a.pdf").json()["says"]


def test_nobody_sees_the_picture_of_somebody_else(phone: Phone, address: str, people: People) -> None:
    photo_id = phone.hand_in(pictures.jpeg()).json()["photo_id"]
    stranger = Phone(address, people)
    for path in (f"/api/v1/photos/{photo_id}/preview", f"/api/v1/photos/{photo_id}/full"):
        assert problem(stranger.get(path)) == (404, "not_found")
        assert httpx.get(address + path, trust_env=False).status_code == 404
    assert problem(phone.get(f"/api/v1/photos/{new_id()}/preview")) == (404, "not_found")
    assert phone.get(f"/api/v1/photos/{'x' * 5000}/preview").status_code == 422
    assert phone.get("/api/v1/photos/..%2f..%2fyijianshi.db/preview").status_code == 404


def test_whoever_has_not_agreed_is_asked_to_agree_first(address: str, people: People) -> None:
    unsure = Phone(address, people, state="consent/sensitive")
    assert problem(unsure.hand_in(pictures.jpeg())) == (403, "consent_first")
    unknown = httpx.post(f"{address}/api/v1/photos", files={"file": ("a.jpg", pictures.jpeg())}, trust_env=False)
    assert problem(unknown) == (403, "consent_first")


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (lambda: pictures.zipped(), (400, "bad_file")),
        (lambda: pictures.png_claiming(30_000, 30_000), (413, "too_big")),
        (lambda: pictures.jpeg()[:-9000], (400, "bad_file")),
        (lambda: b"", (400, "bad_file")),
        (lambda: b"\xff\xd8\xff" + b"\x00" * (10 * 1024 * 1024), (413, "too_big")),
        (lambda: b"\xff\xd8\xff" + b"\x00" * (40 * 1024 * 1024), (413, "too_big")),
    ],
    ids=["zip", "bomb", "truncated", "empty", "a little too big", "far too big"],
)
def test_a_bad_file_gets_a_plain_sentence(phone: Phone, made: Callable[[], bytes], told: tuple[int, str]) -> None:
    try:
        assert problem(phone.hand_in(made())) == told
    except httpx.WriteError:  # far too big: the server need not hear it to the end
        assert len(made()) > 20_000_000
    assert phone.hand_in(pictures.jpeg()).status_code == 201


def test_a_body_that_is_no_upload_gets_a_plain_sentence(phone: Phone) -> None:
    bad = (400, "bad_file")
    assert problem(phone.hand_in(pictures.jpeg(), field="other")) == bad
    assert problem(phone.post(json={"file": "x"})) == bad
    assert problem(phone.post(data={"file": "x"})) == bad
    assert problem(phone.post(content=b"--x\r\nnot multipart", headers={"content-type": "multipart/form-data"})) == bad
    two = [("file", ("a.jpg", pictures.jpeg())), ("file", ("b.jpg", pictures.jpeg(1)))]
    assert problem(phone.post(files=two)) == bad


def test_a_body_without_a_length_is_counted(phone: Phone) -> None:
    def endless() -> Iterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'
        for _ in range(300):
            yield b"\x00" * 100_000

    try:
        answer = phone.post(content=endless(), headers={"content-type": "multipart/form-data; boundary=b"})
    except httpx.WriteError:
        return
    assert problem(answer) == (413, "too_big")


def test_whoever_sends_without_end_is_asked_to_wait(phone: Phone) -> None:
    with ThreadPoolExecutor(8) as pool:  # within the minute on a busy machine too
        answers = {problem(one) for one in pool.map(phone.hand_in, [b"no picture"] * (2 * routes.PER_MINUTE))}
    assert answers == {(400, "bad_file"), (429, "too_many")}


@pytest.mark.proof
def test_a_crowd_with_nine_photos_each_at_once_is_served_whole_and_in_order(
    address: str, people: People, store: Storage
) -> None:
    phones = [Phone(address, people) for _ in range(CROWD)]
    drafts = [people.draft(phone.person_id) for phone in phones]

    async def one(client: httpx.AsyncClient, seed: int) -> str:
        answer = await client.post("/api/v1/photos", files={"file": ("a.jpg", pictures.jpeg(seed, 640, 480))})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["photo_id"])

    async def nine(phone: Phone, number: int) -> list[str]:
        async with httpx.AsyncClient(
            base_url=address, cookies={COOKIE: phone.token}, timeout=300, trust_env=False
        ) as client:
            return await asyncio.gather(*(one(client, number * 100 + at) for at in range(EACH)))

    async def crowd() -> list[list[str]]:
        return await asyncio.gather(*(nine(phone, number) for number, phone in enumerate(phones)))

    Path("/proc/self/clear_refs").write_text(
        "5"
    )  # the peak is counted from here: other tests came before in this process
    before = kilobytes("VmRSS")
    handed_in = asyncio.run(crowd())
    with store.turn() as tx:
        for phone, draft_id, photo_ids in zip(phones, drafts, handed_in, strict=True):
            key = store.keys.of(tx, phone.person_id)
            effect = PlacePhotos(tuple(photo_ids), draft_id, "photo")
            carry_out(tx, store, [Wanted(phone.person_id, conversation_of(phone.person_id), effect, now(), key)])
    assert len({photo_id for ids in handed_in for photo_id in ids}) == CROWD * EACH
    for phone, draft_id, photo_ids in zip(phones, drafts, handed_in, strict=True):
        with store.read() as tx:
            assert [one.photo_id for one in service.of_draft(tx, draft_id)] == photo_ids
        for photo_id in photo_ids:
            assert service.own_picture(store, phone.person_id, photo_id, "full")
    assert kilobytes("VmHWM") - before < 450_000  # of server and crowd together; a served house begins with 150 MB


def kilobytes(name: str) -> int:
    """A line of this process's memory as Linux counts it."""
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


def test_the_log_says_nothing_of_a_picture_or_its_owner(
    phone: Phone, caplog: pytest.LogCaptureFixture, settings: Settings
) -> None:
    caplog.set_level(logging.DEBUG)  # of the root: everything is looked at
    photo_id = phone.hand_in(pictures.photographed_sideways(), name="测试人甲的身份证.jpg").json()["photo_id"]
    phone.hand_in(pictures.jpeg()[:-9000], name="测试人甲的身份证.jpg")
    phone.get(f"/api/v1/photos/{photo_id}/preview")
    # as `web.configure_logs` lets them through: our own words, and what libraries say from warning on
    ours = [
        r for r in caplog.records if r.levelno >= logging.WARNING or r.name.startswith(("backend", "bot", "dialogs"))
    ]
    written = " ".join(str(record.__dict__) for record in ours)
    for personal in ("测试人甲", "身份证", phone.person_id, phone.token, "990101"):
        assert personal not in written
    names = " ".join(str(path) for path in settings.data_dir.rglob("*"))
    assert "身份证" not in names and phone.person_id not in names
