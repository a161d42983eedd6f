"""A picture that was taken is kept once, sealed, for its owner; and it is gone when nobody has a right to it any more."""

from __future__ import annotations

import hashlib
import io
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from PIL import Image
from sqlmodel import select

from backend import jobs
from backend.conversations.models import Conversation
from backend.jobs import House
from backend.people import service as people_service
from backend.people.effects import Wanted, carry_out
from backend.photos import service
from backend.photos import store as rows
from backend.photos.intake import LONGEST, PREVIEW, Decoded
from backend.photos.models import Photo, Picture
from backend.photos.wording import Refused
from backend.storage import DataKey, KeyGone, Storage, new_id, now
from dialogs.messages import ForgetDraft, PlacePhotos
from tests.photos import pictures
from tests.photos.conftest import People, conversation_of

Files = Callable[[], list[Path]]


def effect(store: Storage, person_id: str, *effects: PlacePhotos | ForgetDraft) -> None:
    """What the writer does with the effects of a turn of this person."""
    with store.turn() as tx:
        key = store.keys.of(tx, person_id)
        at = now()
        carry_out(tx, store, [Wanted(person_id, conversation_of(person_id), one, at, key) for one in effects])


def refused(store: Storage, person_id: str, photo_id: str) -> str:
    with pytest.raises(Refused) as met:
        service.own_picture(store, person_id, photo_id)
    return met.value.reason


def age(store: Storage, days: float) -> None:
    """Let everything about photos have happened so many days earlier."""
    with store.work() as tx:
        for photo in tx.exec(select(Photo)):
            photo.at -= timedelta(days=days)
            if photo.placed_at:
                photo.placed_at -= timedelta(days=days)
        for picture in tx.exec(select(Picture)):
            picture.at -= timedelta(days=days)


def states(store: Storage) -> list[str]:
    with store.read() as tx:
        return sorted(tx.execute(sa.select(sa.inspect(Picture).local_table.c.state)).scalars())


def test_a_photo_is_there_for_its_owner_and_for_nobody_else(store: Storage, people: People) -> None:
    mother, stranger = people.new(), people.new()
    taken = service.take(store, mother, pictures.jpeg())
    shown = Image.open(io.BytesIO(service.own_picture(store, mother, taken.photo_id)))
    assert max(shown.size) == PREVIEW
    assert refused(store, stranger, taken.photo_id) == refused(store, mother, new_id()) == "not_found"


def test_no_file_can_be_read_without_its_own_key(store: Storage, people: People, files_kept: Files) -> None:
    person = people.new()
    photo_id = service.take(store, person, pictures.jpeg()).photo_id
    files = files_kept()
    assert len(files) == 3
    for file in files:
        assert not file.read_bytes().startswith(b"\xff\xd8\xff") and b"JFIF" not in file.read_bytes()
    with store.read() as tx:
        _, picture = rows.with_picture(tx, photo_id) or pytest.fail("the photo has no picture")
        person_key = store.keys.of(tx, person)
    for wrong in (person_key, DataKey(picture.id, bytes(32)), store.keys.house):
        with pytest.raises(InvalidTag):
            store.blobs.get(wrong, picture.full)


def test_the_names_of_files_and_rows_tell_nothing_of_the_picture_or_its_owner(
    store: Storage, people: People, files_kept: Files
) -> None:
    data, person = pictures.photographed_sideways(), people.new()
    service.take(store, person, data)
    plain = hashlib.sha256(data).hexdigest()
    with store.read() as tx:
        columns = str([tuple(row) for row in tx.execute(sa.text("SELECT * FROM picture")).all()])
    assert plain not in columns
    names = " ".join(str(path) for path in files_kept())
    assert person not in names and plain not in names and ".jpg" not in names


@pytest.mark.parametrize(
    ("reads", "question", "longest"),
    [
        (False, "photo:photo", 3000),
        (False, "", 3000),
        (False, "photo:id_card_front", LONGEST),
        (True, "photo:id_card_front", 3000),
    ],
)
def test_what_may_be_a_portrait_keeps_every_pixel(
    reads: bool, question: str, longest: int, store: Storage, people: People
) -> None:
    """Where pictures are read, that is seen then. Also where the same picture came for another place before."""
    person = people.new()
    for read, asked, size in ((False, "photo:disability_card", LONGEST), (reads, question, longest)):
        store.settings = store.settings.model_copy(update={"read_photos": read})
        with store.work() as tx:
            tx.execute(sa.update(Conversation).where(Conversation.person_id == person).values(question=asked))
        photo_id = service.take(store, person, pictures.jpeg(width=3000, height=2000)).photo_id
        assert max(Image.open(io.BytesIO(service.own_picture(store, person, photo_id, "full"))).size) == size


def test_the_same_picture_twice_of_one_person_is_one(store: Storage, people: People, files_kept: Files) -> None:
    person, other = people.new(), people.new()
    first = service.take(store, person, pictures.jpeg())
    assert service.take(store, person, pictures.jpeg()) == first
    assert len(files_kept()) == 3
    assert service.take(store, other, pictures.jpeg()).photo_id != first.photo_id
    assert len(files_kept()) == 6


