"""The one line through which every turn goes: a thread that commits what has come in together, as sets, in one transaction.

A reply is let go only when its turn is on disk. A message that breaks (a raising step, a row the database refuses) fails alone;
the others of its group are done again without it. On SQLite the whole group passes the gate; on PostgreSQL it locks its doors
first, and a conversation that another process has moved meanwhile (its version differs) makes the group be done again.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from prometheus_client import Counter, Histogram
from sqlalchemy.exc import IntegrityError, InterfaceError, OperationalError

from backend.conversations import store as rows
from backend.conversations.entries import Answer
from backend.conversations.group import Group, Incoming, Unknown
from backend.people.effects import carry_out
from backend.storage import Storage, now
from backend.storage.engines import GateJammed
from backend.web import place
from dialogs.messages import Message, SystemEvent, Turn
from dialogs.session import Session

__all__ = ["Answer", "Away", "Busy", "Unknown", "Writer"]

log = logging.getLogger(__name__)

Step = Callable[[Any, Session, Message], Turn]
_MOST = 64  # turns in a group: more gains nothing and makes the last wait
_QUEUE = 2_000  # turns waiting before new ones are refused
_AGAIN = 3  # times a group is done again after a conflict, before each turn is done alone

_TURNS = Counter("yijianshi_turns_total", "Turns by door and outcome", ["channel", "outcome"])
_GROUPS = Histogram("yijianshi_turn_group_size", "Turns committed together", buckets=(1, 2, 4, 8, 16, 32, 64))
_COMMITS = Histogram("yijianshi_turn_group_seconds", "Time from the begin to the commit of a group")


class Busy(Exception):
    """Too many turns are waiting: the person may try again in a moment."""


class Away(Exception):
    """The database cannot be reached. Nothing of the message was kept: it may be sent again."""


@dataclass(slots=True)
class _Waiting:
    """A message on its way, and whoever waits for it: a future of a loop, or of a thread."""

    incoming: Incoming
    loop: asyncio.AbstractEventLoop | None
    future: asyncio.Future[Answer] | Future[Answer]
    answer: Answer | None = None
    error: Exception | None = None

    def release(self) -> None:
        """Let the answer go. Whoever hung up meanwhile has cancelled the future: the turn stands, a retry gets its answer."""
        if self.future.done():
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        elif self.answer is not None:
            self.future.set_result(self.answer)


@dataclass(slots=True)
class Writer:
    """One per process. `start` and `stop` once each; the rest from any thread or loop."""

    store: Storage
    library: Any
    step: Step
    _queue: queue.SimpleQueue[_Waiting | None] = field(default_factory=queue.SimpleQueue)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def stop(self) -> None:
        """Commit what is waiting, then end."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join(timeout=30)
            self._thread = None

    # --- the doors ---

    async def say(self, app: str, key: str, message: Message) -> Answer:
        """A person's message. `app`: the door; `key`: the door's own name for the person (openid, cookie). Makes the person
        known if this is their first. Busy if too much is waiting; else whatever broke the step."""
        return await self._ask(Incoming.from_door(self.store, app, key, message))

    async def system(self, conversation_id: str, event: SystemEvent, data: Mapping[str, Any], key: str) -> Answer:
        """The house's own message to a conversation. `key` names the event: told twice, it acts once. Unknown if it is gone."""
        return await self._ask(self._told(conversation_id, event, data, key))

    def say_and_wait(self, app: str, key: str, message: Message) -> Answer:
        """`say` for threads."""
        return self._wait(Incoming.from_door(self.store, app, key, message))

    def system_and_wait(self, conversation_id: str, event: SystemEvent, data: Mapping[str, Any], key: str) -> Answer:
        """`system` for threads: jobs and routes of the staff."""
        return self._wait(self._told(conversation_id, event, data, key))

    def _told(self, conversation_id: str, event: SystemEvent, data: Mapping[str, Any], key: str) -> Incoming:
        message = Message(id=key, kind="system", at=now(), event=event, data=dict(data), channel="system")
        return Incoming.from_house(self.store, conversation_id, message)

    async def _ask(self, incoming: Incoming) -> Answer:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Answer] = loop.create_future()
        self._put(_Waiting(incoming, loop, future))
        return await future

    def _wait(self, incoming: Incoming) -> Answer:
        future: Future[Answer] = Future()
        self._put(_Waiting(incoming, None, future))
        return future.result(timeout=60)

    def _put(self, waiting: _Waiting) -> None:
        if self._thread is None or self._queue.qsize() > _QUEUE:
            raise Busy
        self._queue.put(waiting)

    # --- the thread ---

    def _run(self) -> None:
        going = True
        while going:
            group: list[_Waiting] = []
            one = self._queue.get()
            while one is not None:
                group.append(one)
                if len(group) == _MOST or self._queue.empty():
                    break
                one = self._queue.get()
            going = one is not None
            self._commit(group)
            self._release(group)

    def _commit(self, group: list[_Waiting]) -> None:
        """Commit these turns; afterwards each has an answer or an error. Never raises."""
        if not group:
            return
        met: Exception = rows.Conflict()
        for _ in range(_AGAIN):
            try:
                self._commit_once(group)
                return
            except (rows.Conflict, IntegrityError) as quicker:  # another process was: read again, find what it has done
                met = quicker
            except (
                GateJammed,
                OperationalError,
                InterfaceError,
            ) as away:  # a cut connection or a deadlock is tried again
                met = away
            except Exception as broken:  # noqa: BLE001 - whatever one turn does must not end the thread of all
                self._alone(group, broken)
                return
        if isinstance(met, rows.Conflict | IntegrityError):
            self._alone(group, met)
            return
        log.error("database_away", extra={"error": type(met).__name__, "count": len(group)})
        for one in group:
            one.error = Away()

    def _alone(self, group: list[_Waiting], broken: Exception) -> None:
        """One of these breaks the group: each by itself, so that only that one fails."""
        if len(group) == 1:
            log.error("turn_failed", extra={"error": type(broken).__name__, "where": place(broken)})
            group[0].error = broken
            return
        for one in group:
            self._commit([one])

    def _commit_once(self, waiting: list[_Waiting]) -> None:
        began = time.perf_counter()
        group = Group(self.store, self.library, self.step, [one.incoming for one in waiting])
        with self.store.turn() as tx:
            group.load(tx)
            outcomes = group.plan(tx)
            group.save(tx)
            carry_out(tx, self.store, group.effects)
            self.store.live.changed(tx, group.changed)
        for one, outcome in zip(waiting, outcomes, strict=True):
            one.answer, one.error = (outcome, None) if isinstance(outcome, Answer) else (None, outcome)
        _GROUPS.observe(len(waiting))
        _COMMITS.observe(time.perf_counter() - began)

    def _release(self, group: list[_Waiting]) -> None:
        """Wake each loop once for all of its turns."""
        loops: dict[asyncio.AbstractEventLoop, list[_Waiting]] = {}
        for one in group:
            outcome = type(one.error).__name__ if one.error else "done"
            _TURNS.labels(one.incoming.message.channel, outcome).inc()
            if one.loop is None:
                one.release()
            elif not one.loop.is_closed():
                loops.setdefault(one.loop, []).append(one)
        for loop, mine in loops.items():
            loop.call_soon_threadsafe(_release_all, mine)


def _release_all(group: list[_Waiting]) -> None:
    for one in group:
        one.release()
