"""An event that always fails is tried less and less often, is shown to the operator, and is never lost."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from backend.people import happenings
from backend.storage import Storage, new_id, now
from tests.databases import fresh

FIRST = timedelta(minutes=2)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Storage]:
    store = Storage.open(fresh("sqlite", tmp_path))
    yield store
    store.close()


def an_event(store: Storage) -> str:
    person = new_id()
    key, row = store.keys.made(person)
    with store.work() as tx:
        tx.execute(sa.insert(sa.inspect(happenings.HappeningRow).local_table.metadata.tables["person_key"]), [row])
        return happenings.tell(store.keys, tx, new_id(), key, "photo_refused", {"says": "请再拍一张。"})


def test_an_event_that_always_fails_is_started_less_and_less_often_and_kept(store: Storage) -> None:
    event, began, started = an_event(store), now(), []
    for minute in range(0, 60 * 24, 2):
        with store.work() as tx:
            if happenings.start_again(tx, began + timedelta(minutes=minute, seconds=5), FIRST):
                started.append(minute)
    assert started == [2 * 2**tries for tries in range(happenings.TRIES)]
    with store.read() as tx:
        assert happenings.given_up(tx) == 1
        assert happenings.untold(store.keys, tx, event) is not None


def test_what_was_given_up_is_tried_at_night_and_is_no_longer_counted_once_told(store: Storage) -> None:
    event = an_event(store)
    with store.work() as tx:
        tx.execute(sa.text("UPDATE happening SET tries = :tries"), {"tries": happenings.TRIES})
        assert happenings.start_again(tx, now() + timedelta(days=9), FIRST) == 0
        assert happenings.start_given_up(tx) == 1
        happenings.told(tx, [event], now())
        assert happenings.given_up(tx) == 0
