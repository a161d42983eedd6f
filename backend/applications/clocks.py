"""The calendar as the cases need it: what day it is here, when a clock that starts today runs out, which limit is near.

Counting working days is the policy's (`dialogs.policy.clocks`); the holidays that the operator has entered come with the library.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from dialogs.directory import SHANGHAI
from dialogs.policy.clocks import deadline_date, is_working_day
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
        found = deadline_date(Limit(working_days).deadline(), start, self.holidays)
        assert found is not None, "a limit in working days has an end"
        return found

    def soon(self, today: date) -> date:
        """The next working day: what is due until then is near."""
        return self.ends(today, 1)[0]

    def urgency(self, due_on: date | None, today: date) -> int:
        if due_on is None or due_on > self.soon(today):
            return CALM
        return OVERDUE if due_on < today else SOON

    def start(self, on: date, limit: Limit, at: datetime) -> dict[str, Any]:
        """The columns of a case whose clock starts on this day."""
        return {"started_on": on, **self._due(on, limit, 0, at)}

    def pause(self, on: date) -> dict[str, Any]:
        """The columns of a case whose clock stands still from this day on: no date can be named meanwhile."""
        return {"paused_on": on, "due_on": None, "urgency": CALM}

    def resume(self, case: Any, on: date, at: datetime) -> dict[str, Any]:
        """The columns of a case whose clock goes on: the working days in between do not count."""
        stood = case.stood_still + self._working_days(case.paused_on, on)
        due = self._due(case.started_on, Limit.of(case), stood, at) if case.started_on else {}
        return {"paused_on": None, "stood_still": stood, **due}

    def _due(self, start: date, limit: Limit, stood: int, at: datetime) -> dict[str, Any]:
        found = deadline_date(limit.deadline(stood), start, self.holidays)
        assert found is not None, "a limit has an end"
        due_on, estimate = found
        return {"due_on": due_on, "estimate": estimate, "urgency": self.urgency(due_on, self.today(at))}

    def _working_days(self, after: date, until: date) -> int:
        days = (after + timedelta(days=n) for n in range(1, (until - after).days + 1))
        return sum(is_working_day(day, self.holidays) for day in days)


@dataclass(frozen=True, slots=True)
class Limit:
    """The limit of a case as its document states it: working days, calendar days, or a date; all empty: none."""

    working_days: int | None = None
    calendar_days: int | None = None
    by: str | None = None

    @classmethod
    def of(cls, case: Any) -> Limit:
        return cls(case.limit_days, case.limit_calendar_days, case.limit_by or None)

    def __bool__(self) -> bool:
        return bool(self.working_days or self.calendar_days or self.by)

    def deadline(self, stood: int = 0) -> Deadline:
        """`stood`: working days during which the clock stood still."""
        days = self.working_days + stood if self.working_days else None
        return Deadline(
            working_days=days, starts="", excludes=(), clause="", by=self.by, calendar_days=self.calendar_days, says=""
        )
