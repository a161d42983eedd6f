"""The paper form of an application as PDF, from exactly what was confirmed, and the form of a draft, to look at before.

    of_person(house, person_id, receipt) -> bytes    one's own; Problem 404 for everything else
    of_application(house, application_id) -> bytes   for the console, which checks rights and writes its audit before it calls
    of_snapshot(library, region, snapshot, at, receipt="", version="") -> bytes    of anything shaped like `Submit.snapshot`
    tried(library, region, case) -> Drawn            of answers in a file, to try a form by hand; ValueError

Drawing takes a second or two of one processor, so only few are drawn at once. Nothing is kept. What draws is loaded with the
first form: it is a tenth of what a server would have to load before it answers.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlmodel import Session

from backend.applications import store as rows
from backend.applications.service import SNAPSHOT
from backend.applications.states import NotFound
from backend.jobs import House
from backend.storage import check_receipt, now
from backend.web import Problem
from dialogs.directory import SHANGHAI
from dialogs.library import Library
from dialogs.policy.sheets import Filling, Sheet, fill, filling_of

if TYPE_CHECKING:
    from backend.applications.paper import Drawn

_AT_ONCE = threading.BoundedSemaphore(2)
_PATIENCE_SECONDS = 30


def of_person(house: House, person_id: str, receipt: str) -> bytes:
    """See the head of this module."""
    with house.store.read() as tx:
        found = rows.listed(tx, [rows.found_by(check_receipt(receipt) or "", "", "")], None, 1)
        mine = next((row for row in found if row.person_id == person_id), None)
        if mine is None:
            raise Problem(404, "not_found", "没有找到这份申请。请核对编号。")
        snapshot = _snapshot(house, tx, mine)
    return _of_row(house, mine, snapshot)


def of_application(house: House, application_id: str) -> bytes:
    """See the head of this module."""
    with house.store.read() as tx:
        row = rows.application(tx, application_id)
        if row is None:
            raise NotFound()
        snapshot = _snapshot(house, tx, row)
    return _of_row(house, row, snapshot)


def of_snapshot(
    library: Library, region: str, snapshot: Mapping[str, Any], at: datetime, receipt: str = "", version: str = ""
) -> bytes:
    """The form of this region, filled in. `at`: aware, when it was handed in (or is drawn); `version`: of the document that
    it was handed in by. Problem 404 where its document prints no form, 503 when too many are being drawn."""
    pack = library.policy.of_version(region, version)
    written = library.sheet(pack) if pack else None
    if pack is None or written is None:
        raise Problem(404, "no_form", "这里的通知没有印申请表。")
    filling = Filling(
        answers={key: answer["value"] for key, answer in snapshot.get("answers", {}).items()},
        items=snapshot.get("items", {}),
        applied_on=at.astimezone(SHANGHAI).date(),
        receipt=receipt,
        counties=library.county_names,
    )
    sheet = fill(library.policy, pack, written, filling)
    if not _AT_ONCE.acquire(timeout=_PATIENCE_SECONDS):
        raise Problem(503, "busy", "现在人很多。请过一会儿再打开。")
    try:
        return _draw(sheet, at).pdf
    finally:
        _AT_ONCE.release()


def tried(library: Library, region: str, case: Any) -> Drawn:
    """The form for answers from a file (`dialogs.policy.sheets.filling_of`). ValueError says which of them is wrong."""
    pack = library.policy.packs.get(region)
    written = library.sheet(pack) if pack else None
    if pack is None or written is None:
        raise ValueError(f"no form of {region!r}; there are: {', '.join(library.sheets)}")
    filling = replace(filling_of(library.policy, pack, case), counties=library.county_names)
    return _draw(fill(library.policy, pack, written, filling), now())


def _of_row(house: House, row: Any, snapshot: Mapping[str, Any]) -> bytes:
    return of_snapshot(house.library, row.pack, snapshot, row.submitted_at, row.receipt, row.pack_version)


def _snapshot(house: House, tx: Session, row: Any) -> dict[str, Any]:
    key = house.store.keys.load(tx, [row.person_id]).get(row.person_id)
    if key is None:
        raise NotFound()
    return dict(json.loads(house.store.keys.unseal_text(key, row.sealed_snapshot, f"{SNAPSHOT}:{row.id}")))


def _draw(sheet: Sheet, at: datetime) -> Drawn:
    from backend.applications.paper import draw

    return draw(sheet, at)
