"""Limits in working days, by the holidays of 2026 as the State Council set them, and beyond what is known."""

from datetime import date, timedelta

import pytest
from pydantic import ValidationError

from dialogs.policy import Deadline, deadline_date, is_working_day
from dialogs.policy.written import Clock


def limit(days: int | None = None, calendar_days: int | None = None, by: str | None = None) -> Deadline:
    return Deadline(days, "acceptance", (), "", by, calendar_days, "")


@pytest.mark.parametrize(
    ("start", "days", "last"),
    [
        (date(2026, 3, 2), 1, date(2026, 3, 3)),  # Monday: Tuesday is day 1
        (date(2026, 3, 6), 1, date(2026, 3, 9)),  # over a weekend
        (date(2026, 2, 13), 1, date(2026, 2, 14)),  # Saturday 14 February is worked
        (date(2026, 2, 14), 1, date(2026, 2, 24)),  # Spring Festival, 15 to 23 February
        (date(2026, 2, 27), 1, date(2026, 2, 28)),  # Saturday 28 February is worked
        (date(2026, 4, 30), 1, date(2026, 5, 6)),  # 1 to 5 May
        (date(2026, 4, 30), 4, date(2026, 5, 9)),  # Saturday 9 May is worked
        (date(2026, 9, 30), 1, date(2026, 10, 8)),  # 1 to 7 October
        (date(2026, 9, 30), 3, date(2026, 10, 10)),  # Saturday 10 October is worked
        (date(2026, 3, 2), 10, date(2026, 3, 16)),
        (date(2026, 3, 2), 15, date(2026, 3, 23)),
        (date(2026, 2, 10), 15, date(2026, 3, 9)),  # 11-14, 24-28 February, 2-6 and 9 March
    ],
)
def test_the_last_day_is_counted_in_working_days(start: date, days: int, last: date) -> None:
    assert deadline_date(limit(days), start, {}) == (last, False)


def test_a_date_in_a_year_that_nobody_knows_is_an_estimate() -> None:
    last, estimate = deadline_date(limit(15), date(2026, 12, 21), {}) or (None, None)
    assert (last, estimate) == (date(2027, 1, 11), True)
    assert deadline_date(limit(5), date(2026, 12, 21), {}) == (date(2026, 12, 28), False)


def test_the_operator_s_days_make_a_year_known_and_win_over_the_tables() -> None:
    known = {date(2027, 1, 1): True, date(2027, 1, 2): False}
    assert deadline_date(limit(9), date(2026, 12, 21), known) == (date(2027, 1, 2), False)
    assert deadline_date(limit(1), date(2026, 3, 2), {date(2026, 3, 3): True}) == (date(2026, 3, 4), False)
    assert not is_working_day(date(2026, 5, 9), {date(2026, 5, 9): True})


def test_calendar_days_and_fixed_days_are_kept_as_such() -> None:
    assert deadline_date(limit(calendar_days=3), date(2026, 4, 30), {}) == (date(2026, 5, 3), False)
    assert deadline_date(limit(by="11-30"), date(2026, 3, 2), {}) == (date(2026, 11, 30), False)
    assert deadline_date(limit(by="11-30"), date(2026, 12, 1), {}) == (date(2027, 11, 30), False)


def test_where_nothing_is_promised_there_is_no_date() -> None:
    assert deadline_date(limit(), date(2026, 3, 2), {}) is None


def test_a_longer_limit_never_ends_earlier() -> None:
    start = date(2026, 1, 1)
    for offset in range(0, 330, 7):
        day = start + timedelta(days=offset)
        ends = [deadline_date(limit(days), day, {}) for days in (1, 5, 10, 15, 45)]
        dates = [end[0] for end in ends if end]
        assert dates == sorted(set(dates))
        assert all(is_working_day(end, {}) for end in dates)


@pytest.mark.parametrize("day", ["13-45", "02-30", "00-10", "04-31", "1-1"])
def test_a_limit_is_a_day_of_the_calendar(day: str) -> None:
    with pytest.raises(ValidationError):
        Clock(says="到那天。", clause="第一条", by=day)
    assert Clock(says="到那天。", clause="第一条", by="12-31").by == "12-31"
