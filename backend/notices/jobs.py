"""The push, the sweep that starts again what has not moved, and the end of what has been kept long enough."""

from __future__ import annotations

from datetime import timedelta

from backend import jobs
from backend.jobs import House, job
from backend.notices import service
from backend.notices import store as rows
from backend.storage import now


@job(service.PUSH, queue="push")
def push(house: House, account_id: str) -> None:
    """Send what is due to one account."""
    service.push(house, account_id)


@job("notices.sweep", cron="* * * * *")
def sweep(house: House) -> None:
    """Start the push again for accounts where something is due and nobody came, or where somebody died in the middle."""
    at = now()
    with house.store.turn() as tx:
        for account_id in rows.stuck(tx, at - timedelta(minutes=house.settings.stuck_minutes)):
            jobs.start(tx, service.PUSH, key=f"{account_id}:{int(at.timestamp()) // 60}", args=(account_id,))


@job("notices.forget_old", cron="50 3 * * *")
def forget_old(house: House) -> None:
    """Delete notices that ended long ago (`Settings.retention.events`)."""
    before = now() - timedelta(days=house.settings.retention.events)
    while True:
        with house.store.turn() as tx:
            if not rows.forget_old(tx, before):
                return
