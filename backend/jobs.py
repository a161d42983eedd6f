"""The durable engine: background work that starts in the same transaction as the row that asks for it.

Rows are the truth, the engine (DBOS) is the fast path: every job can run twice, carries ids only, and a room's sweep starts
again what has not moved. A job is a plain function `(house, *ids)` registered by name; rooms below start jobs of rooms above
by that name alone. `drain` runs what is waiting without the engine, which is how most tests do it.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa
from dbos import DBOS, DBOSClient, DBOSConfig, Serializer
from sqlmodel import Session

from backend.settings import Settings
from backend.storage import Storage
from backend.web import place

log = logging.getLogger(__name__)

_APP = "yijianshi"
_VERSION = "1"  # of the shape of workflows; work begun under another version waits for ever, so it stays
QUEUES = {"push": 4, "work": 4, "photos": 2, "reading": 4}  # queue -> how many at once in one process
_POLL_SECONDS = 0.5  # a look at an empty queue was measured at 3 ms of CPU, three queues, for ever
_TRIES = 3

Work = Callable[..., None]


@dataclass(slots=True)
class House:
    """What a job may reach: the rooms' shared things. `library` and `writer` are there in every process that runs jobs."""

    settings: Settings
    store: Storage
    library: Any = None
    writer: Any = None
    doors: dict[str, Any] = field(default_factory=dict)  # outgoing clients of the channels, by name
    reader: Any = None  # `backend.photos.reader.Reader`, in processes that run jobs and read pictures


@dataclass(frozen=True, slots=True)
class _Job:
    work: Work
    queue: str
    cron: str  # "" for jobs that are started by rows


_registered: dict[str, _Job] = {}


def job(name: str, *, queue: str = "work", cron: str = "") -> Callable[[Work], Work]:
    """Register a job. `name` is "room.verb"; with `cron` (five fields, Asia/Shanghai) it also runs by the clock, without ids."""
    if queue not in QUEUES:
        raise ValueError(f"job {name}: there is no queue {queue!r}")

    def register(work: Work) -> Work:
        _registered[name] = _Job(work, queue, cron)
        return work

    return register


class JsonSerializer(Serializer):
    """Arguments and results as JSON. What is neither an id nor a number has no business there and is refused."""

    def serialize(self, data: Any) -> str:
        return json.dumps(data, default=_plain)

    def deserialize(self, serialized_data: str) -> Any:
        return json.loads(serialized_data)

    def name(self) -> str:
        return "yijianshi_json"


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, BaseException):
        return {"error": type(value).__name__}
    raise TypeError(f"a job carries ids only, not {type(value).__name__}")


@cache
def _client(dialect: str) -> DBOSClient:
    """It only builds rows, which land on the connection of the caller's own unit of work: its engine never connects."""
    engine = sa.create_engine("sqlite://" if dialect == "sqlite" else "postgresql+psycopg://")
    return DBOSClient(system_database_engine=engine, lazy=True, application_name=_APP, serializer=JsonSerializer())


def start(
    tx: Session | sa.Connection, name: str, *, key: str, args: Sequence[str | int] = (), delay_seconds: float = 0
) -> None:
    """Start a job when this unit of work commits. The same name and key start it once, however often this is called.

    A sweep that starts work again adds its own number to the key ("<id>:2").
    """
    if not all(isinstance(value, str | int) for value in args):
        raise TypeError("a job carries ids only")
    queue = _registered[name].queue if name in _registered else _queue_of(name)
    connection = tx.connection() if isinstance(tx, Session) else tx
    options: Any = {"workflow_name": name, "queue_name": queue, "workflow_id": f"{name}:{key}"}
    if delay_seconds:
        options["delay_seconds"] = delay_seconds
    _client(connection.dialect.name).enqueue_in_transaction(connection, options, *args)


def _queue_of(name: str) -> str:
    """The queue of a job that this process does not know: its room may not be imported here."""
    if name == "photos.read":
        return "reading"
    return {"notices": "push", "photos": "photos"}.get(name.split(".", 1)[0], "work")


class JobFailed(Exception):
    """What the engine is told of a failure: the kind of error, never its words, which may name a person."""


