"""What can be done with photos: take one in, show it to who may see it, give it its place, forget it.

`take` blocks for as long as decoding takes: call it from a thread. The row of a picture is written before its files and settled
after them, so that a death in between leaves something that the sweep finds. Who of the staff may see a photo, and that it was
seen, is the business of the staff's room: `staff_picture` only hands it out.
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from prometheus_client import Counter
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from backend import jobs
from backend.people import effects
from backend.people import service as people
from backend.people.effects import Wanted
from backend.photos import helping, pool
from backend.photos import store as rows
from backend.photos.intake import LONGEST, Decoded, kind_of
from backend.photos.models import Photo, Picture
from backend.photos.wording import Refused
from backend.storage import DataKey, KeyGone, Storage, new_id, now

log = logging.getLogger(__name__)

Size = Literal["full", "preview", "masked"]
MOST_WAITING = 60  # photos of one person within an hour that no question has taken
ASIDE = "aside"  # where the talk puts what it does not use
_PAPER, _PORTRAIT = (
    "photo:",
    "photo:photo",
)  # questions of the talk: a picture of the checklist; the portrait among them
_LOOKED_AT = 600  # seconds: a page that is being answered holds the file that it began with
LIES_FOR = timedelta(days=3)  # how long WeChat keeps what a person sent

_TAKEN = Counter("yijianshi_photos_total", "Photos by what became of them", ["outcome"])


@dataclass(frozen=True, slots=True)
class Taken:
    """A photo that is safe. `pages`: of the document it came from: only the first is kept."""

    photo_id: str
    pages: int = 1


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a photo belongs; nothing of what it shows."""

    photo_id: str
    person_id: str
    conversation_id: str
    draft_id: str
    material: str
    case_id: str
    state: str


# --- taking in ---


def take(store: Storage, person_id: str, data: bytes, question: str | None = None) -> Taken:
    """Keep one picture of this person: made new, sealed, once however often it is sent. `question`: what it answers; None: see
    what the talk has asked.

    Refused: what kind of file it is, consent_first, too_many_waiting. The bytes as sent are forgotten in every case.
    """
    try:
        taken = _take(store, person_id, data, question)
    except Refused as refused:
        _TAKEN.labels(refused.reason).inc()
        raise
    _TAKEN.labels("kept").inc()
    return taken


def check_may(tx: Session, person_id: str) -> None:
    """Whether this person may hand in pictures now: Refused (consent_first, too_many_waiting) before a byte is read."""
    if not rows.agreed(tx, person_id):
        raise Refused("consent_first")
    if rows.count_unplaced(tx, person_id, now() - timedelta(hours=1)) >= MOST_WAITING:
        raise Refused("too_many_waiting")


def _take(store: Storage, person_id: str, data: bytes, question: str | None) -> Taken:
    kind_of(data)
    with store.read() as tx:
        check_may(tx, person_id)
        whole = is_kept_whole(store, rows.question_to(tx, person_id) if question is None else question)
        mark = mark_of(store, person_id, data, whole=whole)
        known = rows.kept_with_mark(tx, mark)
    if known is None:
        made = pool.shared().decode(data, whole=whole)
        picture_id = keep_files(store, person_id, made)
        return Taken(_settled(store, person_id, picture_id, mark), made.pages)
    return Taken(_settled(store, person_id, known.id, mark))


def is_kept_whole(store: Storage, question: str) -> bool:
    """Whether what answers this question (or comes unasked, "") may be a portrait, and so keeps its pixels: a region wants the
    original picture. Where pictures are read, each of them may, until it has been read (`make_smaller`)."""
    return store.settings.read_photos or question == _PORTRAIT or not question.startswith(_PAPER)


def mark_of(store: Storage, person_id: str, data: bytes, *, whole: bool = False) -> str:
    """By what the same bytes of the same person, kept in the same size, are known again. Two persons' same picture have nothing
    in common."""
    size = ":whole" if whole else ""
    return store.keys.find_hash("photo", f"{person_id}:{hashlib.sha256(data).hexdigest()}{size}")


def keep_files(store: Storage, person_id: str, made: Decoded) -> str:
    """Write the row of a new picture, then its files; returns its id. It counts only once it is settled."""
    material, at = os.urandom(32), now()
    files = {new_id(): made.full, new_id(): made.preview, new_id(): made.masked}
    full, preview, masked = files
    with store.work() as tx:
        picture = Picture(
            id=(picture_id := new_id()),
            person_id=person_id,
            state="reserved",
            sealed_key=store.keys.seal(_key_of(tx, store, person_id), material, _place_of_key(picture_id)),
            full=full,
            preview=preview,
            masked=masked,
            width=made.width,
            height=made.height,
            size=len(made.full),
            at=at,
            checked_at=at,
        )
        tx.add(picture)
    for blob_id, file in files.items():
        store.blobs.put(DataKey(picture_id, material), blob_id, file)
    return picture_id


