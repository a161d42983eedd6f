"""The audit: who of the staff did or saw what, when, and the code of the reason. Ids only; a reason in words is sealed.

What is revealed is recorded before it is shown: the row is committed first, and the value is read after. One job closes seals
over what has been written: a keyed hash of a batch and of the seal before it. Who changes or removes a single row (or a whole
seal) in the database without the keys of the house breaks the chain; `broken_seals` says where.
How a row reads is in `deeds`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

from sqlmodel import Session

from backend.staff import store
from backend.staff.models import AuditRow, AuditSeal
from backend.staff.rights import Staff
from backend.storage import Keys, Storage, new_id, now

Verb = Literal[
    "sign_in", "sign_out", "add_account", "set_password", "open", "take", "say", "return", "search", "reveal",
    "move_case", "ask_again", "save_directory", "answer_question",
    "dismiss_question",
]  # fmt: skip
Kind = Literal["staff", "conversation", "application", "case", "photo", "directory", "question"]
BY_COMMAND = "command"  # "who", for what is done on the machine itself
_BATCH = 500


def record(
    keys: Keys, tx: Session, who: Staff | str, verb: Verb, kind: Kind, thing_id: str, reason: str = "", words: str = ""
) -> None:
    """Write one row in this unit of work. `who`: the staff member, or an id. `reason`: a code; `words`: free text, sealed."""
    row_id = new_id()
    sealed = keys.seal(keys.house, words, f"audit.words:{row_id}") if words else None
    staff_id = who if isinstance(who, str) else who.id
    tx.add(
        AuditRow(
            id=row_id, at=now(), staff_id=staff_id, verb=verb, kind=kind, thing_id=thing_id, reason=reason,
            sealed_words=sealed,
        )
    )  # fmt: skip


def seen_lately(tx: Session, who: Staff, kind: Kind, thing_id: str) -> bool:
    """Whether this person's opening of this thing was recorded within ten minutes: a page that reads again is no second look."""
    return store.looked(tx, who.id, kind, thing_id, now() - timedelta(minutes=10))


def seal(house: Storage) -> int:
    """Close a seal over what is open, batch by batch; returns how many rows were sealed. Only one may run at a time."""
    done = 0
    while True:
        with house.work() as tx:
            rows = store.unsealed(tx, _BATCH)
            if not rows:
                return done
            last = store.last_seal(tx)
            number = last.number + 1 if last else 1
            digest = _digest(house.keys, number, last.digest if last else "", rows)
            # Two at once would both write this number: the second fails on the primary key and does nothing.
            tx.add(AuditSeal(number=number, at=now(), rows=len(rows), digest=digest))
            for row in rows:
                row.seal = number
            done += len(rows)


def broken_seals(keys: Keys, tx: Session) -> list[int]:
    """Numbers of the seals that do not fit their rows or the seal before. Batches that were let go by age are passed over."""
    broken, before, expected = [], "", 1
    for one in store.seals(tx):
        rows = store.rows_of_seal(tx, one.number)
        fits = not rows or (len(rows) == one.rows and _digest(keys, one.number, before, rows) == one.digest)
        if not fits or one.number != expected:
            broken.append(one.number)
        before, expected = one.digest, one.number + 1
    return broken


def forget(tx: Session, before: datetime) -> None:
    """Let go what is older than the retention allows, in whole batches."""
    store.drop_old_audit(tx, before)


def words_of(keys: Keys, row: AuditRow) -> str:
    """The free text of a row, opened."""
    return keys.unseal_text(keys.house, row.sealed_words, f"audit.words:{row.id}") if row.sealed_words else ""


def _digest(keys: Keys, number: int, before: str, rows: Sequence[AuditRow]) -> str:
    return keys.house.digest("\n".join([f"seal {number}", before, *(_line(row) for row in rows)]))


def _line(row: AuditRow) -> str:
    words = hashlib.sha256(row.sealed_words).hexdigest() if row.sealed_words else ""
    parts = (row.id, row.at.isoformat(), row.staff_id, row.verb, row.kind, row.thing_id, row.reason, words)
    return "|".join(parts)
