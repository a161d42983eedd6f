"""People who talk with a server that may be killed at any moment, as phones do: what got no answer is sent again."""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass, field

import httpx

from tests.scale import sized

KILLS, PEOPLE = sized((3, 4), (20, 20))
_WORDS = ("你好", "同意", "同意", "给我自己办", "通川区", "没有证", "要多久", "怎么申请", "不清楚", "返回")


@dataclass(slots=True)
class Talker:
    """One person at a phone. `acknowledged`: what each message was answered with, in the order of sending."""

    number: int
    url: str
    acknowledged: dict[str, bytes] = field(default_factory=dict)
    sent_again: int = 0
    wrong: list[str] = field(default_factory=list)
    cookies: httpx.Cookies = field(default_factory=httpx.Cookies)

    def talk(self, stop: threading.Event) -> None:
        """Say one thing after the other until told to stop; nothing is left behind unanswered. Nobody types without a breath:
        without one, few people take all of the machine from the server that has to start again."""
        with httpx.Client(base_url=self.url, timeout=10) as client:
            self._arrive(client)
            while not stop.is_set():
                at = len(self.acknowledged)
                self.acknowledged[f"m{at}"] = self.say(
                    client, f"m{at}", _WORDS[at % len(_WORDS)] + words(self.number, at)
                )
                stop.wait(random.uniform(0, 0.1))

    def _arrive(self, client: httpx.Client) -> None:
        """The cookie comes before the first word: a retry has to be the same person."""
        while not client.cookies:
            try:
                client.get("/api/v1/conversation")
            except httpx.HTTPError:
                time.sleep(0.1)
        self.cookies = client.cookies

    def say(self, client: httpx.Client, key: str, text: str) -> bytes:
        """Hand in one message, again and again with the same key until it is answered."""
        for _ in range(5_000):
            try:
                answer = client.post(
                    "/api/v1/messages",
                    json={"kind": "text", "text": text},
                    headers={"Idempotency-Key": key},
                )
                if answer.status_code == 200:
                    return answer.content
                if answer.status_code < 500:
                    self.wrong.append(f"{key}: {answer.status_code}")
            except httpx.HTTPError:
                time.sleep(0.05)
            self.sent_again += 1
            time.sleep(random.uniform(0.1, 0.4))
        raise AssertionError(f"message {key} of talker {self.number} was never answered")


def words(number: int, at: int) -> str:
    """Something that no other message says."""
    return f"（{number}之{at}）"
