"""A house with a database (SQLite and PostgreSQL), the real policy, and somebody who has submitted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import backend.applications.submission  # noqa: F401 - registers its handlers
from backend.jobs import House
from backend.library import load_library
from backend.storage import Storage
from dialogs.library import Library
from tests.applications.people import Office
from tests.databases import KINDS, fresh


@pytest.fixture(scope="session")
def library() -> Library:
    return load_library()


@pytest.fixture(params=KINDS)
def house(request: pytest.FixtureRequest, tmp_path: Path, library: Library) -> Iterator[House]:
    settings = fresh(request.param, tmp_path)
    store = Storage.open(settings)
    yield House(settings=settings, store=store, library=library)
    store.close()


@pytest.fixture
def office(house: House) -> Office:
    return Office(house)