def test_the_same_picture_six_times_at_once_is_one(house: House, people: People, files_kept: Files) -> None:
    person, taken = people.new(), []
    threads = [
        threading.Thread(target=lambda: taken.append(service.take(house.store, person, pictures.jpeg())))
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(taken) == 6 and len({one.photo_id for one in taken}) == 1
    jobs.drain(house)
    assert len(files_kept()) == 3 and states(house.store) == ["kept"]


def test_a_picture_used_for_two_people_is_kept_until_neither_needs_it(
    house: House, people: People, files_kept: Files
) -> None:
    """A guardian's identity card for two children: one picture, two photos."""
    store, guardian = house.store, people.new()
    drafts = [people.draft(guardian), people.draft(guardian)]
    photos = []
    for draft_id in drafts:
        photos.append(service.take(store, guardian, pictures.jpeg()).photo_id)
        effect(store, guardian, PlacePhotos((photos[-1],), draft_id, "id_card_front"))
    assert photos[0] != photos[1] and len(files_kept()) == 3
    effect(store, guardian, ForgetDraft(drafts[0]))
    jobs.drain(house)
    assert refused(store, guardian, photos[0]) == "not_found"
    assert service.own_picture(store, guardian, photos[1])
    effect(store, guardian, ForgetDraft(drafts[1]))
    jobs.drain(house)
    assert files_kept() == []


def test_a_forgotten_draft_takes_its_pictures_with_it_bytes_and_key(
    house: House, people: People, files_kept: Files
) -> None:
    store, person = house.store, people.new()
    draft_id = people.draft(person)
    kept = service.take(store, person, pictures.jpeg(1)).photo_id
    forgotten = service.take(store, person, pictures.jpeg(2)).photo_id
    effect(store, person, PlacePhotos((forgotten,), draft_id, "disability_card"))
    with store.read() as tx:
        _, picture = rows.with_picture(tx, forgotten) or pytest.fail("the photo has no picture")
        its_key = service.own_key(tx, store, picture)
    copy = next(path for path in files_kept() if path.name == picture.full).read_bytes()
    head = copy[2 : 2 + int.from_bytes(copy[:2], "big")]
    assert store.keys.unseal(its_key, head, f"blob.key:{picture.full}")
    effect(store, person, ForgetDraft(draft_id))
    jobs.drain(house)
    assert refused(store, person, forgotten) == "not_found"
    assert service.own_picture(store, person, kept)
    assert not {picture.full, picture.preview, picture.masked} & {path.name for path in files_kept()}
    with store.read() as tx:  # a copy of the file in a backup does not open with anything that is left
        assert rows.picture(tx, picture.id) is None
        person_key = store.keys.of(tx, person)
    for key in (person_key, store.keys.house, DataKey(picture.id, bytes(32))):
        with pytest.raises(InvalidTag):
            store.keys.unseal(key, head, f"blob.key:{picture.full}")


def test_when_a_person_is_forgotten_no_file_and_no_row_of_theirs_is_left(
    house: House, people: People, files_kept: Files
) -> None:
    store, person, other = house.store, people.new(), people.new()
    photo_id = service.take(store, person, pictures.jpeg()).photo_id
    stays = service.take(store, other, pictures.jpeg()).photo_id
    people_service.forget(store, person)
    jobs.drain(house)
    assert refused(store, person, photo_id) == "not_found"
    assert len(files_kept()) == 3 and service.own_picture(store, other, stays)
    with pytest.raises(KeyGone), store.read() as tx:
        store.keys.of(tx, person)


def test_a_person_can_take_every_picture_away(store: Storage, people: People) -> None:
    person = people.new()
    photo_id = service.take(store, person, pictures.jpeg()).photo_id
    (told,) = people_service.export(store, person)["photos"]
    assert told["id"] == photo_id and told["picture"] == f"/api/v1/photos/{photo_id}/full"
    assert Image.open(io.BytesIO(service.own_picture(store, person, photo_id, "full"))).size == (1200, 900)


def test_the_talk_gives_pictures_their_place_in_their_order(store: Storage, people: People) -> None:
    person = people.new()
    draft_id = people.draft(person)
    photos = [service.take(store, person, pictures.jpeg(seed)).photo_id for seed in range(5)]
    order = (photos[3], photos[0], photos[4])
    effect(store, person, PlacePhotos(order, draft_id, "household_book"), PlacePhotos((photos[1],), draft_id, "photo"))
    with store.read() as tx:
        placed = service.of_draft(tx, draft_id)
        one = service.placed(tx, photos[3])
    assert [p.photo_id for p in placed if p.material == "household_book"] == list(order)
    assert [p.photo_id for p in placed if p.material == "photo"] == [photos[1]]
    assert one is not None and (one.person_id, one.conversation_id) == (person, conversation_of(person))


def test_nobody_can_place_the_photo_of_somebody_else_or_move_one_out_of_its_draft(
    store: Storage, people: People
) -> None:
    person, thief = people.new(), people.new()
    mine, theirs, second = people.draft(person), people.draft(thief), people.draft(person)
    photo_id = service.take(store, person, pictures.jpeg()).photo_id
    effect(store, thief, PlacePhotos((photo_id,), theirs, "photo"))
    with store.read() as tx:
        assert service.of_draft(tx, theirs) == []
    effect(store, person, PlacePhotos((photo_id,), mine, "unplaced"))
    effect(store, person, PlacePhotos((photo_id,), mine, "photo"))
    effect(store, person, PlacePhotos((photo_id,), second, "photo"))
    with store.read() as tx:
        assert [one.material for one in service.of_draft(tx, mine)] == ["photo"]
        assert service.of_draft(tx, second) == []


def test_the_staff_see_a_masked_picture_unless_they_ask_for_the_whole(store: Storage, people: People) -> None:
    photo_id = service.take(store, people.new(), pictures.jpeg()).photo_id
    masked = Image.open(io.BytesIO(service.staff_picture(store, photo_id, revealed=False)))
    whole = Image.open(io.BytesIO(service.staff_picture(store, photo_id, revealed=True)))
    assert (max(masked.size), max(whole.size)) == (PREVIEW, 1200)


def test_without_consent_nothing_is_kept(store: Storage, people: People, files_kept: Files) -> None:
    for state in ("consent/greeting", "consent/sensitive", "consent/refused"):
        with pytest.raises(Refused, match="consent_first"):
            service.take(store, people.new(state=state), pictures.jpeg())
    assert files_kept() == [] and states(store) == []


def test_a_picture_nobody_placed_goes_after_its_time_and_a_placed_one_stays(
    house: House, people: People, files_kept: Files
) -> None:
    store, person = house.store, people.new()
    draft_id = people.draft(person)
    left = service.take(store, person, pictures.jpeg(1)).photo_id
    placed = service.take(store, person, pictures.jpeg(2)).photo_id
    orphan = service.take(store, person, pictures.jpeg(3)).photo_id
    effect(store, person, PlacePhotos((placed,), draft_id, "photo"), PlacePhotos((orphan,), new_id(), "photo"))
    jobs.run(house, "photos.sweep")
    assert len(files_kept()) == 9
    age(store, house.settings.retention.photos + 1)
    jobs.run(house, "photos.sweep")
    assert refused(store, person, left) == refused(store, person, orphan) == "not_found"
    assert service.own_picture(store, person, placed) and len(files_kept()) == 3


def test_what_a_death_in_the_middle_of_an_upload_leaves_is_swept(
    house: House, people: People, files_kept: Files
) -> None:
    """The row and two of three files were written when the process died."""
    person = people.new()
    service.keep_files(house.store, person, Decoded(b"full", b"preview", b"masked", 3, 2, 1))
    files_kept()[0].unlink()
    jobs.run(house, "photos.sweep")
    assert states(house.store) == ["reserved"]  # it may still be at work
    age(house.store, 0.1)
    jobs.run(house, "photos.sweep")
    assert states(house.store) == [] and files_kept() == []


def test_missing_bytes_are_seen_told_to_the_operator_and_healed_by_sending_again(
    house: House, people: People, files_kept: Files, caplog: pytest.LogCaptureFixture
) -> None:
    store, person = house.store, people.new()
    photo_id = service.take(store, person, pictures.jpeg()).photo_id
    whole = service.take(store, person, pictures.jpeg(1)).photo_id
    with store.read() as tx:
        _, picture = rows.with_picture(tx, photo_id) or pytest.fail("the photo has no picture")
    next(path for path in files_kept() if path.name == picture.masked).write_bytes(
        b"\x00\x1eoverwritten by a broken disk"
    )
    jobs.run(house, "photos.sweep")
    assert [record.msg for record in caplog.records if record.levelname == "ERROR"] == ["photo_lost"]
    assert states(store) == ["kept", "lost"]
    assert refused(store, person, photo_id) == "lost"
    again = service.take(store, person, pictures.jpeg()).photo_id
    assert service.own_picture(store, person, again) and service.own_picture(store, person, whole)


def test_too_many_pictures_that_no_question_took_are_refused_with_what_to_do(store: Storage, people: People) -> None:
    person = people.new()
    with store.work() as tx:
        for _ in range(service.MOST_WAITING):
            tx.add(Photo(id=new_id(), person_id=person, state="kept", at=now()))
    with pytest.raises(Refused, match="too_many_waiting") as met:
        service.take(store, person, pictures.jpeg())
    assert "回答" in met.value.sentence.says
    age(store, 1)
    assert service.take(store, person, pictures.jpeg())


def test_everything_can_run_twice(house: House, people: People, files_kept: Files) -> None:
    store, person = house.store, people.new()
    draft_id = people.draft(person)
    photo_id = service.take(store, person, pictures.jpeg()).photo_id
    for _ in range(2):
        effect(store, person, PlacePhotos((photo_id,), draft_id, "photo"))
    for _ in range(2):
        jobs.run(house, "photos.forget", draft_id, person)
        jobs.drain(house)
    assert files_kept() == [] and states(store) == []
