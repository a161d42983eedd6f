"""The hourly look at the limits, and the nightly end of what has been kept long enough."""

from __future__ import annotations

import logging
from datetime import timedelta

from backend.applications import store as rows
from backend.applications.clocks import Calendar
from backend.jobs import House, job
from backend.storage import now

log = logging.getLogger(__name__)
STALE_DAYS = 2  # a department is expected to take a case up within this


@job("applications.look_at_limits", cron="5 * * * *")
def look_at_limits(house: House) -> None:
    """Put today's light on every case, and mark what a department has not taken up."""
    calendar, at = Calendar(house.library.holidays), now()
    today = calendar.today(at)
    soon = calendar.soon(today)
    with house.store.turn() as tx:
        changed = rows.mark_urgency(tx, today, soon)
        stale = rows.mark_stale(tx, at - timedelta(days=STALE_DAYS))
    if changed or stale:
        log.info("limits", extra={"count": changed + stale})


@job("applications.forget_old", cron="40 3 * * *")
def forget_old(house: House) -> None:
    """Delete applications whose time of keeping is over (`Settings.retention.applications` days after their end)."""
    before = now() - timedelta(days=house.settings.retention.applications)
    while True:
        with house.store.turn() as tx:
            old = rows.ended_before(tx, before, 200)
            rows.drop_applications(tx, old)
        if len(old) < 200:
            return
