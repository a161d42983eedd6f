"""Where the rooms say what they do with an effect of the talk, so that the writer need not know them.

A room registers one handler a kind when it is imported. The writer calls it once a group, inside the group's unit of work,
with all effects of that kind: write rows as sets, start jobs, do no I/O, and never raise for one person's data.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from backend.storage import DataKey, Storage
from dialogs.messages import Reply


@dataclass(frozen=True, slots=True)
class Wanted:
    """One effect, with whose it is. `key` seals what is kept of it; `at` is the moment of the turn."""

    person_id: str
    conversation_id: str
    effect: Any  # one of dialogs.messages.Effect, or `Aside`
    at: datetime
    key: DataKey


@dataclass(frozen=True, slots=True)
class Aside:
    """The bot or the staff said something that answers no message of the person: whoever is not looking has to be told.

    `event`: the system message that brought it. `entry_ids`: the transcript's entries. `replies`: the turn's blocks, the question
    last, to be rendered for the door that can reach the person.
    """

    event: str
    entry_ids: tuple[str, ...]
    channel: str
    replies: tuple[Reply, ...] = ()
    kind: str = "aside"


Handler = Callable[[sa.Connection, Storage, Sequence[Wanted]], None]
_handlers: dict[str, Handler] = {}


def register(kind: str, handler: Handler) -> None:
    """Have `handler` called with every effect of this kind ("submit", "place_photos", ..., "aside"). One handler a kind."""
    if _handlers.setdefault(kind, handler) is not handler:
        raise ValueError(f"two rooms want the effect {kind!r}")


def carry_out(tx: sa.Connection, store: Storage, wanted: Sequence[Wanted]) -> None:
    """Hand each effect to its room, kind by kind, in the order of their first coming."""
    by_kind: dict[str, list[Wanted]] = {}
    for one in wanted:
        by_kind.setdefault(one.effect.kind, []).append(one)
    for kind, same in by_kind.items():
        if kind in _handlers:
            _handlers[kind](tx, store, same)
