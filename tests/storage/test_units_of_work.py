"""Units of work, the gate, the lock file, moments, jobs that start with their row, the live stream."""

from __future__ import annotations

import asyncio
import threading
import time
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa

from backend import jobs
from backend.conversations.models import QuestionKept
from backend.people.models import Person
from backend.settings import DEMO_MASTER_KEY, DEMO_SECRETS, Retention, Settings
from backend.storage import Locked, Storage, new_id, now, sets
from backend.storage.engines import Gate
from backend.storage.live import MISSED
from tests.databases import KINDS, fresh

ran: list[str] = []


@jobs.job("tests.note")
def note(house: jobs.House, word: str) -> None:
    ran.append(word)


@jobs.job("tests.break")
def break_(house: jobs.House, word: str) -> None:
    ran.append(word)
    raise ValueError(f"a name that must not be kept: {word}")


@pytest.fixture(autouse=True)
def nothing_ran() -> None:
    ran.clear()


def a_question(at: datetime, answered: datetime | None) -> dict[str, object]:
    own = {name: new_id() for name in ("id", "conversation_id", "person_id")}
    return {**own, "reason": "asked", "region": "", "sealed_text": b"\x01kept", "at": at, "answered_at": answered}


def test_a_prepared_set_keeps_what_sqlalchemy_itself_would_keep(store: Storage) -> None:
    table, east = QuestionKept.__table__, timezone(timedelta(hours=8))
    moment = datetime(2026, 11, 21, 23, 30, 0, 5, east)
    rows = [a_question(moment, None), a_question(moment.astimezone(UTC), moment)]
    with store.turn() as tx:
        assert sets.run(tx, sa.insert(table), rows[:1]) == 1
        tx.execute(sa.insert(table), rows[1:])
        change = sa.update(table).where(table.c.id == sa.bindparam("b_id")).values(region=sa.bindparam("region"))
        assert (
            sets.run(tx, change, [{"b_id": rows[0]["id"], "region": "610202"}, {"b_id": "nobody", "region": ""}]) == 1
        )
        assert sets.run(tx, change, []) == 0
    with store.read() as tx:
        raw = tx.execute(sa.text("SELECT at, sealed_text FROM question_kept")).all()
        kept = tx.execute(
            sa.select(table.c.region, table.c.answered_at).order_by(table.c.answered_at.is_not(None))
        ).all()
    assert raw[0] == raw[1]
    assert [tuple(one) for one in kept] == [("610202", None), ("", moment)]


def test_a_prepared_set_fills_nothing_in(store: Storage) -> None:
    row = a_question(now(), None)
    for broken in ({**row, "at": datetime(2026, 11, 21)}, {**row, "sealed_text": b"plain"}):
        with pytest.raises(ValueError), store.turn() as tx:
            sets.run(tx, sa.insert(QuestionKept.__table__), [broken])
    short = {name: value for name, value in row.items() if name != "at"}
    with pytest.raises((KeyError, sa.exc.IntegrityError)), store.turn() as tx:
        sets.run(tx, sa.insert(QuestionKept.__table__), [row, short])


def persons(store: Storage) -> int:
    with store.read() as tx:
        return int(tx.execute(sa.text("SELECT count(*) FROM person")).scalar_one())


def test_a_unit_of_work_that_raises_leaves_nothing(store: Storage) -> None:
    with pytest.raises(ZeroDivisionError), store.work() as tx:  # noqa: PT012
        tx.add(Person(id=new_id(), created_at=now()))
        tx.flush()
        1 / 0  # noqa: B018
    assert persons(store) == 0
    with store.work() as tx:
        tx.add(Person(id=new_id(), created_at=now()))
    assert persons(store) == 1


def test_reading_cannot_write(store: Storage) -> None:
    with pytest.raises(sa.exc.DBAPIError), store.read() as tx:  # noqa: PT012
        tx.add(Person(id=new_id(), created_at=now()))
        tx.commit()
    assert persons(store) == 0


