"""One office a test, on SQLite and on PostgreSQL where rows are what is tested; on SQLite alone for the rest."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import KINDS, fresh
from tests.staff.world import Office, employ, office


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Office]:
    with office(fresh("sqlite", tmp_path, fill=employ)) as made:
        yield made


@pytest.fixture(params=KINDS)
def each_desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Office]:
    with office(fresh(request.param, tmp_path, fill=employ)) as made:
        yield made
