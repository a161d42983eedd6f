"""The live stream of the console: ids and nothing else, within the fence, until the session ends."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from tests.browser.serving import serving
from tests.databases import fresh
from tests.staff.world import (
    AT_HOME,
    HEADER,
    IN_THE_FORM,
    OUTSIDE,
    PASSWORDS,
    PLANTED,
    SUBMITTED,
    Applicant,
    Office,
    employ,
    office,
)

API = "/api/v1/staff"


@pytest.fixture(scope="module")
def open_office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Office, str]]:
    with office(fresh("sqlite", tmp_path_factory.mktemp("live"), fill=employ)) as made, serving(made.app) as base:
        yield made, base


@contextmanager
def listening(base: str, name: str) -> Iterator[tuple[httpx.Client, list[str]]]:
    """Somebody's open page: the raw lines of the stream as they come."""
    lines: list[str] = []
    client = httpx.Client(base_url=base, headers=HEADER, timeout=30)
    client.post(f"{API}/login", json={"name": name, "password": PASSWORDS[name]}).raise_for_status()
    standing = threading.Event()

    def hear() -> None:
        try:
            with client.stream("GET", f"{API}/events") as stream:
                standing.set()
                for line in stream.iter_lines():
                    lines.append(line)
        except httpx.HTTPError:
            return

    threading.Thread(target=hear, daemon=True).start()
    assert standing.wait(10)
    time.sleep(0.3)
    yield client, lines


def until(lines: list[str], wanted: str) -> None:
    """Wait until an id has been heard; fails when it does not come."""
    for _ in range(200):
        if any(wanted in line for line in lines):
            return
        time.sleep(0.05)
    pytest.fail(f"{wanted} was never heard in {lines}")


def ids(lines: list[str]) -> set[str]:
    return {
        one for line in lines if line.startswith("data: ") for one in json.loads(line.removeprefix("data: "))["ids"]
    }


def test_a_page_hears_ids_and_nothing_else(open_office: tuple[Office, str]) -> None:
    made, base = open_office
    with listening(base, "chenyu") as (client, lines):
        applicant = made.applicant(SUBMITTED)
        application = client.get(f"{API}/applications").json()[0]["id"]
        until(lines, applicant.id)
        until(lines, application)
    told = [line for line in lines if line and not line.startswith(":")]
    assert all(line == "event: changed" or line.startswith("data: ") for line in told)
    assert ids(lines) <= {applicant.id, application, "*"}
    assert not [value for value in PLANTED if value in "\n".join(lines)]


def test_nobody_hears_of_another_county(open_office: tuple[Office, str]) -> None:
    made, base = open_office
    with listening(base, "zhaomin") as (_, theirs), listening(base, "hekezhang") as (_, keeper):
        ours, other = made.applicant(AT_HOME), made.applicant(OUTSIDE)
        until(theirs, other.id)
    assert ours.id not in ids(theirs)
    assert ids(keeper) <= {"*", "directory"}


def test_the_taking_of_a_conversation_is_heard_by_the_colleague(open_office: tuple[Office, str]) -> None:
    made, base = open_office
    applicant: Applicant = made.applicant(IN_THE_FORM)
    with listening(base, "liuzhuren") as (_, lines):
        assert made.staff("chenyu").post(f"{API}/conversations/{applicant.id}/take").status_code == 200
        until(lines, applicant.id)


def test_who_signs_out_hears_nothing_more(open_office: tuple[Office, str]) -> None:
    made, base = open_office
    with listening(base, "chenyu") as (client, lines):
        client.post(f"{API}/logout").raise_for_status()
        after = made.applicant(AT_HOME)
        with listening(base, "liuzhuren") as (_, other):
            after.say("你好")
            until(other, after.id)
    assert after.id not in ids(lines)
