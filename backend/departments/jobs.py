"""Telling a department's system, and starting again what has not gone."""

from __future__ import annotations

from datetime import timedelta

from backend import jobs
from backend.departments import service
from backend.departments import store as rows
from backend.jobs import House, job
from backend.storage import now


@job(service.SEND)
def send(house: House, dispatch_id: str) -> None:
    """Tell one department's system of one case."""
    service.send(house, dispatch_id)


@job("departments.sweep", cron="* * * * *")
def sweep(house: House) -> None:
    """Start again what was due and has not gone."""
    at = now()
    with house.store.turn() as tx:
        for dispatch_id in rows.stuck(tx, at - timedelta(minutes=house.settings.stuck_minutes)):
            jobs.start(tx, service.SEND, key=f"{dispatch_id}:{int(at.timestamp()) // 60}", args=(dispatch_id,))
