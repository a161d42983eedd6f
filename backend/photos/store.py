"""Every query on the tables of photos. Those of a turn are SQLAlchemy Core over sets, built once.

Some columns of rooms above are read by their names: the state of a conversation (has its person agreed?), the document that it is
led by, what it has asked, and which drafts there are (a picture of a draft that is no more belongs to nobody).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from backend.photos.intake import Decoded
from backend.photos.models import Photo, Picture, PictureState

_photo: sa.Table = sa.inspect(Photo).local_table  # type: ignore[assignment]
_conversation = sa.table(
    "conversation", *(sa.column(name) for name in ("id", "person_id", "state", "pack", "question"))
)
_draft = sa.table("draft", sa.column("id"), sa.column("submitted"))
_application = sa.table("application", sa.column("draft_id"))
Row = dict[str, Any]


# --- the turn ---

_PLACE = (
    sa.update(_photo)
    .where(
        _photo.c.id == sa.bindparam("b_id"),
        _photo.c.person_id == sa.bindparam("b_person"),
        _photo.c.draft_id.in_(["", sa.bindparam("b_draft")]),
    )
    .values(
        **{
            name: sa.bindparam(name)
            for name in ("conversation_id", "draft_id", "material", "case_id", "position", "placed_at")
        }
    )
)


def begin_fetching(tx: sa.Connection, rows: Sequence[Row]) -> None:
    """Insert photos that lie with a platform; those that are known already stay as they are."""
    known = set(tx.execute(sa.select(_photo.c.id).where(_photo.c.id.in_([row["id"] for row in rows]))).scalars())
    if new := [row for row in rows if row["id"] not in known]:
        tx.execute(sa.insert(_photo), new)


def place(tx: sa.Connection, rows: Sequence[Row]) -> None:
    """Give photos their place. A photo of somebody else is left alone, and one that belongs to another draft stays there."""
    if rows:
        tx.execute(_PLACE, rows)


_LOOK_AT = (
    sa.update(_photo)
    .where(_photo.c.id == sa.bindparam("b_id"), _photo.c.person_id == sa.bindparam("b_person"))
    .values(look_at=sa.bindparam("look_at"))
)


def want_reading(tx: Session | sa.Connection, photo_ids: Sequence[str], at: datetime) -> Sequence[str]:
    """Those of these photos that are kept, have a place and were not asked for before: they are due from now on."""
    fit = (_photo.c.state == "kept") & (_photo.c.reading == "") & _photo.c.placed_at.is_not(None)
    mine = _photo.c.id.in_(photo_ids) & fit & (_photo.c.material != "signature")
    due = tx.execute(sa.select(_photo.c.id).where(mine)).scalars().all()
    if due:
        tx.execute(sa.update(_photo).where(_photo.c.id.in_(due)).values(reading="due", read_due_at=at))
    return due


def look_at(tx: sa.Connection, rows: Sequence[Row]) -> None:
    """Mark photos for a person of the office. A photo of somebody else is left alone."""
    if rows:
        tx.execute(_LOOK_AT, rows)


# --- one photo ---


def photo(tx: Session, photo_id: str) -> Photo | None:
    return tx.get(Photo, photo_id)


def with_picture(tx: Session, photo_id: str) -> tuple[Photo, Picture] | None:
    both = select(Photo, Picture).where(Photo.id == photo_id, Picture.id == Photo.picture_id)
    return tx.exec(both).one_or_none()


def picture(tx: Session, picture_id: str) -> Picture | None:
    return tx.get(Picture, picture_id)


def kept_with_mark(tx: Session, mark: str) -> Picture | None:
    return tx.exec(select(Picture).where(Picture.mark == mark, Picture.state == "kept")).one_or_none()


def unplaced_of(tx: Session, picture_id: str) -> Photo | None:
    """A photo of this picture that still has no place: the same upload, sent again."""
    mine = select(Photo).where(Photo.picture_id == picture_id, col(Photo.placed_at).is_(None))
    return tx.exec(mine.order_by(col(Photo.id)).limit(1)).one_or_none()


def count_unplaced(tx: Session, person_id: str, since: datetime) -> int:
    mine = (_photo.c.person_id == person_id) & _photo.c.placed_at.is_(None) & (_photo.c.at > since)
    return int(tx.execute(sa.select(sa.func.count()).where(mine)).scalar_one())


def settle(tx: Session, picture_id: str, mark: str) -> bool:
    """The files of this picture are there. False if its row has gone meanwhile."""
    return _moved(tx, picture_id, "reserved", state="kept", mark=mark)


def now_smaller(tx: Session, picture: Picture, full: str, made: Decoded) -> bool:
    """This file stands for the picture from now on. False if the one before it does not any more."""
    mine = sa.update(Picture).where(
        col(Picture.id) == picture.id, col(Picture.full) == picture.full, col(Picture.state) == "kept"
    )
    return _count(tx, mine.values(full=full, width=made.width, height=made.height, size=len(made.full))) == 1


def lose(tx: Session, picture_id: str) -> bool:
    """Its files are not whole. The mark goes, so that the same picture sent again is kept anew."""
    return _moved(tx, picture_id, "kept", state="lost", mark=None)


def seen_whole(tx: Session, picture_ids: Sequence[str], at: datetime) -> None:
    tx.execute(sa.update(Picture).where(col(Picture.id).in_(picture_ids)).values(checked_at=at))


def arrived(tx: Session, photo_id: str, picture_id: str) -> bool:
    """A photo that was being fetched is kept. False if it is not wanted any more."""
    return _fetched(tx, photo_id, state="kept", picture_id=picture_id, sealed_media=None, due_at=None)


def refuse(tx: Session, photo_id: str) -> bool:
    return _fetched(tx, photo_id, state="refused", sealed_media=None, due_at=None)


def try_later(tx: Session, one: Photo, due_at: datetime) -> bool:
    """Plan one more try; False if somebody else has."""
    mine = sa.update(Photo).where(
        col(Photo.id) == one.id, col(Photo.tries) == one.tries, col(Photo.state) == "fetching"
    )
    return _count(tx, mine.values(tries=one.tries + 1, due_at=due_at)) == 1


def was_read(tx: Session, photo_id: str, state: str, sealed: bytes | None) -> bool:
    """A photo that was due has been read, or nobody could. False if another run was quicker, or it is gone."""
    mine = sa.update(Photo).where(col(Photo.id) == photo_id, col(Photo.reading) == "due")
    look = {} if sealed else {"look_at": "not_looked"}
    return _count(tx, mine.values(reading=state, sealed_reading=sealed, read_due_at=None, **look)) == 1


def read_later(tx: Session, one: Photo, at: datetime) -> bool:
    """Count one more start of the reading; False if somebody else has."""
    mine = sa.update(Photo).where(
        col(Photo.id) == one.id, col(Photo.read_tries) == one.read_tries, col(Photo.reading) == "due"
    )
    return _count(tx, mine.values(read_tries=one.read_tries + 1, read_due_at=at)) == 1


def region_of(tx: Session, conversation_id: str) -> str:
    """The document that this conversation is led by."""
    found = tx.execute(sa.select(_conversation.c.pack).where(_conversation.c.id == conversation_id)).scalar()
    return str(found or "")


def question_to(tx: Session, person_id: str) -> str:
    """What the talk has asked this person, "" for nothing."""
    asked = sa.select(_conversation.c.question).where(_conversation.c.person_id == person_id)
    return str(tx.execute(asked).scalar() or "")


def _fetched(tx: Session, photo_id: str, **values: Any) -> bool:
    mine = sa.update(Photo).where(col(Photo.id) == photo_id, col(Photo.state) == "fetching")
    return _count(tx, mine.values(**values)) == 1


def _moved(tx: Session, picture_id: str, before: PictureState, **values: Any) -> bool:
    mine = sa.update(Picture).where(col(Picture.id) == picture_id, col(Picture.state) == before)
    return _count(tx, mine.values(**values)) == 1


def _count(tx: Session, statement: sa.Update | sa.Delete) -> int:
    return int(tx.execute(statement).rowcount)  # type: ignore[attr-defined]


# --- many ---


def of_draft(tx: Session, draft_id: str) -> Sequence[Photo]:
    mine = select(Photo).where(Photo.draft_id == draft_id, Photo.state != "refused")
    return tx.exec(mine.order_by(col(Photo.placed_at), col(Photo.position), col(Photo.id))).all()


def of_person(tx: Session, person_id: str) -> Sequence[tuple[Photo, Picture]]:
    both = select(Photo, Picture).where(Photo.person_id == person_id, Picture.id == Photo.picture_id)
    return tx.exec(both.order_by(col(Photo.id))).all()


def pictures_of_person(tx: Session, person_id: str) -> Sequence[Picture]:
    return tx.exec(select(Picture).where(Picture.person_id == person_id)).all()


def agreed(tx: Session, person_id: str) -> bool:
    """Whether this person's talk is past the privacy notice."""
    state = tx.execute(sa.select(_conversation.c.state).where(_conversation.c.person_id == person_id)).scalar()
    return state is not None and not state.startswith("consent/")


