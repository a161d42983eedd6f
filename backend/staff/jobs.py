"""Background work of the staff's room: seal the audit every ten minutes, and once a night let go what is over."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.exc import IntegrityError

from backend import jobs
from backend.staff import audit, service, store
from backend.storage import now


@jobs.job("staff.seal_audit", cron="*/10 * * * *")
def seal_audit(house: jobs.House) -> None:
    """Close a seal over the audit rows written since the last. A second process at the same moment loses and leaves it."""
    try:
        audit.seal(house.store)
    except IntegrityError:
        return


@jobs.job("staff.tidy", cron="40 3 * * *")
def tidy(house: jobs.House) -> None:
    """Let go sessions that ran out, old failures, and audit rows beyond the retention."""
    moment = now()
    with house.store.work() as tx:
        store.drop_old_sessions(tx, moment)
        store.drop_old_failures(tx, moment - service.SHUT_FOR)
        audit.forget(tx, moment - timedelta(days=house.settings.retention.audit))
