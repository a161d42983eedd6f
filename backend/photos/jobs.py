"""What happens to photos in the background: fetch them from a platform, read them, delete their files, see that they are whole.

Every job can run twice. A photo lies with WeChat for three days: until then each failure is only a later try, and the person
hears of it once, at the end, with what to do.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from prometheus_client import Gauge
from sqlmodel import Session

from backend import jobs
from backend.jobs import House
from backend.people import happenings
from backend.people import store as people_rows
from backend.photos import helping, pool, readings, service
from backend.photos import store as rows
from backend.photos.intake import kind_of
from backend.photos.models import Photo, Picture
from backend.photos.wording import Refused
from backend.storage import KeyGone, Storage, now
from bot.wechat.client import PlatformError, Unanswered, Unreachable
from dialogs.messages import SystemEvent

log = logging.getLogger(__name__)

_FIRST_WAIT, _LONGEST_WAIT = 20, 3600  # seconds between tries
_SLOW_TRIES = 2  # more tries for a picture that took too long to open
_CHECKED_AT_ONCE = 100  # pictures that one sweep reads back
_HALF_HOUR = timedelta(minutes=30)
_SIZES: tuple[service.Size, ...] = ("full", "preview", "masked")

_LOST = Gauge("yijianshi_photos_lost", "Pictures whose files are missing or do not open")


class _Later(Exception):
    """The picture cannot be had just now. `wait`: seconds the platform asks for, 0 for none."""

    def __init__(self, wait: int = 0) -> None:
        super().__init__()
        self.wait = wait


# --- fetching ---


@jobs.job("photos.fetch", queue="photos")
def fetch(house: House, photo_id: str) -> None:
    """Fetch one photo from the platform where it lies and take it in; the conversation hears what became of it."""
    store = house.store
    with store.read() as tx:
        photo = rows.photo(tx, photo_id)
    if photo is None or photo.state != "fetching":
        return
    try:
        _take_in(store, photo, _download(house, photo))
    except _Later as later:
        _plan(store, photo, later.wait)
    except Refused as refused:
        if (
            refused.reason == "slow" and photo.tries < _SLOW_TRIES
        ):  # the machine may have been busy, not the picture bad
            _plan(store, photo, 0)
        else:
            _refuse(store, photo, refused)


def _download(house: House, photo: Photo) -> bytes:
    """The bytes, from whichever of the person's doors knows the picture. _Later, or Refused when no door ever will."""
    if photo.until is None or photo.until < now():
        raise Refused("expired")
    media_id, doors = _where(house, photo)
    later = _Later() if not doors else None  # the door is shut by a setting: it may open again
    for door in doors:
        try:
            return _checked(door.download(media_id).content)
        except PlatformError as error:
            if error.rule.do != "never":
                log.warning("photo_not_fetched", extra={"id": photo.id, "kind": error.code})
                later = _Later(error.rule.wait)
        except (Unreachable, Unanswered):
            later = _Later()
    raise later or Refused("unfetched")


def _where(house: House, photo: Photo) -> tuple[str, list[Any]]:
    store = house.store
    with store.read() as tx:
        try:
            key = store.keys.of(tx, photo.person_id)
        except KeyGone:
            raise Refused("not_found") from None
        apps = dict.fromkeys(one.app for one in people_rows.accounts_of(tx, photo.person_id))
    media_id = store.keys.unseal_text(key, photo.sealed_media or b"", service.place_of_media(photo.id))
    return media_id, [house.doors[app] for app in apps if hasattr(house.doors.get(app), "download")]


def _checked(data: bytes) -> bytes:
    """An error of the platform that comes dressed as a picture is a reason to ask again, not a bad picture."""
    if data.lstrip()[:1] in (b"{", b"["):
        raise _Later
    return data


def _take_in(store: Storage, photo: Photo, data: bytes) -> None:
    kind_of(data)
    asked = f"photo:{photo.material}" if photo.material != readings.UNPLACED else ""
    whole = service.is_kept_whole(store, asked)
    mark = service.mark_of(store, photo.person_id, data, whole=whole)
    with store.read() as tx:
        known = rows.kept_with_mark(tx, mark)
    made_id = known.id if known else service.keep_files(store, photo.person_id, pool.shared().decode(data, whole=whole))
    with store.work() as tx:
        picture_id = service.standing(tx, made_id, mark)
        if rows.arrived(tx, photo.id, picture_id):
            service.begin_reading(tx, store, [photo.id], now())
            _tell(tx, store, photo, "photo_kept", material=photo.material)
        else:  # forgotten meanwhile, or another run of this job was quicker
            service.drop_files_later(tx, rows.give_up_unshown(tx, {picture_id}))


def _plan(store: Storage, photo: Photo, wait: int) -> None:
    seconds = max(wait, min(_FIRST_WAIT * 2**photo.tries, _LONGEST_WAIT))
    with store.work() as tx:
        if rows.try_later(tx, photo, now() + timedelta(seconds=seconds)):
            key = f"{photo.id}:{photo.tries + 1}"
            jobs.start(tx, "photos.fetch", key=key, args=(photo.id,), delay_seconds=seconds)


