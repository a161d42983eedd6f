"""The calendar as the cases need it: what day it is here, when a clock that starts today runs out, which limit is near.

Counting working days is the policy's (`dialogs.policy.clocks`); the holidays that the operator has entered come with the library.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from dialogs.directory import SHANGHAI
from dialogs.policy.clocks import deadline_date
from dialogs.policy.decision import Deadline

CALM, SOON, OVERDUE = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Calendar:
    """`holidays`: the operator's overrides, date -> is a day off."""

    holidays: Mapping[date, bool]

    def today(self, at: datetime) -> date:
        """The day that it is in China at this moment."""
        return at.astimezone(SHANGHAI).date()

    def ends(self, start: date, working_days: int) -> tuple[date, bool]:
        """The last day of the limit, and whether it is an estimate (the year's holidays are not published yet)."""
        found = deadline_date(_working(working_days), start, self.holidays)
        assert found is not None, "a limit in working days has an end"
        return found

    def soon(self, today: date) -> date:
        """The next working day: what is due until then is near."""
        return self.ends(today, 1)[0]

    def urgency(self, due_on: date | None, today: date) -> int:
        if due_on is None or due_on > self.soon(today):
            return CALM
        return OVERDUE if due_on < today else SOON

    def start(self, on: date, working_days: int, at: datetime) -> dict[str, Any]:
        """The columns of a case whose clock starts on this day."""
        due_on, estimate = self.ends(on, working_days)
        urgency = self.urgency(due_on, self.today(at))
        return {"started_on": on, "due_on": due_on, "estimate": estimate, "urgency": urgency}


def _working(days: int) -> Deadline:
    return Deadline(working_days=days, starts="", excludes=(), clause="", by=None, calendar_days=None, says="")
