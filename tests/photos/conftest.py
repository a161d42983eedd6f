"""A house with its database and files, and invented people in it who have agreed to the privacy notice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from backend.conversations.models import Conversation, DraftRow
from backend.jobs import House
from backend.people.models import Account, Person
from backend.photos import jobs, pool, service  # noqa: F401 - importing registers the jobs and the effects
from backend.settings import Settings
from backend.storage import Storage, new_id, now
from tests.databases import KINDS, fresh


@pytest.fixture(params=KINDS)
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    return fresh(request.param, tmp_path)


@pytest.fixture
def house(settings: Settings) -> Iterator[House]:
    store = Storage.open(settings)
    yield House(settings, store)
    store.close()


@pytest.fixture
def store(house: House) -> Storage:
    return house.store


@pytest.fixture(scope="session", autouse=True)
def decoders() -> Iterator[None]:
    yield
    pool.shared().close()


class People:
    """Makes people. Each has an account at a door, a conversation in `state`, and one draft; all named after the person."""

    def __init__(self, store: Storage) -> None:
        self._store = store

    def new(self, *, app: str = "web", token: str = "", state: str = "photos/asking") -> str:
        person_id, at = new_id(), now()
        with self._store.work() as tx:
            key = self._store.keys.new(tx, person_id)
            seal = self._store.keys.seal
            tx.add(Person(id=person_id, created_at=at))
            tx.add(
                Account(
                    id=new_id(),
                    person_id=person_id,
                    app=app,
                    key_hash=self._store.keys.find_hash(app, token or person_id),
                    sealed_key=seal(key, token or person_id, "account"),
                    created_at=at,
                )
            )
            tx.add(
                Conversation(
                    id=conversation_of(person_id),
                    person_id=person_id,
                    sealed_talk=seal(key, "{}", "talk"),
                    created_at=at,
                    last_at=at,
                    state=state,
                )
            )
        return person_id

    def draft(self, person_id: str) -> str:
        draft_id = new_id()
        with self._store.work() as tx:
            key = self._store.keys.of(tx, person_id)
            sealed = self._store.keys.seal(key, "{}", "draft")
            tx.add(
                DraftRow(
                    id=draft_id,
                    conversation_id=conversation_of(person_id),
                    person_id=person_id,
                    sealed_body=sealed,
                    sealed_label=sealed,
                    updated_at=now(),
                )
            )
        return draft_id


def conversation_of(person_id: str) -> str:
    return person_id[::-1]


@pytest.fixture
def people(store: Storage) -> People:
    return People(store)


@pytest.fixture
def files_kept(settings: Settings) -> Callable[[], list[Path]]:
    """Every file in the blob store."""
    return lambda: [path for path in (settings.data_dir / "blobs").rglob("*") if path.is_file()]