def drop(tx: Session, photo_ids: Sequence[str]) -> set[str]:
    """Delete photos; pictures that no photo shows any more become `gone`, and their ids are returned."""
    mine = col(Photo.id).in_(photo_ids)
    pictures = set(tx.exec(select(Photo.picture_id).where(mine, Photo.picture_id != "")))
    tx.execute(sa.delete(Photo).where(mine))
    return give_up_unshown(tx, pictures)


def give_up_unshown(tx: Session, picture_ids: set[str]) -> set[str]:
    shown = tx.exec(select(Photo.picture_id).where(col(Photo.picture_id).in_(picture_ids))).all()
    unshown = picture_ids.difference(shown)
    give_up(tx, unshown)
    return unshown


def give_up(tx: Session, picture_ids: set[str]) -> None:
    """These pictures are to be deleted: from the commit on their key is no more, their files follow."""
    mine = sa.update(Picture).where(col(Picture.id).in_(picture_ids))
    tx.execute(mine.values(state="gone", mark=None, sealed_key=DESTROYED))


def drop_gone(tx: Session, picture_ids: Sequence[str]) -> None:
    tx.execute(sa.delete(Picture).where(col(Picture.id).in_(picture_ids), col(Picture.state) == "gone"))


def drop_person(tx: Session, person_id: str) -> None:
    for table in (Photo, Picture):
        tx.execute(sa.delete(table).where(col(table.person_id) == person_id))


