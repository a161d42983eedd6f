"""A house whose 区民政局 has a system of its own, and that system behind a socket."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

import backend.applications.submission
import backend.conversations.jobs
import backend.departments.jobs  # noqa: F401 - rooms register their handlers and jobs
from backend.conversations.writer import Writer
from backend.jobs import House
from backend.library import load_library
from backend.storage import Storage
from dialogs.library import Library
from tests.browser.serving import serving
from tests.databases import KINDS, fresh
from tests.departments.civil_affairs import SECRET, CivilAffairs
from tests.storage.tiny import step


@pytest.fixture(scope="session")
def library() -> Library:
    return load_library()


@pytest.fixture
def system() -> Iterator[CivilAffairs]:
    system = CivilAffairs()
    with serving(system.app) as address:
        system.address = address
        yield system


@pytest.fixture(params=KINDS)
def house(request: pytest.FixtureRequest, tmp_path: Path, library: Library, system: CivilAffairs) -> Iterator[House]:
    settings = fresh(request.param, tmp_path)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    path = settings.data_dir / "departments.yaml"
    way = {
        "county": "511702",
        "department": "minzheng",
        "way": "webhook",
        "url": f"{system.address}/in",
        "secret": SECRET,
    }
    path.write_text(yaml.safe_dump({"ways": [way]}), "utf-8")
    path.chmod(0o600)
    store = Storage.open(settings)
    writer = Writer(store, None, step)  # no conversation takes part: what is told finds nobody
    writer.start()
    yield House(settings=settings, store=store, library=library, writer=writer)
    writer.stop()
    store.close()
