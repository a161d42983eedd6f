"""What was read of photos: begun with the place that a photo gets, kept sealed in its row, told to its conversation once, shown
masked to the staff.

A photo that nobody could read counts as handed in all the same; a person looks at it. What a picture says lies in two places:
here, for the office, and with the draft, where the talk put it. Both go with the draft.
"""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from PIL import Image, ImageDraw, ImageOps
from prometheus_client import Counter
from sqlmodel import Session

from backend import jobs
from backend.people import effects, happenings
from backend.people.effects import Wanted
from backend.photos import service
from backend.photos import store as rows
from backend.photos.intake import QUALITY
from backend.photos.models import Photo, Picture
from backend.photos.reader import Reader
from backend.photos.reading import Box, Portrait, ReadPhoto, Unreadable
from backend.photos.wording import Refused
from backend.storage import DataKey, Storage

log = logging.getLogger(__name__)

UNPLACED = "unplaced"
_AS_IT_CAME = ("portrait", "unknown")  # keep every pixel: to be printed, or to be looked at by a person
_COVER = (96, 96, 96)
_MARGIN = 0.01  # of the picture's sides, around what is covered

_READ = Counter("yijianshi_photos_read_total", "Photos read, by what became of it", ["outcome"])


# --- what the talk wants ---


def look_at(tx: sa.Connection, store: Storage, wanted: Sequence[Wanted]) -> None:
    """Effect LookAt: a person of the office has to look at these."""
    rows.look_at(
        tx,
        [
            {"b_id": photo_id, "b_person": one.person_id, "look_at": one.effect.why[:16]}
            for one in wanted
            for photo_id in one.effect.photo_ids
        ],
    )


effects.register("look_at", look_at)


# --- one photo ---


def read(store: Storage, reader: Reader | None, photo_id: str) -> None:
    """Read one photo and have its conversation told. Run twice, it is read once into the talk."""
    with store.read() as tx:
        found = rows.with_picture(tx, photo_id)
        region = rows.region_of(tx, found[0].conversation_id) if found else ""
    if found is None or found[0].reading != "due":
        return None
    photo, picture = found
    try:
        full = service.opened(store, picture, "full")
    except Refused:  # lost: seen and told to the operator there; deleted meanwhile: nobody to tell
        return _keep(store, photo, None)
    _keep(store, photo, _read(reader, full, photo, region))


def _read(reader: Reader | None, full: bytes, photo: Photo, region: str) -> ReadPhoto | None:
    """None when there is no answer."""
    expected = photo.material if photo.material not in ("", UNPLACED) else None
    try:
        if reader is None:
            raise Unreadable("not_ready")
        return reader.read(full, expected, region or None)
    except Unreadable as unread:
        log.warning("photo_not_read", extra={"id": photo.id, "kind": unread.code})
        return None


def _keep(store: Storage, photo: Photo, read: ReadPhoto | None) -> None:
    """In one unit of work: what was read, and that the conversation will hear of it. Whoever was forgotten hears nothing."""
    _READ.labels("read" if read else "failed").inc()
    with store.work() as tx:
        key = store.keys.load(tx, [photo.person_id]).get(photo.person_id)
        if key is None:
            return
        sealed = (
            store.keys.seal(key, json.dumps(read.as_data(), ensure_ascii=False), _place(photo.id)) if read else None
        )
        if rows.was_read(tx, photo.id, "read" if read else "failed", sealed):
            happenings.tell(store.keys, tx, photo.conversation_id, key, "photo_read", _told(photo, read))
            if read is not None and read.kind not in _AS_IT_CAME:
                jobs.start(tx, "photos.make_smaller", key=photo.picture_id, args=(photo.picture_id,))


def _told(photo: Photo, read: ReadPhoto | None) -> dict[str, Any]:
    """The event `photo_read`, as `dialogs.reading` takes it."""
    whose = {"photo_id": photo.id, "draft_id": photo.draft_id}
    if read is None:
        return {**whose, "failed": True}
    return {
        **whose,
        "kind": read.kind,
        "fields": [
            {"name": one.name, "value": one.value, "checked": one.checked, "doubtful": list(one.doubtful)}
            for one in read.fields
        ],
        "problems": [one.code for one in read.problems],
        "readable": read.readable,
        "others": list(read.others),
    }


