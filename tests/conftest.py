"""The long files first: a few workers share the run, and whoever takes the longest last keeps the others waiting."""

from __future__ import annotations

import os

import pytest

# Reading a picture costs half a second of CPU and a process 400 MB: only tests that are about it turn it on.
os.environ.setdefault("YIJIANSHI_READ_PHOTOS", "false")

LONG = (
    "understanding/test_corpus",
    "packs/test_tools",
    "browser/test_every_state",
    "browser/test_chat_page",
    "faults/",
    "browser/",
    "notices/test_kill",
    "test_commands",
    "photos/",
    "storage/test_units_of_work",
    "staff/",
    "storage/",
    "channels/",
    "talks/",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(
        key=lambda item: next(
            (at for at, part in enumerate(LONG) if item.nodeid.startswith("tests/" + part)), len(LONG)
        )
    )