class Engine:
    """The engine of one worker process: takes waiting jobs, runs the clock. `launch` and `close` once, not on an event loop."""

    def __init__(self, house: House) -> None:
        self._house = house

    def launch(self) -> None:
        """Start taking jobs. The executor id is new for each process: two with one id would run each other's work twice."""
        for name in ("dbos", "dbos.logger"):
            logging.getLogger(name).setLevel(logging.WARNING)
        DBOS(config=self._config())
        workflows = {name: self._workflow(name, job) for name, job in _registered.items()}
        DBOS.launch()
        for queue, at_once in QUEUES.items():
            DBOS.register_queue(queue, worker_concurrency=at_once, polling_interval_sec=_POLL_SECONDS)
        DBOS.apply_schedules(
            [
                {
                    "schedule_name": name,
                    "workflow_fn": workflows[name],
                    "schedule": job.cron,
                    "cron_timezone": "Asia/Shanghai",
                    "queue_name": job.queue,
                }
                for name, job in _registered.items()
                if job.cron
            ]
        )

    def close(self) -> None:
        """Let what runs finish for five seconds; what does not is started again by a sweep."""
        DBOS.destroy(destroy_registry=True, workflow_completion_timeout_sec=5)

    def _config(self) -> DBOSConfig:
        return {
            "name": _APP,
            "system_database_engine": self._house.store.engines.jobs,
            "application_version": _VERSION,
            "executor_id": f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}",
            "serializer": JsonSerializer(),
            "run_migrations": False,
            "enable_otlp": False,
            "max_executor_threads": 32,
            "log_level": "WARNING",
        }

    def _workflow(self, name: str, job: _Job) -> Callable[..., None]:
        def work(*args: str | int) -> None:
            ids = () if job.cron else args
            DBOS.run_step({"name": name, "retries_allowed": True, "max_attempts": _TRIES}, self._try, name, job, ids)

        return DBOS.workflow(name=name)(work)

    def _try(self, name: str, job: _Job, ids: tuple[str | int, ...]) -> None:
        try:
            job.work(self._house, *ids)
        except Exception as failed:  # noqa: BLE001 - told to the engine by its kind, never by its words
            log.warning("job_failed", extra={"job": name, "error": type(failed).__name__, "where": place(failed)})
            raise JobFailed(type(failed).__name__) from None


def forget_finished(store: Storage, before: datetime, *, limit: int = 500) -> int:
    """Delete the engine's rows of work from before this moment; returns how many. For the nightly sweep."""
    client = DBOSClient(
        system_database_engine=store.engines.jobs, lazy=True, application_name=_APP, serializer=JsonSerializer()
    )
    old = client.list_workflows(
        end_time=before.isoformat(),
        status=["SUCCESS", "ERROR", "CANCELLED", "PENDING", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"],
        limit=limit,
        load_input=False,
        load_output=False,
    )
    client.delete_workflows([one.workflow_id for one in old])
    return len(old)


def drain(house: House, *, rounds: int = 20, late: bool = False) -> int:
    """Run what is waiting, here and now, until nothing waits; returns how many ran. An exception of a job is raised.

    With `late`, also what was started with a delay.
    """
    ran = 0
    for _ in range(rounds):
        waiting = _waiting(house.store, late)
        if not waiting:
            return ran
        for workflow_id, name, args in waiting:
            _registered[name].work(house, *args)
            _finish(house.store, workflow_id)
            ran += 1
    raise RuntimeError(f"jobs start one another without an end: still waiting after {rounds} rounds")


def run(house: House, name: str, *args: str) -> None:
    """Run one job now, in this thread: for jobs of the clock in tests and commands."""
    _registered[name].work(house, *args)


def _waiting(store: Storage, late: bool) -> list[tuple[str, str, list[Any]]]:
    states = ("ENQUEUED", "DELAYED") if late else ("ENQUEUED",)
    with store.engines.pages.connect() as connection:
        rows = connection.execute(
            sa.text(
                f"SELECT s.workflow_uuid, s.name, COALESCE(i.inputs, s.inputs) FROM {_own(store)}workflow_status s "
                f"LEFT JOIN {_own(store)}workflow_input i ON i.workflow_uuid = s.workflow_uuid "
                "WHERE s.status IN :states ORDER BY s.created_at, s.workflow_uuid"
            ).bindparams(sa.bindparam("states", expanding=True)),
            {"states": states},
        ).all()
    return [(workflow_id, name, json.loads(inputs)["args"]) for workflow_id, name, inputs in rows]


def _finish(store: Storage, workflow_id: str) -> None:
    with store.turn() as connection:
        connection.execute(
            sa.text(f"UPDATE {_own(store)}workflow_status SET status='SUCCESS' WHERE workflow_uuid=:id"),
            {"id": workflow_id},
        )


def _own(store: Storage) -> str:
    return "dbos." if store.on_postgres else ""
