"""A day as people say it: 11月23日, with the year only where it is another one than today's; and how long something lasts.
The one place for it, for the talk and for the office; what programs exchange stays YYYY-MM-DD."""

from __future__ import annotations

import re
from datetime import date

_ISO = re.compile(r"\d{4}-\d{2}-\d{2}")


def span_says(days: int) -> str:
    """So many days as people say them: 5年, 半年, 90天."""
    if days in (180, 182, 183):
        return "半年"
    return f"{days // 365}年" if days and days % 365 == 0 else f"{days}天"


def day_says(day: date | str, today: date | None = None) -> str:
    """`day`: a date, or YYYY-MM-DD; any other text (长期) is said as it is. `today`: None says the year always."""
    if isinstance(day, str):
        if not _ISO.fullmatch(day):
            return day
        try:
            day = date.fromisoformat(day)
        except ValueError:  # 2026-02-30
            return str(day)
    year = "" if today is not None and day.year == today.year else f"{day.year}年"
    return f"{year}{day.month}月{day.day}日"
