"""Followers of the Official Account, and a short way to have them told something and to see what came of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

import backend.notices.jobs  # noqa: F401 - registers its handler and its jobs
from backend import jobs
from backend.notices.models import NOTICE
from backend.people import effects
from backend.people.effects import Aside, Wanted
from backend.people.models import Account
from backend.settings import Settings
from backend.storage import DataKey, Storage, new_id, now
from bot.simulators.wechat.faults import Faults
from bot.simulators.wechat.world import Contact, World
from bot.wechat.client import HardenedClient
from dialogs.messages import Say


@dataclass(frozen=True)
class WeChat:
    """The stand-in of one test."""

    world: World
    base: str
    faults: Faults

    def calls(self, part: str) -> int:
        return sum(part in call.path for call in self.world.calls)


@dataclass(frozen=True)
class Follower:
    """Somebody who follows the account, as we know them and as WeChat does."""

    person_id: str
    account_id: str
    key: DataKey
    contact: Contact

    @property
    def screen(self) -> list[str]:
        """What the account has shown them, oldest first."""
        return [shown.text for shown in self.contact.screen if shown.side == "them"]


@dataclass
class Office:
    house: jobs.House
    weixin: WeChat

    def follower(self, name: str, *, wrote: bool = True) -> Follower:
        """`wrote`: just now, so that the window for messages is open."""
        world, store = self.weixin.world, self.house.store
        contact = world.add_person(name)
        if wrote:
            world.said(contact)
        person_id, account_id = new_id(), new_id()
        with store.turn() as tx:
            key = store.keys.new(tx, person_id)
            row = {
                "id": account_id,
                "person_id": person_id,
                "app": "wechat_oa",
                "key_hash": store.keys.find_hash("wechat_oa", contact.openid),
                "sealed_key": store.keys.seal(key, contact.openid, f"account.key:{account_id}"),
                "created_at": now(),
            }
            tx.execute(sa.insert(Account), [row])
        return Follower(person_id, account_id, key, contact)

    def tell(self, follower: Follower, *texts: str) -> None:
        """Each in a turn of its own, as the writer does it; nothing is pushed yet."""
        for text in texts:
            aside = Aside("case_moved", (new_id(),), "wechat_oa", (Say(text, tone="notice"),))
            with self.house.store.turn() as tx:
                wanted = Wanted(follower.person_id, new_id(), aside, now(), follower.key)
                effects.carry_out(tx, self.house.store, [wanted])

    def states(self, follower: Follower | None = None) -> list[str]:
        return [row.state for row in self.notices(follower)]

    def notices(self, follower: Follower | None = None) -> list[Any]:
        asked = sa.select(NOTICE).order_by(NOTICE.c.id)
        if follower:
            asked = asked.where(NOTICE.c.account_id == follower.account_id)
        with self.house.store.read() as tx:
            return list(tx.execute(asked).all())

    def later(self, **ago: float) -> None:
        """Let time pass for the notices: what they wait for, and what they did last, moves into the past."""
        gap = timedelta(**ago)
        with self.house.store.turn() as tx:
            for row in tx.execute(sa.select(NOTICE)).all():
                moved = {"due_at": row.due_at - gap, "moved_at": row.moved_at - gap}
                tx.execute(sa.update(NOTICE).where(NOTICE.c.id == row.id).values(**moved))

    def sweep(self) -> None:
        jobs.run(self.house, "notices.sweep")
        jobs.drain(self.house)


@contextmanager
def opened(settings: Settings, weixin: WeChat) -> Iterator[Office]:
    store = Storage.open(settings)
    account = weixin.world.accounts["oa"]
    client = HardenedClient(account.app_id, account.secret, settings.wechat_api_base, deadline=3.0)
    try:
        yield Office(jobs.House(settings, store, doors={"wechat_oa": client}), weixin)
    finally:
        store.close()
