"""Replies that a chat holds back for a moment, because more words may be on their way: then only the last of them is let go.

In memory, one per process: the turns are committed long before, and the talk itself knows what of them has not been said. What
is lost with a process is said again to the platform's repeat, from the inbox.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime

from backend.conversations.entries import Answer
from backend.storage import now
from dialogs.messages import Message, Reply

_ACCOUNTS = 5_000  # of which the last replies are remembered
_LAST = 16  # replies of one account


@dataclass(slots=True)
class _Held:
    """One reply. `until`: when it goes if nothing newer has come; `passed`: something newer has, and says it all."""

    message_id: str
    until: datetime
    passed: asyncio.Event = field(default_factory=asyncio.Event)


class Holder:
    """What of each account is held back. All calls from one loop."""

    def __init__(self) -> None:
        self._accounts: OrderedDict[str, list[_Held]] = OrderedDict()

    async def let_go(self, account: str, message: Message, answer: Answer, until: datetime) -> tuple[Reply, ...]:
        """The replies to this message once it is their time; none if a newer message has taken them along. A platform's repeat
        of a message gets what the first of it gets."""
        held = self._find(account, message.id)
        if held is None and answer.said is None:  # answered by another process, or before a restart
            return answer.replies
        if held is None:
            held = self._come(account, _Held(message.id, until if answer.may_grow else now()))
        while not held.passed.is_set() and (left := (held.until - now()).total_seconds()) > 0:
            try:
                await asyncio.wait_for(held.passed.wait(), left)
            except TimeoutError:
                continue
        return () if held.passed.is_set() else answer.replies

    def _find(self, account: str, message_id: str) -> _Held | None:
        return next((one for one in self._accounts.get(account, ()) if one.message_id == message_id), None)

    def _come(self, account: str, new: _Held) -> _Held:
        """Only what is still held back is passed over: what has been said stays said, also to a repeat."""
        mine = self._accounts.setdefault(account, [])
        self._accounts.move_to_end(account)
        for one in mine:
            if one.until > now():
                one.passed.set()
        mine.append(new)
        del mine[:-_LAST]
        while len(self._accounts) > _ACCOUNTS:
            self._accounts.popitem(last=False)
        return new