DESTROYED = b"\x01"  # begins like something sealed, and opens with nothing


# --- sweeps ---


def overdue(tx: Session, before: datetime, *, limit: int = 200) -> Sequence[Photo]:
    """Photos whose fetching was due before this moment and has not moved."""
    stuck = select(Photo).where(Photo.state == "fetching", col(Photo.due_at) < before)
    return tx.exec(stuck.order_by(col(Photo.due_at)).limit(limit)).all()


def unread(tx: Session, before: datetime, *, limit: int = 200) -> Sequence[Photo]:
    """Photos whose reading was due before this moment and has not ended."""
    stuck = select(Photo).where(Photo.reading == "due", col(Photo.read_due_at) < before)
    return tx.exec(stuck.order_by(col(Photo.read_due_at)).limit(limit)).all()


def of_nobody(tx: Session, before: datetime, *, limit: int = 500) -> Sequence[str]:
    """Photos older than this moment that were refused, never placed, or whose draft is no more and became no application.
    Of a draft that was submitted only the application keeps them: they go when its time is over."""
    begun = sa.exists().where(_draft.c.id == _photo.c.draft_id, _draft.c.submitted.is_(False))
    owned = begun | sa.exists().where(_application.c.draft_id == _photo.c.draft_id)
    lost = (_photo.c.state == "refused") | _photo.c.placed_at.is_(None) | ~owned
    old = sa.select(_photo.c.id).where(sa.func.coalesce(_photo.c.placed_at, _photo.c.at) < before, lost)
    return tx.execute(old.order_by(_photo.c.id).limit(limit)).scalars().all()


def unfinished(tx: Session, before: datetime, *, limit: int = 500) -> Sequence[str]:
    """Pictures whose files never all came: the process died in between. Or none of whose photos were ever written."""
    shown = sa.exists().where(_photo.c.picture_id == col(Picture.id))
    half = (col(Picture.state) == "reserved") | ((col(Picture.state) == "kept") & ~shown)
    return tx.exec(select(Picture.id).where(col(Picture.at) < before, half).limit(limit)).all()


def gone(tx: Session, *, limit: int = 500) -> Sequence[Picture]:
    return tx.exec(select(Picture).where(Picture.state == "gone").limit(limit)).all()


def longest_unseen(tx: Session, *, limit: int) -> Sequence[Picture]:
    return tx.exec(select(Picture).where(Picture.state == "kept").order_by(col(Picture.checked_at)).limit(limit)).all()


def count_lost(tx: Session) -> int:
    return int(
        tx.execute(sa.select(sa.func.count()).select_from(Picture).where(col(Picture.state) == "lost")).scalar_one()
    )
