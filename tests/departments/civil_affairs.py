"""An invented department's system: takes what it is sent if the signature is right, and can answer with any status."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI, Request, Response

SECRET = "a-secret-of-two-systems-and-of-nobody-else"


def signature(moment: str, body: bytes, secret: str = SECRET) -> str:
    """Written again from the documentation, not with our own code."""
    return hmac.new(secret.encode(), moment.encode() + b"." + body, hashlib.sha256).hexdigest()


@dataclass
class CivilAffairs:
    address: str = ""
    answers: list[int] = field(default_factory=list)  # statuses to answer with, one a call; then 200
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)  # (idempotency key, body)
    forged: int = 0

    @property
    def app(self) -> FastAPI:
        app = FastAPI()

        @app.post("/in")
        async def take(request: Request) -> Response:
            body, moment = await request.body(), request.headers["x-yijianshi-time"]
            if request.headers["x-yijianshi-signature"] != signature(moment, body):
                self.forged += 1
                return Response(status_code=401)
            self.calls.append((request.headers["idempotency-key"], json.loads(body)))
            return Response(status_code=self.answers.pop(0) if self.answers else 200)

        return app
