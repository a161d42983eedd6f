"""kill -9 of the server between picture and result, and of whoever reads it: no picture lost, none read twice into the talk."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from backend import jobs
from backend.people import happenings
from backend.photos import store as rows
from backend.storage import Storage, now
from tests.databases import fresh
from tests.faults.test_kill import kill_and_start, transcripts
from tests.nursery import Server
from tests.photos.papers import photographed
from tests.scale import sized
from tests.staff.world import IN_THE_FORM
from tests.talks.runner import spelled_out
from tests.talks.test_leaves_no_trace import Phone

pytestmark = pytest.mark.proof
PEOPLE, RESTARTS = sized((1, 2), (10, 12))
SECONDS = 300


class Photographer(Phone):
    """Somebody who hands in photographed papers."""

    def photo(self, count: int, move: dict[str, Any]) -> None:
        kept = []
        for number in range(count):
            paper = photographed(("id_front", "id_back")[number % 2], "easy", 1_009_100 + number, longest=1400)
            file = {"file": ("a.jpg", paper.jpeg, "image/jpeg")}
            kept.append(self.client.post("/api/v1/photos", files=file).raise_for_status().json()["photo_id"])
        self.send(kind="photo", question=self.open["question"], photo_ids=kept)


def test_after_kills_between_picture_and_result_each_is_read_once_into_the_talk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YIJIANSHI_READ_PHOTOS", "true")
    settings = fresh("postgres", tmp_path, read_photos=True)
    store = Storage.open(settings)
    with Server(settings, log=tmp_path / "server.log") as server:
        for number in range(PEOPLE):
            with httpx.Client(base_url=server.url, timeout=60) as client:
                phone = Photographer(client)
                for move in spelled_out([*IN_THE_FORM, {"photo": 2}]):
                    action = next(name for name in ("say", "tap", "fill", "photo") if name in move)
                    getattr(phone, action)(move[action], move)
            if number < RESTARTS:
                time.sleep(random.uniform(0, 2))
                kill_readers()
                kill_and_start(server)
        for _ in range(RESTARTS - PEOPLE):
            kill_and_start(server)
        wait_until_read(store)
    with store.read() as tx:
        photos = tx.execute(sa.text("SELECT id, state, reading, picture_id FROM photo")).all()
        told = Counter(tx.execute(sa.text("SELECT event FROM happening")).scalars())
    assert len(photos) == 2 * PEOPLE and {one.state for one in photos} == {"kept"}
    assert {one.reading for one in photos} <= {"read", "failed"}
    assert told == {"photo_read": 2 * PEOPLE}
    for log in transcripts(store).values():
        results = [text for text in log if any(word in text for word in ("看清了", "收好了", "用不了", "是谁的"))]
        assert results and max(Counter(results).values()) == 1, log
    store.close()


def kill_readers() -> None:
    """kill -9 of every process that reads for the server that this test has started."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line, parent = path.read_bytes(), (path.parent / "stat").read_text().rsplit(")", 1)[1].split()[1]
            mine = b"backend.photos.reading" in line and _is_mine(int(parent))
        except (OSError, IndexError):
            continue
        if mine:
            os.kill(int(path.parent.name), signal.SIGKILL)


def _is_mine(process: int) -> bool:
    """Whether this process descends from this test."""
    while process > 1:
        if process == os.getpid():
            return True
        process = int(Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[1])
    return False


def wait_until_read(store: Storage) -> None:
    """What the sweeps do every two minutes, done at once: rows are the truth, whoever died."""
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        with store.read() as tx:
            due = tx.execute(sa.text("SELECT count(*) FROM photo WHERE reading = 'due'")).scalar_one()
            untold = tx.execute(sa.text("SELECT count(*) FROM happening WHERE told_at IS NULL")).scalar_one()
        if not due and not untold:
            return
        with store.work() as tx:
            for photo in rows.unread(tx, now()):
                if rows.read_later(tx, photo, now()):
                    jobs.start(tx, "photos.read", key=f"{photo.id}:{photo.read_tries + 1}", args=(photo.id,))
            happenings.start_again(tx, now(), timedelta())
        time.sleep(10)
    raise AssertionError(f"{due} photos were never read, {untold} events never told")
