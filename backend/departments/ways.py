"""How a case reaches its department, chosen by the operator in `DATA_DIR/departments.yaml`; without an entry it is the desk.

`desk`: the department's people work at our console, where the case is already. `webhook`: the department's own system is told,
and tells us, over HTTP signed both ways. An item that goes on elsewhere (jump) has no case and never comes here: the talk gives
the link.

    ways:
      - {county: "511702", department: minzheng, way: webhook, url: "https://...", secret: "at least 32 signs"}
"""

from __future__ import annotations

import hashlib
import hmac
import stat
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator

from backend.settings import Settings

WINDOW_SECONDS = 300  # how far a signed request may be from our clock


class Way(BaseModel):
    """One department of one county. `secret`: shared by the two systems, signs both ways."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)
    county: str
    department: str
    way: Literal["desk", "webhook"] = "desk"
    url: str = ""
    secret: SecretStr = SecretStr("")

    @model_validator(mode="after")
    def _whole(self) -> Way:
        if self.way == "webhook" and (not self.url.startswith(("https://", "http://127.0.0.1"))):
            raise ValueError("a webhook needs an https address")
        if self.way == "webhook" and len(self.secret.get_secret_value()) < 32:
            raise ValueError("a webhook needs a secret of at least 32 signs")
        return self

    def sign(self, moment: int, body: bytes) -> str:
        """HMAC-SHA256 over "<seconds>.<body>", hexadecimal."""
        return hmac.new(
            self.secret.get_secret_value().encode(), f"{moment}.".encode() + body, hashlib.sha256
        ).hexdigest()

    def signed(self, moment: str, signature: str, body: bytes, now: float) -> bool:
        """Whether this body was signed with our secret, near this moment."""
        if not moment.isascii() or not moment.isdigit() or len(moment) > 12 or abs(now - int(moment)) > WINDOW_SECONDS:
            return False
        return hmac.compare_digest(self.sign(int(moment), body).encode(), signature.encode())


class WaysFile(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)
    ways: tuple[Way, ...] = Field(default=())


def way_of(settings: Settings, county: str, department: str) -> Way:
    """The way that the operator has set, else the desk. ValueError names what is wrong with the file."""
    path = settings.data_dir / "departments.yaml"
    set_up = _read(path, path.stat().st_mtime_ns) if path.is_file() else ()
    mine = (way for way in set_up if (way.county, way.department) == (county, department))
    return next(mine, Way(county=county, department=department))


@lru_cache(maxsize=4)
def _read(path: Path, changed: int) -> tuple[Way, ...]:
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise ValueError(f"{path} holds secrets and can be read by others: chmod 600 {path}")
    given: Any = yaml.safe_load(path.read_text("utf-8")) or {}
    try:
        return WaysFile.model_validate(given).ways
    except ValidationError as wrong:
        raise ValueError(f"{path}: {wrong}") from None