def make_smaller(store: Storage, picture_id: str) -> None:
    """A paper that was kept whole because it might have been a portrait: as many pixels as reading wants are enough.

    Its large file is dropped a while later: somebody may be looking at it."""
    with store.read() as tx:
        picture = rows.picture(tx, picture_id)
        if picture is None or picture.state != "kept" or max(picture.width, picture.height) <= LONGEST:
            return
        key = own_key(tx, store, picture)
    made = pool.shared().decode(opened(store, picture, "full"))
    store.blobs.put(key, small := new_id(), made.full)
    with store.work() as tx:
        stays = rows.now_smaller(tx, picture, small, made)
        leaves = picture.full if stays else small
        jobs.start(tx, "photos.drop_file", key=leaves, args=(leaves,), delay_seconds=_LOOKED_AT if stays else 0)


def standing(tx: Session, picture_id: str, mark: str) -> str:
    """The picture that stands for these bytes: this one, or its twin that was quicker; Refused if both have gone meanwhile."""
    twin = rows.kept_with_mark(tx, mark)
    if twin is None and rows.settle(tx, picture_id, mark):
        return picture_id
    if twin is None:
        raise Refused("not_found")
    if twin.id != picture_id:
        rows.give_up(tx, {picture_id})
        drop_files_later(tx, [picture_id])
    return twin.id


def _settled(store: Storage, person_id: str, picture_id: str, mark: str) -> str:
    """The id of the photo that shows this picture and waits for its place. On PostgreSQL two of the same may meet here."""
    try:
        return _photo_of(store, person_id, picture_id, mark)
    except IntegrityError:
        return _photo_of(store, person_id, picture_id, mark)


def _photo_of(store: Storage, person_id: str, picture_id: str, mark: str) -> str:
    with store.work() as tx:
        picture_id = standing(tx, picture_id, mark)
        waiting = rows.unplaced_of(tx, picture_id)
        if waiting is not None:
            return waiting.id
        photo = Photo(id=new_id(), person_id=person_id, state="kept", picture_id=picture_id, at=now())
        tx.add(photo)
        return photo.id


# --- showing ---


def own_picture(store: Storage, person_id: str, photo_id: str, size: Size = "preview") -> bytes:
    """A person's own photo, as JPEG. Refused not_found if it is anybody else's: nobody learns that it is there."""
    with store.read() as tx:
        found = rows.with_picture(tx, photo_id)
    if found is None or found[0].person_id != person_id:
        raise Refused("not_found")
    return opened(store, found[1], size)


def placed(tx: Session, photo_id: str) -> Placed | None:
    """Whose photo this is and where it belongs: from this the staff's room judges who may see it."""
    photo = rows.photo(tx, photo_id)
    return _as_placed(photo) if photo else None


def of_draft(tx: Session, draft_id: str) -> list[Placed]:
    """The photos handed in with one draft (or the application it became), in the order in which they came: none that another was
    taken instead of."""
    return [_as_placed(photo) for photo in rows.of_draft(tx, draft_id) if photo.material != ASIDE]


def staff_picture(store: Storage, photo_id: str, *, revealed: bool) -> bytes:
    """A photo for the staff, as JPEG: masked and small, or whole. The caller has checked the right and recorded the look.

    Refused: not_found (also while it is still being fetched), lost.
    """
    with store.read() as tx:
        found = rows.with_picture(tx, photo_id)
    if found is None:
        raise Refused("not_found")
    return opened(store, found[1], "full" if revealed else "masked")


def opened(store: Storage, picture: Picture, size: Size) -> bytes:
    """One file of a picture. Refused: not_found, or lost when the file is missing or is not what was written."""
    if picture.state != "kept":
        raise Refused("lost" if picture.state == "lost" else "not_found")
    try:
        with store.read() as tx:
            key = own_key(tx, store, picture)
        return store.blobs.get(key, getattr(picture, size))
    except (FileNotFoundError, InvalidTag, ValueError):  # ValueError: it does not even begin like something sealed
        lose(store, picture.id)
        raise Refused("lost") from None


def own_key(tx: Session, store: Storage, picture: Picture) -> DataKey:
    """The key of this picture's files. Refused not_found when the person has been forgotten."""
    person_key = _key_of(tx, store, picture.person_id)
    return DataKey(picture.id, store.keys.unseal(person_key, picture.sealed_key, _place_of_key(picture.id)))


def lose(store: Storage, picture_id: str) -> None:
    """Record that a picture's files are not whole: a line for the operator, a number on the metrics, a plain word for people."""
    with store.work() as tx:
        if rows.lose(tx, picture_id):
            log.error("photo_lost", extra={"id": picture_id})


