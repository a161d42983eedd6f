"""The audit as it is read: each row in words, with the receipt number of the application that it is about.

Nothing here is written down anywhere: the rows hold ids and codes, and what they stand for is looked up at each reading. What a
person's rows are about is named by receipt, item and paper, never by anybody's name.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlmodel import Session

from backend.applications import states
from backend.applications.models import Application
from backend.applications.shown import name_of
from backend.jobs import House
from backend.photos import service as photos
from backend.photos.service import Placed
from backend.staff import audit, store
from backend.staff.cases import label_of, part_names
from backend.staff.models import AuditRow
from backend.staff.rights import Staff
from backend.staff.words import words

Json = dict[str, Any]


def read(house: House, tx: Session, who: Staff, before: str = "", limit: int = 100) -> list[Json]:
    """Rows for the eyes of those who may audit, newest first: what was done by people of their own counties, or by a command.
    Whoever keeps the accounts sees all of it."""
    mine = None if who.may("accounts") else store.staff_of_counties(tx, who.counties)
    rows = store.audit_rows(tx, before, limit, mine)
    names = store.shown_names(
        tx, {row.staff_id for row in rows} | {row.thing_id for row in rows if row.kind == "staff"}
    )
    things = _things(house, tx, rows)
    return [
        {
            "id": row.id,
            "at": row.at.isoformat(),
            "who": words().by_command if row.staff_id == audit.BY_COMMAND else names.get(row.staff_id, row.staff_id),
            "verb": words().verbs.get(row.verb, row.verb),
            "kind": words().things.get(row.kind, row.kind),
            "thing": names.get(row.thing_id, "") if row.kind == "staff" else things.get(row.thing_id, ""),
            "thing_id": row.thing_id,
            "reason": _reason(row),
            "words": _told(house, row),
            "sealed": row.seal is not None,
        }
        for row in rows
    ]


def _reason(row: AuditRow) -> str:
    """Why it was seen, or what was done with a case, or by what somebody searched."""
    moved = states.words().verbs if row.verb in ("move_case", "ask_again") else {}
    told: dict[str, str] = {**words().reasons, **words().searched, **moved}  # type: ignore[dict-item]
    return told.get(row.reason, row.reason)


def _told(house: House, row: AuditRow) -> str:
    """The free text. Of what was revealed the first line is the key of the line that was seen."""
    text = audit.words_of(house.store.keys, row)
    if row.verb != "reveal":
        return text
    key, _, told = text.partition("\n")
    seen = (
        words().form if key == "form" else label_of(house, key.removeprefix("field:").rpartition(":")[2]) if key else ""
    )
    return "\n".join(part for part in (seen, told) if part)


def _things(house: House, tx: Session, rows: Sequence[AuditRow]) -> dict[str, str]:
    """What the ids stand for, by id: the receipt, with the item of a case and the paper of a picture; a county's name."""
    ids: dict[str, set[str]] = {}
    for row in rows:
        ids.setdefault(row.kind, set()).add(row.thing_id)
    placed = {one: where for one in ids.get("photo", ()) if (where := photos.placed(tx, one))}
    cases = store.cases_named(tx, ids.get("case", ()))
    talks = ids.get("conversation", set())
    applications = store.applications_named(
        tx, ids.get("application", set()), talks, {where.draft_id for where in placed.values()}
    )
    found = {one.id: one.receipt for one in applications}
    found |= {one.conversation_id: one.receipt for one in applications if one.conversation_id in talks}
    found |= {case.id: f"{of.receipt} {name_of(house, of.pack, case.item)}" for case, of in cases}
    found |= {one: _picture(house, where, applications) for one, where in placed.items()}
    return found | {code: house.library.county_names.get(code, code) for code in ids.get("directory", ())}


def _picture(house: House, where: Placed, applications: Sequence[Application]) -> str:
    receipt = next((one.receipt for one in applications if one.draft_id == where.draft_id), "")
    return f"{receipt} {part_names(house).get(where.material, '')}".strip()
