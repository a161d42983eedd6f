"""What no policy document says about a county: windows, phones, hours, duty times, assessment institutions.

Kept in the console by the county's staff; the demo brings invented entries. Every entry may be blank, and a blank
is said to
be unknown, never guessed. Times of day are local (Asia/Shanghai).
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone

from pydantic import BaseModel, ConfigDict, field_validator

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")  # no summer time since 1991, so a fixed offset is exact


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Place(_Entry):
    """A window, an office or an institution. `hours` in words as on its door; `text_route`: a way to reach it
    without a call."""

    name: str
    kind: str = "window"  # window, card_window, assessment, dibao, medical, pension
    address: str = ""
    phone: str = ""
    hours: str = ""
    text_route: str = ""
    note: str = ""


class Duty(_Entry):
    """When somebody of the staff is at the console: `days` 1 (Monday) to 7, from `begins` to `ends`."""

    days: tuple[int, ...]
    begins: time
    ends: time

    @field_validator("days")
    @classmethod
    def _weekdays(cls, days: tuple[int, ...]) -> tuple[int, ...]:
        if not days or not all(1 <= day <= 7 for day in days):
            raise ValueError("days are numbers from 1 (Monday) to 7 (Sunday)")
        return days


class Contact(_Entry):
    """Somebody to turn to in danger, with a way in text. `source` and `on` say where the number comes from and when."""

    name: str
    phone: str = ""
    text_route: str = ""
    source: str
    on: date


class Directory(_Entry):
    """One county's entries. `county`: 6-digit code. `invented`: true for the demo's entries, and then said so."""

    county: str
    name: str
    invented: bool = False
    places: tuple[Place, ...] = ()
    duty: tuple[Duty, ...] = ()
    closed_on: tuple[date, ...] = ()
    contacts: tuple[Contact, ...] = ()
    jump_url: str = ""
    answer_minutes: int = 10

    def of_kind(self, *kinds: str) -> tuple[Place, ...]:
        return tuple(place for place in self.places if place.kind in kinds)

    def on_duty(self, at: datetime) -> bool:
        """Whether somebody should be at the console at this moment."""
        local = at.astimezone(SHANGHAI)
        return any(begins <= local < ends for begins, ends in self._shifts(local.date()))

    def duty_until(self, at: datetime) -> datetime | None:
        """When those who should be at the console at this moment leave it; None while nobody should be."""
        local = at.astimezone(SHANGHAI)
        return max((ends for begins, ends in self._shifts(local.date()) if begins <= local < ends), default=None)

    def next_duty(self, at: datetime) -> datetime | None:
        """The next moment when somebody comes, within a fortnight; None when no duty time is known."""
        local = at.astimezone(SHANGHAI)
        for ahead in range(15):
            for begins, _ in self._shifts(local.date() + timedelta(days=ahead)):
                if begins > local:
                    return begins
        return None

    def _shifts(self, day: date) -> list[tuple[datetime, datetime]]:
        if day in self.closed_on:
            return []
        shifts = [
            (datetime.combine(day, duty.begins, SHANGHAI), datetime.combine(day, duty.ends, SHANGHAI))
            for duty in self.duty
            if day.isoweekday() in duty.days
        ]
        return sorted(shifts)
