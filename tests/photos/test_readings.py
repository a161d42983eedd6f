"""A photo that has a place is read once into the talk, whatever dies in between; what it says is sealed and goes with the draft.

What the reader finds is known by heart here: the pictures' colours say it. The reader itself has tests of its own.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from PIL import Image
from prometheus_client import REGISTRY

from backend import jobs
from backend.jobs import House
from backend.library import load_library
from backend.people import happenings
from backend.photos import readings, service
from backend.photos import store as rows
from backend.photos.intake import LONGEST
from backend.photos.models import Photo
from backend.photos.reader import Reader
from backend.photos.reading import Box, Portrait, Problem, ReadField, ReadPhoto, Unreadable, material_for
from backend.photos.reading.papers import papers
from backend.photos.reading.result import KINDS
from backend.settings import Settings
from backend.storage import Storage, now
from dialogs.messages import ForgetDraft, LookAt, PlacePhotos
from tests import searching
from tests.databases import KINDS as DATABASES
from tests.databases import fresh
from tests.photos import pictures
from tests.photos.conftest import People
from tests.photos.test_keeping import effect

NAME, NUMBER = "李小满", "990101198801010039"
CARD = ReadPhoto(
    kind="id_front",
    score=0.99,
    fields=(ReadField("name", NAME, False, 0.98, (2,)), ReadField("id_number", NUMBER, True, 0.99)),
    readable=True,
    masks=(Box(0.5, 0.0, 0.5, 1.0),),
)
BLURRED = ReadPhoto(kind="unknown", score=0, problems=(Problem("blur"),))
FACE = ReadPhoto(
    kind="portrait",
    score=0.9,
    readable=True,
    portrait=Portrait(1, Box(0.4, 0.2, 0.2, 0.3), Box(0.25, 0.1, 0.5, 0.8), 413, 579, 0.9, 80.0),
)


class ByHeart:
    """A pool that knows every picture: all of them are `found`, or it breaks as `breaks` says. `reads` counts."""

    def __init__(self, found: ReadPhoto = CARD, breaks: str = "", ready: bool = True) -> None:
        self.found, self.breaks, self._ready = found, breaks, ready
        self.asked: list[tuple[str | None, str | None]] = []
        self.closed = threading.Event()

    def start(self) -> None:
        return

    def ready(self) -> bool:
        return self._ready

    async def read(self, picture: bytes, expected: str | None = None, region: str | None = None) -> ReadPhoto:
        assert picture.startswith(b"\xff\xd8")
        self.asked.append((expected, region))
        if self.breaks:
            raise Unreadable(self.breaks)  # type: ignore[arg-type]
        return self.found

    def close(self) -> None:
        self.closed.set()


@pytest.fixture(params=["sqlite"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    return fresh(request.param, tmp_path, read_photos=True)


on_both = pytest.mark.parametrize("settings", DATABASES, indirect=True)


@pytest.fixture
def reads(house: House) -> Iterator[Callable[[ByHeart], ByHeart]]:
    """Put this pool to work in the house."""
    begun: list[Reader] = []

    def put(pool: ByHeart) -> ByHeart:
        house.reader = Reader(pool, warm_seconds=0.2)
        begun.append(house.reader)
        house.reader.start()
        return pool

    yield put
    for one in begun:
        one.close()


def handed_in(house: House, people: People, part: str = "id_card_front") -> tuple[str, str, str]:
    """(person, draft, photo): a photo that a turn has just given its place."""
    person = people.new()
    draft_id = people.draft(person)
    photo_id = service.take(house.store, person, pictures.jpeg()).photo_id
    effect(house.store, person, PlacePhotos((photo_id,), draft_id, part))
    return person, draft_id, photo_id


def told(store: Storage) -> list[dict[str, object]]:
    """What conversations still have to hear of photos that were read."""
    with store.read() as tx:
        ids = tx.execute(sa.text("SELECT id FROM happening WHERE event = 'photo_read' ORDER BY id")).scalars().all()
        found = [happenings.untold(store.keys, tx, one) for one in ids]
    return [dict(one.data) for one in found if one]


def photo(store: Storage, photo_id: str) -> Photo:
    with store.read() as tx:
        found = rows.photo(tx, photo_id)
    assert found is not None
    return found


def read(house: House, photo_id: str) -> None:
    jobs.run(house, "photos.read", photo_id)


@on_both
def test_a_photo_that_has_its_place_is_read_and_the_talk_hears_what_it_says(
    house: House, people: People, reads: Callable[[ByHeart], ByHeart]
) -> None:
    pool = reads(ByHeart())
    _, draft_id, photo_id = handed_in(house, people)
    assert photo(house.store, photo_id).reading == "due"
    read(house, photo_id)
    assert pool.asked == [("id_card_front", None)]
    (data,) = told(house.store)
    assert (data["photo_id"], data["draft_id"], data["kind"], data["readable"]) == (
        photo_id,
        draft_id,
        "id_front",
        True,
    )
    assert data["fields"] == [
        {"name": "name", "value": NAME, "checked": False, "doubtful": [2]},
        {"name": "id_number", "value": NUMBER, "checked": True, "doubtful": []},
    ]
    assert photo(house.store, photo_id).reading == "read"


def test_however_often_it_is_run_or_placed_it_is_read_into_the_talk_once(
    house: House, people: People, reads: Callable[[ByHeart], ByHeart]
) -> None:
    pool = reads(ByHeart())
    person, draft_id, photo_id = handed_in(house, people)
    for _ in range(3):
        read(house, photo_id)
    effect(house.store, person, PlacePhotos((photo_id,), draft_id, "id_card_back"))
    read(house, photo_id)
    assert len(told(house.store)) == 1 and len(pool.asked) == 1


@pytest.mark.parametrize("breaks", ["slow", "ended", "not_ready"])
def test_a_photo_that_nobody_could_read_counts_and_a_person_looks(
    house: House, people: People, reads: Callable[[ByHeart], ByHeart], breaks: str
) -> None:
    reads(ByHeart(breaks=breaks))
    _, draft_id, photo_id = handed_in(house, people)
    read(house, photo_id)
    assert told(house.store) == [{"photo_id": photo_id, "draft_id": draft_id, "failed": True}]
    assert (photo(house.store, photo_id).reading, photo(house.store, photo_id).look_at) == ("failed", "not_looked")


def test_a_reader_that_never_gets_ready_keeps_nobody_waiting(
    house: House, people: People, reads: Callable[[ByHeart], ByHeart]
) -> None:
    pool = reads(ByHeart(ready=False))
    _, _, photo_id = handed_in(house, people)
    read(house, photo_id)
    assert [data["failed"] for data in told(house.store)] == [True] and pool.asked == []


@pytest.mark.parametrize("ready", [True, False])
def test_whoever_runs_the_machines_sees_whether_reading_works(
    house: House, reads: Callable[[ByHeart], ByHeart], ready: bool
) -> None:
    reads(ByHeart(ready=ready))
    assert REGISTRY.get_sample_value("yijianshi_photo_reader_ready") == ready


def test_what_was_never_read_is_started_again(
    house: House, people: People, reads: Callable[[ByHeart], ByHeart]
) -> None:
    reads(ByHeart())
    _, _, photo_id = handed_in(house, people)
    with house.store.work() as tx:
        one = tx.get_one(Photo, photo_id)
        assert one.read_due_at is not None
        one.read_due_at -= timedelta(minutes=house.settings.stuck_minutes + 1)
    jobs.run(house, "photos.sweep_reading")
    assert photo(house.store, photo_id).read_tries == 1
    waiting = [name for _, name, _ in jobs._waiting(house.store, False)]
    assert waiting.count("photos.read") == 2
    read(house, photo_id)
    read(house, photo_id)
    assert len(told(house.store)) == 1


def test_a_signature_is_not_read(house: House, people: People) -> None:
    _, _, photo_id = handed_in(house, people, "signature")
    assert photo(house.store, photo_id).reading == ""


def test_where_nothing_is_read_nothing_is_started(house: House, people: People) -> None:
    house.store.settings = house.settings.model_copy(update={"read_photos": False})
    _, _, photo_id = handed_in(house, people)
    assert photo(house.store, photo_id).reading == ""


def test_who_has_to_look_at_a_photo_is_marked_by_its_own_talk_alone(house: House, people: People) -> None:
    person, _, photo_id = handed_in(house, people)
    effect(house.store, people.new(), LookAt((photo_id,), "blur"))
    assert photo(house.store, photo_id).look_at == ""
    effect(house.store, person, LookAt((photo_id,), "blur"))
    assert photo(house.store, photo_id).look_at == "blur"


def test_the_staff_see_upright_what_was_read_with_what_is_personal_covered(
    house: House, people: People, reads: Callable[[ByHeart], ByHeart]
) -> None:
    pool = reads(ByHeart())
    _, _, photo_id = handed_in(house, people)
    before = Image.open(io.BytesIO(readings.masked(house.store, photo_id)))
    assert before.getpixel((before.width // 4, before.height // 4)) != before.getpixel(
        (before.width // 4, before.height - 9)
    )
    read(house, photo_id)
    image = Image.open(io.BytesIO(readings.masked(house.store, photo_id)))
    left, right = image.getpixel((image.width // 4, 20)), image.getpixel((image.width * 3 // 4, 20))
    assert isinstance(left, tuple) and isinstance(right, tuple)
    assert left[0] > 150 > left[1] and max(right) - min(right) < 12
    assert pool.asked


def test_a_picture_that_could_not_be_read_is_covered_in_its_lower_half(
    house: House, people: People, reads: Callable[[ByHeart], ByHeart]
) -> None:
    reads(ByHeart(BLURRED))
    _, _, photo_id = handed_in(house, people)
    unread = readings.masked(house.store, photo_id)
    read(house, photo_id)
    assert (
        readings.masked(house.store, photo_id) == unread == service.staff_picture(house.store, photo_id, revealed=False)
    )


def test_a_portrait_has_a_crop_of_the_size_that_is_wanted_and_a_paper_has_none(
    house: House, people: People, reads: Callable[[ByHeart], ByHeart]
) -> None:
    pool = reads(ByHeart(FACE))
    person, _, photo_id = handed_in(house, people, "photo")
    read(house, photo_id)
    assert Image.open(io.BytesIO(readings.own_portrait(house.store, photo_id, person))).size == (413, 579)
    with pytest.raises(service.Refused, match="not_found"):
        readings.own_portrait(house.store, photo_id, people.new())
    pool.found = CARD
    other, _, card = handed_in(house, people)
    read(house, card)
    with pytest.raises(service.Refused, match="not_found"):
        readings.own_portrait(house.store, card, other)


@on_both
@pytest.mark.parametrize(("found", "longest"), [(FACE, 3000), (BLURRED, 3000), (CARD, LONGEST)])
def test_a_portrait_keeps_every_pixel_whatever_was_asked_and_a_paper_only_until_it_is_read(
    house: House,
    people: People,
    reads: Callable[[ByHeart], ByHeart],
    files_kept: Callable[[], list[Path]],
    found: ReadPhoto,
    longest: int,
) -> None:
    reads(ByHeart(found))
    person = people.new()
    photo_id = service.take(house.store, person, pictures.jpeg(width=3000, height=2000), "photo:id_card_front").photo_id
    effect(house.store, person, PlacePhotos((photo_id,), people.draft(person), "id_card_front"))

    def size() -> int:
        return max(Image.open(io.BytesIO(service.own_picture(house.store, person, photo_id, "full"))).size)

    assert size() == 3000
    read(house, photo_id)
    large = set(files_kept())
    for name in ("photos.make_smaller", "photos.drop_file"):
        for _, waiting, args in jobs._waiting(house.store, True):
            if waiting == name:
                jobs.run(house, name, *args)
                assert size() == longest
    assert len(files_kept()) == 3 and (large == set(files_kept())) is (longest == 3000)


def test_after_the_draft_is_forgotten_nothing_of_the_reading_can_be_read(
    house: House, people: People, reads: Callable[[ByHeart], ByHeart], settings: Settings
) -> None:
    reads(ByHeart())
    person, draft_id, photo_id = handed_in(house, people)
    read(house, photo_id)
    with house.store.read() as tx:
        key = house.store.keys.of(tx, person)
        waiting = list(tx.execute(sa.text("SELECT id FROM happening")).scalars())
    with house.store.turn() as connection:
        happenings.told(connection, waiting, now())
    effect(house.store, person, ForgetDraft(draft_id))
    jobs.run(house, "photos.forget", draft_id, person)
    jobs.run(house, "photos.sweep")
    assert searching.in_database(house.store, [NAME, NUMBER]) == []
    assert searching.in_files(settings.data_dir, [NAME, NUMBER]) == []
    with house.store.read() as tx:  # nor with the person's own key, which is still there
        left = [bytes(one) for one in tx.execute(sa.text("SELECT data FROM happening")).scalars()]
        assert rows.photo(tx, photo_id) is None
    assert left and all(len(one) == 1 for one in left)
    assert key.owner == person


def test_the_talk_and_the_reader_know_the_same_papers() -> None:
    known = load_library().papers.kinds
    assert set(known) == set(KINDS) - {"unknown"}
    for kind in papers():
        assert material_for(kind) == known[kind].places[0], kind
        told_of = {*known[kind].tells, *known[kind].of_guardian, known[kind].valid_to} - {""}
        assert told_of <= {getattr(one, "name", one) for one in papers()[kind].fields}, kind


def test_a_reader_that_is_closed_lets_go_whoever_waits(house: House) -> None:
    class Hangs(ByHeart):
        async def read(self, picture: bytes, expected: str | None = None, region: str | None = None) -> ReadPhoto:
            import asyncio

            await asyncio.Event().wait()
            raise AssertionError

    met: list[str] = []
    reader = Reader(Hangs())
    reader.start()

    def wait() -> None:
        try:
            reader.read(b"\xff\xd8")
        except Unreadable as unread:
            met.append(unread.code)

    waiting = threading.Thread(target=wait)
    waiting.start()
    while not reader._loop.is_running():
        pass
    reader.close()
    waiting.join(timeout=10)
    assert not waiting.is_alive()
    assert met == ["ended"]