def _refuse(store: Storage, photo: Photo, refused: Refused) -> None:
    log.info("photo_refused", extra={"id": photo.id, "kind": refused.reason})
    with store.work() as tx:
        if rows.refuse(tx, photo.id):
            _tell(tx, store, photo, "photo_refused", says=refused.sentence.says)


def _tell(tx: Session, store: Storage, photo: Photo, event: SystemEvent, **data: str) -> None:
    """In the unit of work that ended the fetching, which happens once. Who has been forgotten hears nothing."""
    key = store.keys.load(tx, [photo.person_id]).get(photo.person_id)
    if key is not None:
        told = {"photo_id": photo.id, "draft_id": photo.draft_id, **data}
        happenings.tell(store.keys, tx, photo.conversation_id, key, event, told)
    store.live.changed(tx, [photo.conversation_id])


# --- reading ---


@jobs.job("photos.read", queue="reading")
def read(house: House, photo_id: str) -> None:
    """Read one photo; the conversation hears what it is and what it says."""
    readings.read(house.store, house.reader, photo_id)


@jobs.job("photos.sweep_reading", queue="work", cron="*/2 * * * *")
def sweep_reading(house: House) -> None:
    """Start again what should have been read and has not been."""
    stuck = timedelta(minutes=house.settings.stuck_minutes)
    with house.store.work() as tx:
        for photo in rows.unread(tx, now() - stuck):
            if rows.read_later(tx, photo, now()):
                jobs.start(tx, "photos.read", key=f"{photo.id}:{photo.read_tries + 1}", args=(photo.id,))


@jobs.job("photos.make_smaller", queue="photos")
def make_smaller(house: House, picture_id: str) -> None:
    """A picture that turned out to be a paper needs fewer pixels than a portrait."""
    try:
        service.make_smaller(house.store, picture_id)
    except Refused as refused:  # forgotten meanwhile, or its file is lost: it stays as it is
        log.warning("photo_not_smaller", extra={"id": picture_id, "kind": refused.reason})


# --- deleting ---


@jobs.job("photos.drop_file", queue="photos")
def drop_file(house: House, blob_id: str) -> None:
    """Delete one file that no picture has any more."""
    house.store.blobs.delete(blob_id)


@jobs.job("photos.forget", queue="photos")
def forget(house: House, draft_id: str, person_id: str) -> None:
    """Delete the photos of a draft that has been forgotten."""
    with house.store.work() as tx:
        service.forget_drafts(tx, [draft_id], person_id)


@jobs.job("photos.drop", queue="photos")
def drop(house: House, picture_id: str) -> None:
    """Delete the files of a picture that is gone, then its row."""
    with house.store.read() as tx:
        picture = rows.picture(tx, picture_id)
    if picture is None or picture.state != "gone":
        return
    for blob_id in (picture.full, picture.preview, picture.masked):
        house.store.blobs.delete(blob_id)
    with house.store.work() as tx:
        rows.drop_gone(tx, [picture_id])


# --- sweeps ---


@jobs.job("photos.sweep_fetching", queue="work", cron="*/2 * * * *")
def sweep_fetching(house: House) -> None:
    """Start again what should have been fetched and has not moved."""
    stuck = timedelta(minutes=house.settings.stuck_minutes)
    with house.store.work() as tx:
        for photo in rows.overdue(tx, now() - stuck):
            if rows.try_later(tx, photo, now()):
                jobs.start(tx, "photos.fetch", key=f"{photo.id}:{photo.tries + 1}", args=(photo.id,))


@jobs.job("photos.sweep", queue="work", cron="23 * * * *")
def sweep(house: House) -> None:
    """Delete what belongs to nobody, finish what a death left half done, and read some kept pictures back."""
    store = house.store
    cutoff = now() - timedelta(days=house.settings.retention.photos)
    with store.work() as tx:
        rows.drop(tx, rows.of_nobody(tx, cutoff))
        helping.forget(tx, before=now())
        rows.give_up(tx, set(rows.unfinished(tx, now() - _HALF_HOUR)))
        waiting = [picture.id for picture in rows.gone(tx)]
    for picture_id in waiting:
        drop(house, picture_id)
    _read_back(store)


def _read_back(store: Storage) -> None:
    """Open the files of the pictures that nobody has looked at for longest: a missing one is seen before a clerk needs it."""
    with store.read() as tx:
        pictures = rows.longest_unseen(tx, limit=_CHECKED_AT_ONCE)
    whole = [picture.id for picture in pictures if _is_whole(store, picture)]
    with store.work() as tx:
        rows.seen_whole(tx, whole, now())
        _LOST.set(rows.count_lost(tx))


def _is_whole(store: Storage, picture: Picture) -> bool:
    """Whether its files open. `opened` has recorded it if not; one that was deleted meanwhile is not our business."""
    try:
        for size in _SIZES:
            service.opened(store, picture, size)
    except Refused:
        return False
    return True
