"""Pictures that lie with WeChat: fetched until they are there or cannot be had any more, and the conversation hears which."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from backend import jobs
from backend.jobs import House
from backend.people import happenings
from backend.photos import pool, service
from backend.photos import store as rows
from backend.photos.models import Photo
from backend.photos.wording import Refused
from backend.settings import Settings
from backend.storage import Storage, new_id, now
from bot.simulators.wechat.app import create
from bot.simulators.wechat.faults import Faults
from bot.simulators.wechat.world import World
from bot.wechat.client import HardenedClient
from dialogs.messages import ForgetDraft, PlacePhotos
from tests.browser.serving import serving
from tests.databases import KINDS, fresh
from tests.photos import pictures
from tests.photos.conftest import People
from tests.photos.test_keeping import effect

Told = tuple[str, dict[str, str]]


@pytest.fixture
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """SQLite, unless a test asks for both."""
    return fresh(getattr(request, "param", "sqlite"), tmp_path)


on_both = pytest.mark.parametrize("settings", KINDS, indirect=True)


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def faults(world: World, house: House) -> Iterator[Faults]:
    """WeChat on this machine, and the house's own client to it as the door "wechat_oa"."""
    app = create(world, "http://127.0.0.1:8399")
    with serving(app) as address:
        account = world.accounts["oa"]
        house.doors["wechat_oa"] = HardenedClient(account.app_id, account.secret, base_url=address)
        yield app.state.faults


@pytest.fixture
def person(people: People) -> str:
    return people.new(app="wechat_oa")


def send(house: House, world: World, person_id: str, data: bytes, draft_id: str = "", part: str = "photo") -> str:
    """A person sends a picture in WeChat and the turn says where it belongs; nothing is fetched yet."""
    photo_id = new_id()
    media = {photo_id: world.keep_media("oa", "image", data, "image/jpeg")}
    effect(house.store, person_id, PlacePhotos((photo_id,), draft_id or new_id(), part, media=media))
    return photo_id


def told(store: Storage) -> list[Told]:
    with store.read() as tx:
        ids = tx.execute(sa.text("SELECT id FROM happening ORDER BY id")).scalars().all()
        found = [happenings.untold(store.keys, tx, one) for one in ids]
    return [(one.event, dict(one.data)) for one in found if one]


def fetch(house: House, photo_id: str) -> None:
    jobs.run(house, "photos.fetch", photo_id)


def state(store: Storage, photo_id: str) -> str:
    with store.read() as tx:
        photo = rows.photo(tx, photo_id)
    return photo.state if photo else "no row"


@on_both
def test_a_picture_sent_in_wechat_is_fetched_and_kept_and_the_talk_hears_of_it(
    house: House, world: World, faults: Faults, person: str
) -> None:
    photo_id = send(house, world, person, pictures.photographed_sideways(), part="disability_card")
    with pytest.raises(Refused, match="not_found"):
        service.own_picture(house.store, person, photo_id)
    fetch(house, photo_id)
    assert service.own_picture(house.store, person, photo_id)
    ((event, data),) = told(house.store)
    assert event == "photo_kept" and (data["photo_id"], data["material"]) == (photo_id, "disability_card")


def test_fetching_twice_keeps_once_and_tells_once(house: House, world: World, faults: Faults, person: str) -> None:
    photo_id = send(house, world, person, pictures.jpeg())
    fetch(house, photo_id)
    calls = len(world.calls)
    fetch(house, photo_id)
    assert len(told(house.store)) == 1 and len(world.calls) == calls


def test_nine_pictures_sent_together_stay_in_their_order(
    house: House, world: World, faults: Faults, person: str, people: People
) -> None:
    draft_id = people.draft(person)
    sent = [send(house, world, person, pictures.jpeg(seed), draft_id) for seed in range(9)]
    for photo_id in reversed(sent):
        fetch(house, photo_id)
    with house.store.read() as tx:
        assert [one.photo_id for one in service.of_draft(tx, draft_id)] == sent
    assert len(told(house.store)) == 9


@on_both
def test_the_same_picture_sent_twice_is_kept_once(
    house: House, world: World, faults: Faults, person: str, files_kept: Callable[[], list[Path]]
) -> None:
    for photo_id in [send(house, world, person, pictures.jpeg()) for _ in range(2)]:
        fetch(house, photo_id)
        assert service.own_picture(house.store, person, photo_id)
    assert len(files_kept()) == 3


@pytest.mark.parametrize(
    "fault", ["busy", "http_500", "http_502", "truncated", "html", "json_like_media", "daily_quota"]
)
def test_what_may_pass_is_tried_again_and_nobody_is_troubled(
    fault: str, house: House, world: World, faults: Faults, person: str
) -> None:
    photo_id = send(house, world, person, pictures.jpeg())
    faults.switch(fault, "/cgi-bin/media/get")
    fetch(house, photo_id)
    assert state(house.store, photo_id) == "fetching" and told(house.store) == []
    fetch(house, photo_id)
    assert state(house.store, photo_id) == "kept" and [event for event, _ in told(house.store)] == ["photo_kept"]