def test_a_row_and_its_job_stand_or_fall_together(store: Storage, settings: Settings) -> None:
    house = jobs.House(settings, store)
    with store.work() as tx:
        tx.add(Person(id=new_id(), created_at=now()))
        jobs.start(tx, "tests.note", key="1", args=("kept",))
    with pytest.raises(ZeroDivisionError), store.work() as tx:  # noqa: PT012
        tx.add(Person(id=new_id(), created_at=now()))
        jobs.start(tx, "tests.note", key="2", args=("lost",))
        1 / 0  # noqa: B018
    assert jobs.drain(house) == 1 and ran == ["kept"] and persons(store) == 1
    with pytest.raises(sa.exc.IntegrityError), store.work() as tx:  # noqa: PT012
        jobs.start(tx, "tests.note", key="3", args=("also lost",))
        tx.execute(sa.text("INSERT INTO person (id, created_at) VALUES (NULL, NULL)"))
    assert jobs.drain(house) == 0 and ran == ["kept"]


def test_the_same_job_started_twice_runs_once(store: Storage, settings: Settings) -> None:
    house = jobs.House(settings, store)
    for _ in range(2):
        with store.work() as tx:
            jobs.start(tx, "tests.note", key="same", args=("once",))
            jobs.start(tx, "tests.note", key="same", args=("once",))
    assert jobs.drain(house) == 1
    with store.work() as tx:
        jobs.start(tx, "tests.note", key="same", args=("once",))
        jobs.start(tx, "tests.note", key="same:2", args=("again",))
    assert jobs.drain(house) == 1 and ran == ["once", "again"]


def test_a_job_that_waits_is_not_run_before_its_time(store: Storage, settings: Settings) -> None:
    house = jobs.House(settings, store)
    with store.work() as tx:
        jobs.start(tx, "tests.note", key="later", args=("later",), delay_seconds=3600)
    assert jobs.drain(house) == 0 and jobs.drain(house, late=True) == 1 and ran == ["later"]


def test_a_job_carries_ids_only(store: Storage) -> None:
    with pytest.raises(TypeError), store.work() as tx:
        jobs.start(tx, "tests.note", key="1", args=({"name": "欧阳测试"},))  # type: ignore[arg-type]


def test_finished_work_is_forgotten(store: Storage, settings: Settings) -> None:
    with store.work() as tx:
        jobs.start(tx, "tests.note", key="1", args=("done",))
        jobs.start(tx, "tests.note", key="2", args=("waits",), delay_seconds=3600)
    jobs.drain(jobs.House(settings, store))
    assert jobs.forget_finished(store, now() - timedelta(minutes=1)) == 0
    assert jobs.forget_finished(store, now() + timedelta(minutes=1)) == 1
    assert jobs.drain(jobs.House(settings, store), late=True) == 1


def test_a_moment_comes_back_as_it_went_in(store: Storage) -> None:
    shanghai = datetime(2026, 11, 21, 8, 30, 15, 123456, tzinfo=timezone(timedelta(hours=8)))
    with store.work() as tx:
        tx.add(Person(id="p", created_at=shanghai))
    with store.read() as tx:
        kept = tx.get(Person, "p")
        assert kept is not None and kept.created_at == shanghai and kept.created_at.tzinfo is UTC
        assert tx.execute(sa.select(Person.id).where(Person.created_at <= shanghai)).scalar_one() == "p"
    with pytest.raises(sa.exc.StatementError), store.work() as tx:
        tx.add(Person(id="q", created_at=datetime(2026, 11, 21)))


def test_a_second_server_on_the_same_file_is_refused(tmp_path: Path) -> None:
    settings = fresh("sqlite", tmp_path)
    first = Storage.open(settings)
    with pytest.raises(Locked, match="already served by process"):
        Storage.open(settings)
    looking = Storage.open(settings, writes=False)
    with pytest.raises(RuntimeError), looking.work():
        pass
    looking.close()
    first.close()
    Storage.open(settings).close()


