"""What the counties' staff keep about their own counties: windows, phones, hours, duty times, who helps in danger.

Saved whole, one row a version, checked by `dialogs.directory.Directory`; every entry may be blank. Who saves names the version
they read: two who write at the same time do not overwrite each other. The talk reads `read_directories` into its Library.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml
from pydantic import ValidationError
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from backend.staff import audit, store
from backend.staff.models import DirectoryVersion
from backend.staff.rights import Staff
from backend.storage import Storage, new_id, now
from dialogs.directory import Directory

CHANGED = "directory"  # said on the live stream when any directory has been saved
BY_DEMO = "demo"
_DEMO_FILE = Path(__file__).with_name("demo_directory.yaml")


class Outdated(Exception):
    """Somebody else has saved since this was read."""


class Unfit(ValueError):
    """The entries do not fit; `places` says where: [{"at": "places.0.name", "says": ...}]."""

    def __init__(self, places: list[dict[str, str]]) -> None:
        super().__init__("the directory does not fit its schema")
        self.places = places


def read_directories(tx: Session) -> dict[str, Directory]:
    """Every county's directory as it stands, by code."""
    return {row.county: Directory.model_validate_json(row.body) for row in store.directories(tx)}


def read(tx: Session, county: str) -> tuple[int, Directory | None]:
    """The version that stands and its entries; (0, None) when nobody has written any."""
    row = store.directory(tx, county)
    return (row.version, Directory.model_validate_json(row.body)) if row else (0, None)


def save(house: Storage, staff: Staff, county: str, version: int, entries: dict[str, Any]) -> int:
    """Save over `version` and return the new one. Unfit when something is wrong, Outdated when somebody was quicker."""
    body = fitting(county, entries).model_dump_json()
    try:
        with house.work() as tx:
            _add(tx, staff.id, county, version, body)
            audit.record(house.keys, tx, staff, "save_directory", "directory", county)
            house.live.changed(tx, [CHANGED])
    except IntegrityError:
        raise Outdated from None
    return version + 1


def fitting(county: str, entries: dict[str, Any]) -> Directory:
    """The entries as a Directory of this county, or Unfit. What was left empty in a list is dropped."""
    try:
        made = Directory.model_validate_json(json.dumps({**entries, "county": county}))
    except ValidationError as wrong:
        places = [{"at": ".".join(map(str, one["loc"])), "says": _says(one["type"])} for one in wrong.errors()]
        raise Unfit(places) from None
    named = [*((f"places.{at}.name", one.name) for at, one in enumerate(made.places))]
    named += [(f"contacts.{at}.name", one.name) for at, one in enumerate(made.contacts)]
    blank = [{"at": at, "says": _says("missing")} for at, name in named if not name.strip()]
    if made.jump_url and urlsplit(made.jump_url).scheme not in ("http", "https"):
        blank.append({"at": "jump_url", "says": "网址要以 http 开头。"})
    blank += [
        {"at": f"duty.{at}.ends", "says": "结束要晚于开始。"}
        for at, one in enumerate(made.duty)
        if one.ends <= one.begins
    ]
    if made.answer_minutes < 1:
        blank.append({"at": "answer_minutes", "says": "请写 1 或更大的数。"})
    if blank:
        raise Unfit(blank)
    return made


def seed_demo(house: Storage) -> None:
    """Write the demo's invented entries for counties that have none. Only ever called in the demo."""
    if not house.settings.demo:
        raise RuntimeError("invented entries exist in the demo only")
    with house.work() as tx:
        for one in demo_directories():
            if store.directory(tx, one.county) is None:
                _add(tx, BY_DEMO, one.county, 0, one.model_dump_json())


def demo_directories() -> list[Directory]:
    """The invented entries, from the file beside this module. Each says of itself that it is invented."""
    listed = [Directory.model_validate(one) for one in yaml.safe_load(_DEMO_FILE.read_text("utf-8"))]
    if not all(one.invented for one in listed):
        raise ValueError(f"{_DEMO_FILE.name}: every county of the demo needs `invented: true`")
    return listed


def _add(tx: Session, staff_id: str, county: str, version: int, body: str) -> None:
    row = store.directory(tx, county)
    if (row.version if row else 0) != version:
        raise Outdated
    fresh = DirectoryVersion(id=new_id(), county=county, version=version + 1, body=body, staff_id=staff_id, at=now())
    tx.add(fresh)
    tx.flush()


_WRONG = {
    "missing": "这里要填。",
    "string_too_short": "这里要填。",
    "time_parsing": "请写成 09:00 这样的时间。",
    "date_from_datetime_parsing": "请写成 2027-01-01 这样的日期。",
    "date_parsing": "请写成 2027-01-01 这样的日期。",
    "value_error": "请至少选一天。",
    "int_parsing": "请写数字。",
    "extra_forbidden": "没有这一项。",
}


def _says(kind: str) -> str:
    return _WRONG.get(kind, "这里写得不对。")


def blank(county: str, name: str) -> Directory:
    """A directory in which nothing has been written yet."""
    return Directory(county=county, name=name)