# --- showing ---


@dataclass(frozen=True, slots=True)
class Seen:
    """What the office sees of a photo beside the picture. `look_at`: why a person has to look; `read` None: nothing was read."""

    state: str
    look_at: str
    read: ReadPhoto | None


def of_photos(tx: Session, store: Storage, photo_ids: Sequence[str]) -> dict[str, Seen]:
    """What was read of these photos, opened."""
    found = [one for photo_id in photo_ids if (one := rows.photo(tx, photo_id)) is not None]
    keys = store.keys.load(tx, {one.person_id for one in found})
    return {one.id: Seen(one.reading, one.look_at, _opened(store, keys, one)) for one in found}


def _opened(store: Storage, keys: dict[str, DataKey], photo: Photo) -> ReadPhoto | None:
    key = keys.get(photo.person_id)
    if key is None or photo.sealed_reading is None:
        return None
    return ReadPhoto.from_data(json.loads(store.keys.unseal(key, photo.sealed_reading, _place(photo.id))))


def masked(store: Storage, photo_id: str) -> bytes:
    """A photo for the staff, small, upright, with what is personal covered: what was read says where; unread, its lower half.

    Refused: not_found, lost."""
    with store.read() as tx:
        found = rows.with_picture(tx, photo_id)
        read = of_photos(tx, store, [photo_id])[photo_id].read if found else None
    if found is None:
        raise Refused("not_found")
    if read is None or not (read.masks or read.readable):
        return service.opened(store, found[1], "masked")
    return _covered(service.opened(store, found[1], "preview"), read)


def _covered(preview: bytes, read: ReadPhoto) -> bytes:
    image = _upright(preview, read.angle)
    draw = ImageDraw.Draw(image)
    for box in read.masks:
        draw.rectangle(_pixels(box, image.width, image.height), fill=_COVER)
    return _jpeg(image)


def portrait(store: Storage, picture: Picture, read: ReadPhoto | None) -> bytes | None:
    """The portrait in the shape that its region wants, cut from the full picture; None where there is no face to cut around."""
    shape: Portrait | None = read.portrait if read else None
    if read is None or shape is None or shape.crop is None:
        return None
    image = _upright(service.opened(store, picture, "full"), read.angle)
    left, top, right, bottom = _pixels(shape.crop, image.width, image.height, margin=0)
    return _jpeg(ImageOps.fit(image.crop((left, top, right, bottom)), (shape.width, shape.height)))


def own_portrait(store: Storage, photo_id: str, person_id: str = "") -> bytes:
    """The same for one photo (only this person's, if named). Refused not_found where there is none."""
    with store.read() as tx:
        found = rows.with_picture(tx, photo_id)
        if found is None or (person_id and found[0].person_id != person_id):
            raise Refused("not_found")
        read = of_photos(tx, store, [photo_id])[photo_id].read
    cut = portrait(store, found[1], read)
    if cut is None:
        raise Refused("not_found")
    return cut


def _upright(data: bytes, angle: int) -> Image.Image:
    """One of our own pictures, turned clockwise."""
    image = Image.open(io.BytesIO(data), formats=("JPEG",)).convert("RGB")
    return image.rotate(-angle, expand=True) if angle % 360 else image


def _pixels(box: Box, width: int, height: int, margin: float = _MARGIN) -> tuple[int, int, int, int]:
    left, top = max(0.0, box.x - margin), max(0.0, box.y - margin)
    right, bottom = min(1.0, box.x + box.w + margin), min(1.0, box.y + box.h + margin)
    return int(left * width), int(top * height), max(1, round(right * width)), max(1, round(bottom * height))


def _jpeg(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=QUALITY)
    return out.getvalue()


def _place(photo_id: str) -> str:
    return f"photo.reading:{photo_id}"