def test_two_processes_may_share_postgres(tmp_path: Path) -> None:
    settings = fresh("postgres", tmp_path)
    first, second = Storage.open(settings), Storage.open(settings)
    with first.work() as tx:
        tx.add(Person(id="p", created_at=now()))
    assert persons(second) == 1
    first.close()
    second.close()


def test_writers_at_once_all_get_through(store: Storage) -> None:
    failed: list[BaseException] = []

    def write() -> None:
        try:
            for _ in range(10):
                with store.work() as tx:
                    tx.add(Person(id=new_id(), created_at=now()))
        except BaseException as broken:  # noqa: BLE001
            failed.append(broken)

    threads = [threading.Thread(target=write) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == [] and persons(store) == 60


def test_background_work_gets_through_while_turns_never_stop(tmp_path: Path) -> None:
    """On one SQLite file a writer that locks again at once starves all others, in silence, unless they share the gate."""
    settings = fresh("sqlite", tmp_path)
    store = Storage.open(settings)
    engine = jobs.Engine(jobs.House(settings, store))
    stop = threading.Event()

    def turns() -> None:
        while not stop.is_set():
            with store.turn() as tx:
                tx.execute(
                    sa.text("INSERT INTO person (id, created_at) VALUES (:id, :at)"), {"id": new_id(), "at": "x"}
                )

    busy = [threading.Thread(target=turns) for _ in range(2)]
    engine.launch()
    try:
        for thread in busy:
            thread.start()
        for at in range(20):
            with store.work() as tx:
                jobs.start(tx, "tests.note", key=str(at), args=(str(at),))
        until = time.monotonic() + 60
        while len(ran) < 20 and time.monotonic() < until:
            time.sleep(0.1)
    finally:
        stop.set()
        for thread in busy:
            thread.join()
        engine.close()
        store.close()
    assert sorted(ran, key=int) == [str(at) for at in range(20)]


@pytest.mark.parametrize("kind", KINDS)
def test_a_job_that_fails_is_tried_again_and_its_words_are_kept_nowhere(kind: str, tmp_path: Path) -> None:
    settings = fresh(kind, tmp_path)
    store = Storage.open(settings)
    engine = jobs.Engine(jobs.House(settings, store))
    engine.launch()
    try:
        with store.work() as tx:
            jobs.start(tx, "tests.break", key="1", args=("id-1",))
        until = time.monotonic() + 60
        while len(ran) < 3 and time.monotonic() < until:
            time.sleep(0.1)
        own = "dbos." if store.on_postgres else ""
        while time.monotonic() < until:
            with store.read() as tx:
                states = (
                    tx.execute(sa.text(f"SELECT status FROM {own}workflow_status WHERE name = 'tests.break'"))
                    .scalars()
                    .all()
                )
            if states == ["ERROR"]:
                break
            time.sleep(0.1)
    finally:
        engine.close()
    assert ran == ["id-1"] * 3 and states == ["ERROR"]
    with store.read() as tx:
        everything = str(tx.execute(sa.text(f"SELECT * FROM {own}operation_outputs")).all())
        everything += str(tx.execute(sa.text(f"SELECT * FROM {own}workflow_output")).all())
    assert "must not be kept" not in everything
    store.close()


def test_the_gate_is_given_back_when_the_engine_of_jobs_breaks(tmp_path: Path) -> None:
    store = Storage.open(fresh("sqlite", tmp_path))
    with pytest.raises(sa.exc.DBAPIError), store.engines.jobs.begin() as connection:
        connection.execute(sa.text("INSERT INTO person (id, created_at) VALUES (NULL, NULL)"))
    with store.work() as tx:
        tx.add(Person(id="p", created_at=now()))
    with store.engines.jobs.connect() as connection:
        connection.execute(sa.text("INSERT INTO person (id, created_at) VALUES ('q', 'x')"))
        assert isinstance(store.gate, Gate) and store.gate._lock.locked()
        connection.invalidate()
    assert not store.gate._lock.locked()
    store.close()


def test_open_pages_hear_of_a_change_when_it_is_committed_and_not_before(store: Storage) -> None:
    async def page() -> list[str]:
        heard: list[str] = []
        async with store.live.subscribe() as changed:
            if store.on_postgres:
                assert await asyncio.wait_for(changed.get(), 10) == MISSED  # listening has begun: read once more
            with pytest.raises(ZeroDivisionError), store.work() as tx:  # noqa: PT012
                store.live.changed(tx, ["undone"])
                1 / 0  # noqa: B018
            with store.work() as tx:
                store.live.changed(tx, ["one", "two", "one"])
                await asyncio.sleep(0.1)
                assert changed.empty()
            for _ in range(2):
                heard.append(await asyncio.wait_for(changed.get(), 10))
        return heard

    assert asyncio.run(page()) == ["one", "two"]


def test_many_ids_at_once_reach_the_page_in_payloads_that_fit(store: Storage) -> None:
    ids = [new_id() for _ in range(250)]

    async def page() -> set[str]:
        async with store.live.subscribe() as changed:
            if store.on_postgres:
                await asyncio.wait_for(changed.get(), 10)
            with store.work() as tx:
                store.live.changed(tx, ids)
            return {await asyncio.wait_for(changed.get(), 10) for _ in ids}

    assert asyncio.run(page()) == set(ids)


def test_outside_the_demo_a_known_secret_stops_the_start() -> None:
    with pytest.raises(ValueError, match="YIJIANSHI_MASTER_KEY: must be 32 random bytes"):
        Settings(_env_file=None)
    with pytest.raises(ValueError, match="YIJIANSHI_MASTER_KEY: this is the demo's key"):
        Settings(_env_file=None, master_key=DEMO_MASTER_KEY)
    good = "k" * 43 + "="
    for name, value in DEMO_SECRETS.items():
        with pytest.raises(ValueError, match=f"YIJIANSHI_{name.upper()}: this is the demo's value"):
            Settings(_env_file=None, master_key=good, **{name: value})
    with pytest.raises(ValueError, match="YIJIANSHI_WECHAT_OA_SECRET: missing"):
        Settings(_env_file=None, master_key=good, wechat_oa_app_id="wx1")
    with pytest.raises(ValueError, match="YIJIANSHI_ROLE"):
        Settings(_env_file=None, master_key=good, role="worker")
    assert Settings(_env_file=None, master_key=good).wechat_oa_app_id == ""


def test_a_wrong_setting_is_named_without_its_value() -> None:
    with pytest.raises(ValueError) as refused:
        Settings(_env_file=None, master_key="a secret that is too short")
    assert "too short" not in str(refused.value)


def test_the_example_file_lists_every_setting_with_its_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("YIJIANSHI_READ_PHOTOS")  # most tests run without reading
    lines = Path(".env.example").read_text("utf-8").splitlines()
    listed = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    names = {f"YIJIANSHI_{name.upper()}" for name in Settings.model_fields if name != "retention"}
    names |= {f"YIJIANSHI_RETENTION__{name.upper()}" for name in Retention.model_fields}
    assert listed.keys() == names
    given = {name.removeprefix("YIJIANSHI_").lower(): value for name, value in listed.items() if value}
    plain = {name: value for name, value in given.items() if "__" not in name}
    kept = {name.split("__")[1]: value for name, value in given.items() if "__" in name}
    good = Settings(_env_file=None, master_key="k" * 43 + "=")
    assert Settings(_env_file=None, **{"master_key": "k" * 43 + "=", **plain, "retention": kept}) == good
