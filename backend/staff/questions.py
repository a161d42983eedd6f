"""Questions that nobody could answer, and what people wrote when they called: like ones together, the most asked first.

Likeness is that of character bigrams, so that no words have to be cut; a group never crosses a county or a reason. Texts are
masked before they leave, and a person's conversation is named only to those who may read it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from sqlmodel import Session

from backend.conversations.models import QuestionKept
from backend.jobs import House
from backend.staff import audit, store
from backend.staff.desk import mask_of
from backend.staff.rights import Staff
from backend.staff.words import words
from backend.storage import DataKey, now

Json = dict[str, Any]
Outcome = Literal["answer_question", "dismiss_question"]
MOST = 500  # questions that are looked at
ALIKE = 0.5  # share of bigrams in common (Dice) from which two questions are one; measured on the lines of the test
_NO_WORD = re.compile(r"[\W_]+|请问|一下|呢|吗|啊|呀|吧|了")


@dataclass(frozen=True, slots=True)
class Kept:
    """One question as it is shown."""

    row: QuestionKept
    county: str
    text: str


def groups(house: House, tx: Session, staff: Staff) -> list[Json]:
    """Open questions of this person's counties: each group by its newest, the greatest first, then the newest."""
    found = store.questions(tx, staff.counties, MOST)
    keys = house.store.keys.load(tx, {kept.person_id for kept, _ in found})
    mask = cache(lambda talk, person: mask_of(house, tx, keys[person], talk))
    kept = [
        Kept(row, county, mask(row.conversation_id, row.person_id).own(_text(house, keys[row.person_id], row)))
        for row, county in found
        if row.person_id in keys
    ]
    together = sorted(grouped(kept), key=lambda same: (-len(same), -same[0].row.at.timestamp()))
    return [_shown(same, staff) for same in together]


def grouped(kept: Iterable[Kept]) -> list[list[Kept]]:
    """Each question with the first group that has one like it, the newest first in each."""
    found: list[tuple[list[Kept], list[frozenset[str]]]] = []
    for one in sorted(kept, key=lambda one: one.row.at, reverse=True):
        mine = bigrams(one.text)
        for same, signs in found:
            alike = any(likeness(mine, other) >= ALIKE for other in signs)
            if alike and (same[0].county, same[0].row.reason) == (one.county, one.row.reason):
                same.append(one)
                signs.append(mine)
                break
        else:
            found.append(([one], [mine]))
    return [same for same, _ in found]


def bigrams(text: str) -> frozenset[str]:
    """The pairs of neighbouring characters, without signs and words of courtesy; a single character stands for itself."""
    bare = _NO_WORD.sub("", text)
    return frozenset(bare[at : at + 2] for at in range(max(1, len(bare) - 1)))


def likeness(one: frozenset[str], other: frozenset[str]) -> float:
    """0 to 1: twice what both have, by what they have together (Dice)."""
    return 2 * len(one & other) / (len(one) + len(other)) if one and other else 0.0


def settle(house: House, tx: Session, staff: Staff, ids: Sequence[str], outcome: Outcome) -> bool:
    """Mark these as answered or dismissed; False, and nothing is marked, if one is not within the fence."""
    found = [store.question(tx, staff.counties, one) for one in dict.fromkeys(ids)]
    known = [one for one in found if one is not None]
    if not known or len(known) < len(found):
        return False
    for one in known:
        if one.answered_at is None:
            one.answered_at = now()
            tx.add(one)
            audit.record(house.store.keys, tx, staff, outcome, "question", one.id)
    return True


def _text(house: House, key: DataKey, row: QuestionKept) -> str:
    return house.store.keys.unseal_text(key, row.sealed_text, f"question_kept.text:{row.id}")


def _shown(same: Sequence[Kept], staff: Staff) -> Json:
    newest = same[0]
    return {
        **_one(newest, staff),
        "county": newest.county,
        "reason": words().called.get(newest.row.reason, words().unanswered),
        "count": len(same),
        "ids": [one.row.id for one in same],
        "others": [_one(one, staff) for one in same[1:]],
    }


def _one(one: Kept, staff: Staff) -> Json:
    talk = one.row.conversation_id if staff.may("people") else None
    return {"id": one.row.id, "at": one.row.at.isoformat(), "text": one.text, "conversation_id": talk}
