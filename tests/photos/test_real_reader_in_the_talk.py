"""The whole way with nothing left out: a photographed paper, the reading processes, the durable engine, the talk that goes on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from backend.app import create_app
from backend.photos import service
from tests.browser.serving import serving
from tests.databases import fresh
from tests.photos import pictures
from tests.photos.papers import photographed
from tests.photos.test_in_the_talk import log
from tests.scale import sized
from tests.staff.world import IN_THE_FORM, Applicant, Office
from tests.talks.runner import spelled_out

pytestmark = pytest.mark.proof
PAPERS = sized(("id_front",), ("id_front", "id_back", "household_first", "household_own", "social_security_card"))
SEED, SECONDS = 1_009_001, 120


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    app = create_app(fresh("sqlite", tmp_path_factory.mktemp("real"), read_photos=True))
    with serving(app):
        yield Office(app.state.house, app)


def filled_in(says: dict[str, str]) -> list[dict[str, Any]]:
    """The talk up to the papers, of somebody who is called what the paper says."""
    told = {"李小满": says["name"], "990101198801010039": says["id_number"]}
    moves = spelled_out(IN_THE_FORM)
    return [{**move, "fill": told.get(move["fill"], move["fill"])} if "fill" in move else move for move in moves]


def heard(person: Applicant, *pieces: str) -> str:
    """What the person has read, once one of these has come."""
    until = time.monotonic() + SECONDS
    while not any(piece in (text := log(person)) for piece in pieces):
        assert time.monotonic() < until, f"none of {pieces} came: {text[-400:]}"
        time.sleep(0.2)
    return text


def hand_in(person: Applicant, *pictures: bytes) -> None:
    store = person.office.house.store
    ids = tuple(service.take(store, person.person_id, one).photo_id for one in pictures)
    person.send("photo", question=person.shown["open"]["question"], photo_ids=ids)


def test_a_photographed_card_is_read_and_agrees_with_what_was_written(office: Office) -> None:
    card = photographed("id_front", "easy", SEED)
    person = office.applicant(filled_in(card.says))
    hand_in(person, card.jpeg)
    assert "“身份证头像面”看清了" in heard(person, "看清了", "用不了", "收好了")
    assert person.shown["open"]["question"] == "photo:id_card_back"


def test_the_card_of_somebody_else_is_asked_about(office: Office) -> None:
    person = office.applicant(IN_THE_FORM)
    hand_in(person, photographed("id_front", "easy", SEED).jpeg)
    assert "这是谁的" in heard(person, "这是谁的", "看清了", "用不了")


def test_a_picture_of_nothing_is_asked_for_again(office: Office) -> None:
    person = office.applicant(IN_THE_FORM)
    hand_in(person, pictures.jpeg(3))
    heard(person, "用不了")
    assert person.shown["open"]["question"] == "photo:id_card_front" and person.shown["open"]["picture"]


def test_papers_in_any_order_find_their_places(office: Office) -> None:
    card = photographed("id_front", "easy", SEED)
    person = office.applicant(filled_in(card.says))
    others = [photographed(kind, "easy", SEED).jpeg for kind in PAPERS if kind != "id_front"]
    hand_in(person, *others, card.jpeg)
    assert "看清了" in heard(person, "看清了", "用不了", "收好了")
    with office.house.store.read() as tx:
        draft_id = person.shown["drafts"][0]["id"]
        placed = [one.material for one in service.of_draft(tx, draft_id)]
    assert "id_card_front" in placed
