"""The encrypted door of the Official Account as WeChat would knock at it, for tests of whole talks.

`WeChatUser(client, openid).say("你好")` pushes a signed and encrypted message and gives back the decrypted reply. What it sends
and reads is made by the stand-in's own cipher, which shares no code with the door's.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from fastapi import FastAPI
from fastapi.testclient import TestClient

from bot.simulators.wechat.app import create
from bot.simulators.wechat.push import Format, How, read_reply, sealed
from bot.simulators.wechat.world import World
from tests.browser.serving import serving


class Client(Protocol):
    """What is needed of a client: httpx.Client and TestClient both have it."""

    def post(self, url: str, *, params: Any, content: Any, headers: Any) -> Any: ...


class WeChatUser:
    """One follower of the Official Account. The app has to be running: give its entered TestClient, or the app of one.

    `world`: the stand-in whose media shelf holds the photos; the desk fetches them only if its WeChat address is that one's.

    Every call raises AssertionError unless the door answers 200. `last`: the push that was sent last, to send it again.
    """

    path = "/wechat/official-account"

    def __init__(
        self,
        app_or_client: FastAPI | Client,
        openid: str = "oDemo_zhou_guilan_oa_000001",
        world: World | None = None,
        form: Format = "xml",
    ) -> None:
        self.client: Client = TestClient(app_or_client) if isinstance(app_or_client, FastAPI) else app_or_client
        self.openid = openid
        self.world = world or World()
        self.account = self.world.accounts["oa"]
        self.form: Format = form
        self.last: dict[str, Any] = {}

    def say(self, text: str, **fields: Any) -> str:
        """Write; the passive reply, "" for none."""
        return self.push("text", Content=text, **fields)

    def photo(self, content: bytes) -> str:
        """Send a picture, which then lies with WeChat for three days."""
        media_id = self.world.keep_media("oa", "image", content, "image/jpeg")
        return self.push("image", PicUrl="http://127.0.0.1/picture", MediaId=media_id)

    def voice(self, content: bytes = b"#!AMR\n") -> str:
        media_id = self.world.keep_media("oa", "voice", content, "audio/amr")
        return self.push("voice", MediaId=media_id, Format="amr", Recognition="")

    def event(self, event: str, **fields: Any) -> str:
        return self.push("event", Event=event, **fields)

    def push(self, kind: str, **fields: Any) -> str:
        if kind != "event":
            fields.setdefault("MsgId", self.world.number())
        self.last = {
            "ToUserName": self.account.our_id,
            "FromUserName": self.openid,
            "CreateTime": int(time.time()) + 1,  # people read before they answer; bursts give their own times
            "MsgType": kind,
            **fields,
        }
        return self.again()

    def again(self) -> str:
        """The last push once more, as WeChat does after five seconds without an answer."""
        answer = self.knock(How(self.form))
        assert answer.status_code == 200, answer.text
        return read_reply(self.account, answer.text, self.openid, self.form)

    def knock(self, how: How) -> Any:
        """The last push with everything that may be wrong with it; the HTTP answer as it is."""
        query, body = sealed(self.account, self.last, time.time(), how)
        return self.client.post(self.path, params=query, content=body, headers={"Content-Type": "text/xml"})


@contextmanager
def stand_in(world: World, target: str = "http://127.0.0.1:9") -> Iterator[tuple[str, Any]]:
    """WeChat's stand-in behind a real socket: (its address, its app). Its faults are `app.state.faults`."""
    app = create(world, target)
    with serving(app) as address:
        yield address, app
