"""Background work of conversations: telling them what happened, and the sweeps that see to what nobody else moves.

A job never writes a conversation: it hands a system message to the writer of its own process, like everybody else.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from prometheus_client import Gauge

from backend import jobs
from backend.conversations import store as rows
from backend.conversations import unheard
from backend.conversations.writer import Unknown
from backend.people import happenings
from backend.people import service as people
from backend.storage import now

log = logging.getLogger(__name__)
_REMINDED_AFTER = timedelta(days=3)
_ONE_MINUTE = timedelta(minutes=1)
_GIVEN_UP = Gauge(
    "yijianshi_events_given_up", "Events that failed every time and wait for the night, or for an operator"
)


@jobs.job(happenings.TELL)
def tell(house: jobs.House, happening_id: str) -> None:
    """Have a conversation hear of one event, once: its turn marks it as told in the same transaction."""
    with house.store.read() as tx:
        event = happenings.untold(house.store.keys, tx, happening_id)
    if event is None:
        return
    try:
        house.writer.system_and_wait(event.conversation_id, event.event, event.data, key=event.id)
    except Unknown:  # the conversation has been deleted meanwhile: there is nobody to tell
        with house.store.work() as tx:
            happenings.told(tx, [happening_id], now())


@jobs.job("conversations.sweep", cron="* * * * *")
def sweep(house: jobs.House) -> None:
    """Every minute: end floors whose time is over, tell those whose call nobody answered, start again what has not moved."""
    moment, settings = now(), house.settings
    with house.store.read() as tx:
        over = rows.leases_that_ran_out(tx, moment)
        calls = [one for one in rows.unanswered_calls(tx, moment - _ONE_MINUTE) if _is_late(house, one, moment)]
    for conversation_id, lease in over:
        unheard.keep(house, conversation_id)
        _tell(house, conversation_id, "lease_ran_out", {"lease": lease}, f"lease:{lease}:{moment:%Y%m%d%H%M}")
    for conversation_id, called_at, _ in calls:
        stamp = called_at.isoformat() if called_at else ""
        _tell(house, conversation_id, "call_unanswered", {}, f"call:{stamp}:{moment:%Y%m%d%H%M}")
    with house.store.work() as tx:
        again = happenings.start_again(tx, moment, timedelta(minutes=settings.stuck_minutes))
        lost = happenings.given_up(tx)
    if again:
        log.warning("events_started_again", extra={"count": again})
    if lost:
        log.error("events_given_up", extra={"count": lost})
    _GIVEN_UP.set(lost)


def _is_late(house: jobs.House, call: tuple[str, datetime | None, str], moment: datetime) -> bool:
    """Whether a call has waited longer than its person was told: by the county's directory while somebody was on duty, else by
    the settings."""
    _, called_at, region = call
    directory = house.library.directories.get(region)
    told = directory.answer_minutes if directory and called_at and directory.on_duty(called_at) else None
    return called_at is not None and called_at < moment - timedelta(minutes=told or house.settings.call_minutes)


@jobs.job("conversations.remind", cron="13 10 * * *")
def remind(house: jobs.House) -> None:
    """Every morning: those who said of a picture that it comes later hear of it once more; the talk knows who they are."""
    moment = now()
    with house.store.read() as tx:
        waiting = rows.rest_at_a_picture(tx, moment - _REMINDED_AFTER)
    for conversation_id in waiting:
        _tell(house, conversation_id, "photo_due", {}, f"photo_due:{moment:%Y%m%d}")


@jobs.job("conversations.retain", cron="17 3 * * *")
def retain(house: jobs.House) -> None:
    """Every night: let go what is older than the retention table says."""
    moment, keep = now(), house.settings.retention
    with house.store.work() as tx:
        rows.drop_old(
            tx,
            inbox=moment - timedelta(days=keep.inbox),
            transcript=moment - timedelta(days=keep.transcript),
            drafts=moment - timedelta(days=keep.drafts),
        )
    with house.store.read() as tx:
        silent = rows.silent_persons(tx, moment - timedelta(days=max(keep.transcript, keep.drafts)))
    for person_id in silent:
        people.forget(house.store, person_id)
    with house.store.work() as tx:
        happenings.start_given_up(tx)
    while _forget_told(house, moment - timedelta(days=keep.events)):
        continue
    while jobs.forget_finished(house.store, moment - timedelta(days=keep.jobs)):
        continue


def _tell(house: jobs.House, conversation_id: str, event: str, data: dict[str, object], key: str) -> None:
    """One conversation that cannot be told must not keep the sweep from the others: the next minute tries it again."""
    try:
        house.writer.system_and_wait(conversation_id, event, data, key=key)
    except Unknown:
        return
    except Exception as broken:  # noqa: BLE001
        log.error("sweep_failed", extra={"id": conversation_id, "error": type(broken).__name__})


def _forget_told(house: jobs.House, before: object) -> int:
    with house.store.work() as tx:
        return happenings.forget_told(tx, before)  # type: ignore[arg-type]
