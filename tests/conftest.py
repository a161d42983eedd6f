"""The long files first: two workers share the run, and whoever takes the longest last keeps the other waiting."""

from __future__ import annotations

import pytest

LONG = ("tests/browser/", "tests/faults/", "tests/channels/", "tests/storage/", "tests/photos/", "tests/talks/")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: next((at for at, part in enumerate(LONG) if part in str(item.path)), len(LONG)))
