"""kill -9 at random moments while people talk: afterwards every acknowledged turn is there, and nothing is there twice."""

from __future__ import annotations

import json
import random
import threading
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa
from tqdm import tqdm

from backend.people import happenings
from backend.storage import Storage, now
from tests.databases import fresh
from tests.faults.house import KILLS, PEOPLE, Talker, words
from tests.nursery import Server

pytestmark = pytest.mark.proof
TOLD_SECONDS = 300


def test_after_kills_of_the_server_every_acknowledged_turn_is_there_once(tmp_path: Path) -> None:
    settings = fresh("sqlite", tmp_path)
    with Server(settings, log=tmp_path / "server.log") as server:
        talkers = [Talker(number, server.url) for number in range(PEOPLE)]
        while_talking(talkers, lambda: kill_and_start(server), KILLS)
        assert_answered_alike(server, talkers)
    store = Storage.open(settings)
    assert_kept_once(store, talkers)
    store.close()


def test_after_kills_of_server_and_worker_every_event_is_told_once(tmp_path: Path) -> None:
    settings = fresh("postgres", tmp_path)
    store = Storage.open(settings)
    told: dict[str, list[str]] = {}
    with ExitStack() as stack:
        web = stack.enter_context(Server(settings, "web", log=tmp_path / "web.log"))
        worker = stack.enter_context(Server(settings, "worker", log=tmp_path / "worker.log"))
        talkers = [Talker(number, web.url) for number in range(PEOPLE)]

        def disturb() -> None:
            happen(store, told, 2 * PEOPLE)
            time.sleep(random.uniform(0, 0.6))
            kill_and_start(random.choice((web, worker)))

        while_talking(talkers, disturb, KILLS)
        assert_answered_alike(web, talkers)
        wait_until_told(store)
    assert_kept_once(store, talkers)
    heard = Counter(text for log in transcripts(store).values() for text in log)
    expected = [text for texts in told.values() for text in texts]
    assert len(expected) == KILLS * 2 * PEOPLE
    assert [text for text in expected if heard[text] != 1] == []
    store.close()


# --- the people and the killer ---


def while_talking(talkers: Sequence[Talker], disturb: object, times: int) -> None:
    """Have everybody talk, disturb the house so many times, then let everybody finish their sentence."""
    stop, failed = threading.Event(), []

    def talk(one: Talker) -> None:
        try:
            one.talk(stop)
        except BaseException as broken:  # noqa: BLE001 - told to the test's own thread below
            failed.append(broken)

    threads = [threading.Thread(target=talk, args=(one,)) for one in talkers]
    for thread in threads:
        thread.start()
    try:
        time.sleep(1)
        for _ in tqdm(range(times), desc="kills", unit="kill"):
            time.sleep(random.uniform(0.2, 1.5))
            disturb()  # type: ignore[operator]
        time.sleep(1)
    finally:
        stop.set()
        for thread in threads:
            thread.join(timeout=600)
    assert failed == [] and [one.wrong for one in talkers if one.wrong] == []
    assert all(len(one.acknowledged) > times for one in talkers), "nobody was really talking"


def kill_and_start(server: Server) -> None:
    server.kill()
    server.start()


def happen(store: Storage, told: dict[str, list[str]], times: int) -> None:
    """The office does something that conversations must hear, `times` times."""
    with store.read() as tx:
        known = tx.execute(sa.text("SELECT id, person_id FROM conversation")).all()
    for conversation_id, person_id in random.choices(known, k=times):
        texts = told.setdefault(conversation_id, [])
        text = f"第{len(texts)}件事（{conversation_id}）"
        with store.work() as tx:
            key = store.keys.of(tx, person_id)
            happenings.tell(store.keys, tx, conversation_id, key, "photo_refused", {"photo_id": "none", "says": text})
        texts.append(text)


def wait_until_told(store: Storage) -> None:
    """What the sweep does every minute for what has not moved, done at once: rows are the truth, whoever died."""
    until = time.monotonic() + TOLD_SECONDS
    while time.monotonic() < until:
        with store.read() as tx:
            left = tx.execute(sa.text("SELECT count(*) FROM happening WHERE told_at IS NULL")).scalar_one()
        if not left:
            return
        with store.work() as tx:
            happenings.start_again(tx, now(), timedelta())
        time.sleep(3)
    raise AssertionError(f"{left} events were never told")


# --- what has to be there ---


def assert_answered_alike(server: Server, talkers: Sequence[Talker]) -> None:
    """The same message again gets the same answer, byte for byte."""
    for one in talkers:
        with httpx.Client(base_url=server.url, timeout=10, cookies=one.cookies) as client:
            for key, body in list(one.acknowledged.items())[-20:]:
                assert one.say(client, key, "something else") == body


def assert_kept_once(store: Storage, talkers: Sequence[Talker]) -> None:
    logs = list(transcripts(store).values())
    assert len(logs) == len(talkers)
    for one in talkers:
        said = [words(one.number, at) for at in range(len(one.acknowledged))]
        mine = next(log for log in logs if any(said[0] in text for text in log))
        spoken = [text for text in mine if text.endswith("）") and f"（{one.number}之" in text]
        assert [text[text.rindex("（") :] for text in spoken] == said
    with store.read() as tx:
        inbox = tx.execute(sa.text("SELECT count(*) FROM inbox")).scalar_one()
        events = tx.execute(sa.text("SELECT count(*) FROM happening WHERE told_at IS NOT NULL")).scalar_one()
    assert inbox == sum(len(one.acknowledged) for one in talkers) + events


def transcripts(store: Storage) -> dict[str, list[str]]:
    """What stands in every transcript, opened, in order, by conversation."""
    found: dict[str, list[str]] = {}
    with store.read() as tx:
        keys = dict(tx.execute(sa.text("SELECT id, person_id FROM conversation")).all())
        opened = store.keys.load(tx, keys.values())
        rows = tx.execute(
            sa.text("SELECT conversation_id, id, sealed_blocks FROM transcript ORDER BY conversation_id, seq")
        )
        for conversation_id, entry_id, sealed in rows:
            key = opened[keys[conversation_id]]
            blocks = json.loads(store.keys.unseal(key, bytes(sealed), f"transcript.blocks:{entry_id}"))
            found.setdefault(conversation_id, []).extend(block["text"] for block in blocks)
    return found