def test_a_picture_that_wechat_no_longer_has_is_asked_for_again(
    house: House, world: World, faults: Faults, person: str
) -> None:
    photo_id = send(house, world, person, pictures.jpeg())
    faults.switch("media_gone", "/cgi-bin/media/get", times=-1)
    fetch(house, photo_id)
    ((event, data),) = told(house.store)
    assert event == "photo_refused" and data["photo_id"] == photo_id and "再发一次" in data["says"]
    fetch(house, photo_id)
    assert len(told(house.store)) == 1


def test_a_bad_file_from_wechat_is_refused_with_what_to_do(
    house: House, world: World, faults: Faults, person: str, files_kept: Callable[[], list[Path]]
) -> None:
    for data in (pictures.zipped(), pictures.jpeg()[:-9000], pictures.png_claiming(30_000, 30_000)):
        photo_id = send(house, world, person, data)
        fetch(house, photo_id)
        assert state(house.store, photo_id) == "refused"
    assert {event for event, _ in told(house.store)} == {"photo_refused"} and files_kept() == []
    assert all(data["says"].endswith("。") for _, data in told(house.store))


def test_a_picture_that_takes_too_long_is_tried_again_before_it_is_refused(
    house: House, world: World, faults: Faults, person: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The machine may have been busy; only the third time it is the picture."""
    monkeypatch.setattr(pool.shared(), "_seconds", 1.0)
    photo_id = send(house, world, person, pictures.busy_pdf())
    for _ in range(2):
        fetch(house, photo_id)
        assert state(house.store, photo_id) == "fetching" and told(house.store) == []
    fetch(house, photo_id)
    assert state(house.store, photo_id) == "refused" and len(told(house.store)) == 1


def test_an_error_dressed_as_a_picture_is_never_stored(
    house: House, world: World, faults: Faults, person: str, files_kept: Callable[[], list[Path]]
) -> None:
    photo_id = send(house, world, person, pictures.jpeg())
    faults.switch("json_like_media", "/cgi-bin/media/get", times=-1)
    for _ in range(3):
        fetch(house, photo_id)
    assert files_kept() == [] and state(house.store, photo_id) == "fetching"


def test_after_three_days_the_person_is_asked_to_send_it_again(
    house: House, world: World, faults: Faults, person: str
) -> None:
    photo_id = send(house, world, person, pictures.jpeg())
    faults.switch("busy", "/cgi-bin/media/get", times=-1)
    fetch(house, photo_id)
    with house.store.work() as tx:
        photo = tx.get_one(Photo, photo_id)
        assert photo.until is not None and photo.until - photo.at == timedelta(days=3)
        photo.until = now() - timedelta(seconds=1)
    fetch(house, photo_id)
    ((event, data),) = told(house.store)
    assert event == "photo_refused" and "过期" in data["says"]


def test_what_has_not_moved_is_started_again(house: House, world: World, faults: Faults, person: str) -> None:
    """The process died between the row and the fetch: the engine's job is gone, the row is there."""
    photo_id = send(house, world, person, pictures.jpeg())
    with house.store.turn() as tx:
        tx.execute(sa.text("DELETE FROM workflow_status"))
    jobs.run(house, "photos.sweep_fetching")
    assert state(house.store, photo_id) == "fetching"  # it may still be at work
    with house.store.work() as tx:
        tx.get_one(Photo, photo_id).due_at = now() - timedelta(minutes=house.settings.stuck_minutes + 1)
    jobs.run(house, "photos.sweep_fetching")
    while_waiting = [name for _, name, _ in jobs._waiting(house.store, late=True)]
    assert while_waiting == ["photos.fetch"]
    fetch(house, photo_id)
    assert state(house.store, photo_id) == "kept"


def test_a_shut_door_is_only_a_later_try(house: House, world: World, faults: Faults, person: str) -> None:
    photo_id = send(house, world, person, pictures.jpeg())
    door = house.doors.pop("wechat_oa")
    fetch(house, photo_id)
    assert state(house.store, photo_id) == "fetching" and told(house.store) == []
    house.doors["wechat_oa"] = door
    fetch(house, photo_id)
    assert state(house.store, photo_id) == "kept"


@on_both
def test_a_draft_forgotten_while_its_picture_is_on_the_way_keeps_nothing(
    house: House, world: World, faults: Faults, person: str, people: People, files_kept: Callable[[], list[Path]]
) -> None:
    draft_id = people.draft(person)
    photo_id = send(house, world, person, pictures.jpeg(), draft_id)
    effect(house.store, person, ForgetDraft(draft_id))
    jobs.run(house, "photos.forget", draft_id, person)
    fetch(house, photo_id)
    assert state(house.store, photo_id) == "no row" and files_kept() == [] and told(house.store) == []


def test_the_media_id_is_sealed_and_gone_once_the_picture_is_here(
    house: House, world: World, faults: Faults, person: str
) -> None:
    photo_id = send(house, world, person, pictures.jpeg())
    (media_id,) = world.media

    def written() -> bytes:
        with house.store.read() as tx:
            photo = tx.get_one(Photo, photo_id)
            jobs_too = str(jobs._waiting(house.store, late=True))
        return (photo.sealed_media or b"") + str(photo).encode() + jobs_too.encode()

    assert media_id.encode() not in written() and photo_id.encode() in written()
    fetch(house, photo_id)
    with house.store.read() as tx:
        assert tx.get_one(Photo, photo_id).sealed_media is None