def _key_of(tx: Session, store: Storage, person_id: str) -> DataKey:
    try:
        return store.keys.of(tx, person_id)
    except KeyGone:
        raise Refused("not_found") from None


def _place_of_key(picture_id: str) -> str:
    return f"picture.key:{picture_id}"


def place_of_media(photo_id: str) -> str:
    return f"photo.media:{photo_id}"


def _as_placed(photo: Photo) -> Placed:
    return Placed(
        photo.id, photo.person_id, photo.conversation_id, photo.draft_id, photo.material, photo.case_id, photo.state
    )


# --- what the talk wants ---


def place(tx: sa.Connection, store: Storage, wanted: Sequence[Wanted]) -> None:
    """Effect PlacePhotos: pictures get their place; those that lie with a platform begin to be fetched, at once."""
    fetching = [_to_fetch(store, one, photo_id) for one in wanted for photo_id in one.effect.media]
    if fetching:
        rows.begin_fetching(tx, list({row["id"]: row for row in fetching}.values()))
    rows.place(tx, [row for one in wanted for row in _places(one)])
    for photo_id in dict.fromkeys(row["id"] for row in fetching):
        jobs.start(tx, "photos.fetch", key=photo_id, args=(photo_id,))
    for one in wanted:
        begin_reading(tx, store, one.effect.photo_ids, one.at)


def begin_reading(tx: Session | sa.Connection, store: Storage, photo_ids: Sequence[str], at: datetime) -> None:
    """Have these photos read, once they are kept and have a place, in the unit of work in which both became so."""
    if store.settings.read_photos:
        for photo_id in rows.want_reading(tx, photo_ids, at):
            jobs.start(tx, "photos.read", key=photo_id, args=(photo_id,))


def _to_fetch(store: Storage, one: Wanted, photo_id: str) -> rows.Row:
    sealed = store.keys.seal(one.key, one.effect.media[photo_id], place_of_media(photo_id))
    return {
        "id": photo_id,
        "person_id": one.person_id,
        "state": "fetching",
        "picture_id": "",
        "at": one.at,
        "sealed_media": sealed,
        "until": one.at + LIES_FOR,
        "due_at": one.at,
        "tries": 0,
        "conversation_id": one.conversation_id,
        "draft_id": one.effect.draft_id,
        "material": one.effect.material,
        "case_id": one.effect.case_id,
        "position": 0,
    }


def _places(one: Wanted) -> list[rows.Row]:
    where = {
        "b_person": one.person_id,
        "b_draft": one.effect.draft_id,
        "conversation_id": one.conversation_id,
        "draft_id": one.effect.draft_id,
        "material": one.effect.material,
        "case_id": one.effect.case_id,
        "placed_at": one.at,
    }
    return [{"b_id": photo_id, "position": n, **where} for n, photo_id in enumerate(one.effect.photo_ids)]


def forget(tx: sa.Connection, store: Storage, wanted: Sequence[Wanted]) -> None:
    """Effect ForgetDraft: its pictures are deleted, by a job."""
    for one in wanted:
        jobs.start(tx, "photos.forget", key=one.effect.draft_id, args=(one.effect.draft_id, one.person_id))


effects.register("place_photos", place)
effects.register("forget_draft", forget)


# --- forgetting ---


def drop_files_later(tx: Session, picture_ids: Iterable[str]) -> None:
    for picture_id in picture_ids:
        jobs.start(tx, "photos.drop", key=picture_id, args=(picture_id,))


def forget_drafts(tx: Session, draft_ids: Sequence[str], person_id: str = "") -> None:
    """Delete the photos of these drafts (only this person's, if named). What another draft shows too stays for that one."""
    helping.forget(tx, draft_ids=list(draft_ids))
    found = [one for draft_id in draft_ids for one in rows.of_draft(tx, draft_id)]
    mine = [one.id for one in found if not person_id or one.person_id == person_id]
    drop_files_later(tx, rows.drop(tx, mine))


def _forget_person(tx: Session, person_id: str) -> list[str]:
    pictures = rows.pictures_of_person(tx, person_id)
    files = [blob_id for one in pictures for blob_id in (one.full, one.preview, one.masked)]
    rows.drop_person(tx, person_id)
    helping.forget(tx, person_id=person_id)
    return files


def _export(tx: Session, store: Storage, key: DataKey, person_id: str) -> list[dict[str, Any]]:
    """Where each picture can be fetched whole: thirty households' pictures in one JSON would not fit a phone."""
    return [
        {
            "id": photo.id,
            "material": photo.material,
            "draft_id": photo.draft_id,
            "at": photo.at.isoformat(),
            "width": picture.width,
            "height": picture.height,
            "picture": f"/api/v1/photos/{photo.id}/full",
        }
        for photo, picture in rows.of_person(tx, person_id)
    ]


people.keeps("photos", export=_export, forget=_forget_person)
