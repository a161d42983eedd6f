"""Every test of this folder runs on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.settings import Settings
from backend.storage import Storage
from tests.databases import KINDS, fresh


@pytest.fixture(params=KINDS)
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    return fresh(request.param, tmp_path)


@pytest.fixture
def store(settings: Settings) -> Iterator[Storage]:
    store = Storage.open(settings)
    yield store
    store.close()
