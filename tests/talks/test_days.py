"""Days are said in words wherever people read them."""

from __future__ import annotations

from datetime import date

import pytest

from backend.conversations.entries import said
from backend.storage import now
from dialogs.days import day_says
from dialogs.messages import Message
from dialogs.session import begin

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("day", "says"),
    [
        (date(2026, 11, 23), "11月23日"),
        ("2027-01-04", "2027年1月4日"),
        ("长期", "长期"),
        ("20261123", "20261123"),
        ("2026-02-30", "2026-02-30"),
    ],
)
def test_a_day_is_said_with_its_year_only_when_that_is_another(day: date | str, says: str) -> None:
    assert day_says(day, TODAY) == says


def test_a_day_that_was_picked_stands_in_the_record_in_words() -> None:
    message = Message(id="1", kind="answer", at=now(), question="field:birth_date", value="1985-03-04")
    line = said(message, None, begin())
    assert line is not None and line["text"] == "1985年3月4日"
