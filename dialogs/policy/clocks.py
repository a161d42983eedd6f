"""Limits in working days: which clock an item has, and which date it ends on once it has started.

The holidays are chinesecalendar's tables (State Council notices, as constants) and, over them, what the caller
brings for years that the tables do not know yet. Day 1 is the first working day after the event that starts the
clock.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from chinese_calendar.constants import holidays as _REST_DAYS
from chinese_calendar.constants import workdays as _MADE_UP_DAYS

from dialogs.policy.decision import Deadline
from dialogs.policy.pack import Pack, meant_for

Holidays = Mapping[date, bool]
"""Day -> True when it is a day of rest, False when it is a working day."""

KNOWN_YEARS = frozenset(day.year for day in _REST_DAYS)
MONTH_OF_CARD = "month_of_card"
_ONE_DAY = timedelta(days=1)


def deadlines(pack: Pack, verdicts: Mapping[str, str], facts: Mapping[str, Any]) -> dict[str, Deadline]:
    """The limit of each of these items, and, where the document has them, of the "bundle" and of steps on the way."""
    found = {item: clock for item, verdict in verdicts.items() if (clock := _clock(pack, item, verdict, facts))}
    for row in pack.bundle:
        if any(row.fits(item, verdict, facts) for item, verdict in verdicts.items()):
            found.setdefault(row.written.step or "bundle", row.gives)
    return found


def _clock(pack: Pack, item: str, verdict: str, facts: Mapping[str, Any]) -> Deadline | None:
    for test, row in meant_for(pack.clocks[item], verdict):
        if test is None or test(facts):
            clock: Deadline = row.gives
            return clock
    return None


def is_working_day(day: date, holidays: Holidays) -> bool:
    """By what the caller brings, else the tables, else the weekday."""
    told = holidays.get(day)
    if told is not None:
        return not told
    if day in _MADE_UP_DAYS:
        return True
    return day not in _REST_DAYS and day.weekday() < 5


def deadline_date(deadline: Deadline, start: date, holidays: Holidays) -> tuple[date, bool] | None:
    """The last day of the limit, and whether it is an estimate because it reaches into a year whose holidays nobody
    knows yet. `start`: the day of the event that starts the clock. None where the document promises no limit."""
    if deadline.working_days is not None:
        last = _after_working_days(start, deadline.working_days, holidays)
        known = KNOWN_YEARS | {day.year for day in holidays}
        return last, any(year not in known for year in range(start.year, last.year + 1))
    if deadline.calendar_days is not None:
        return start + timedelta(days=deadline.calendar_days), False
    return (_by(deadline.by, start), False) if deadline.by else None


def _after_working_days(start: date, days: int, holidays: Holidays) -> date:
    day = start
    while days:
        day += _ONE_DAY
        days -= is_working_day(day, holidays)
    return day


def _by(by: str, start: date) -> date:
    """The next such day; or the last day of the month in which the card, the start of this clock, was issued."""
    if by == MONTH_OF_CARD:
        return start.replace(day=monthrange(start.year, start.month)[1])
    return _next(by, start)


def _next(month_day: str, start: date) -> date:
    month, day = (int(part) for part in month_day.split("-"))
    this_year = date(start.year, month, day)
    return this_year if this_year >= start else date(start.year + 1, month, day)
