"""Every setting of the house, in one class: read from environment variables named `YIJIANSHI_...` (or a file `.env`).

No other module reads the environment. Outside the demo a secret that is missing or that is the demo's own is refused here,
at start, with a sentence that says which variable is wrong. `.env.example` is checked against this class by a test.
"""

from __future__ import annotations

import base64
import binascii
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

DEMO_MASTER_KEY = base64.b64encode(b"yijianshi demo key, not a secret").decode()
DEMO_OPERATOR = "一件事综合窗口（演示）"
# What the local WeChat stand-in is built with; outside the demo these values are refused.
DEMO_SECRETS = {
    "wechat_oa_app_id": "wxdemo00000000oa01",
    "wechat_oa_secret": "demo-official-account-secret",
    "wechat_oa_token": "demo-official-account-token",
    "wechat_oa_aes_key": "ZGVtb2RlbW9kZW1vZGVtb2RlbW9kZW1vZGVtb2RlbW8",
    "wechat_mp_app_id": "wxdemo00000000mp01",
    "wechat_mp_secret": "demo-mini-program-secret",
    "wechat_mp_token": "demo-mini-program-token",
    "wechat_mp_aes_key": "bWluaXByb2dyYW1kZW1vbWluaXByb2dyYW1kZW1vbWk",
}


class Retention(BaseModel):
    """How long what is kept, in days. The privacy notice states this table; the nightly sweep carries it out."""

    inbox: int = Field(7, ge=1)  # answers to messages that may be sent again
    transcript: int = Field(365, ge=1)  # what was said
    drafts: int = Field(180, ge=1)  # answers never submitted, since last touched
    photos: int = Field(30, ge=1)  # pictures that belong to no draft and no application
    applications: int = Field(1825, ge=365)  # after closing
    jobs: int = Field(30, ge=1)  # finished background work
    events: int = Field(30, ge=1)  # delivered system messages
    audit: int = Field(1095, ge=180)  # who looked at what


class Settings(BaseSettings):
    """The settings of one process. Minutes, days and bytes are named in the field; `DATA_DIR` is created when missing."""

    model_config = SettingsConfigDict(
        env_prefix="YIJIANSHI_",
        env_nested_delimiter="__",
        env_file=".env",
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    demo: bool = False
    role: Literal["all", "web", "worker"] = "all"
    data_dir: Path = Path("var")
    host: str = "127.0.0.1"
    port: int = Field(8000, ge=1, le=65535)
    public_url: str = ""  # as people reach it, e.g. "https://bsh.example.gov.cn"; https makes the cookies Secure
    operator: str = ""  # who answers for what is kept here, as the privacy notice names them
    trusted_proxies: str = "127.0.0.1"  # whose X-Forwarded-For is believed, comma separated
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    database_url: str = ""  # "" is SQLite in DATA_DIR; or postgresql://user:password@host/name
    blob_url: str = ""  # "" is a folder in DATA_DIR; or s3://bucket/prefix
    master_key: SecretStr = SecretStr("")  # 32 bytes in base64; wraps every person's key
    master_key_before: SecretStr = SecretStr("")  # the one before it, only while keys are being rewrapped
    cipher: Literal["aes", "sm4"] = "aes"

    wechat_oa_app_id: str = ""
    wechat_oa_secret: SecretStr = SecretStr("")
    wechat_oa_token: SecretStr = SecretStr("")
    wechat_oa_aes_key: SecretStr = SecretStr("")
    wechat_mp_app_id: str = ""
    wechat_mp_secret: SecretStr = SecretStr("")
    wechat_mp_token: SecretStr = SecretStr("")
    wechat_mp_aes_key: SecretStr = SecretStr("")
    wechat_api_base: str = "https://api.weixin.qq.com"
    alipay_app_id: str = ""
    alipay_private_key: SecretStr = SecretStr("")
    alipay_public_key: SecretStr = SecretStr("")
    alipay_gateway: str = "https://openapi.alipay.com/gateway.do"

    call_minutes: int = Field(10, ge=1)  # a call for a person of the staff counts as unanswered after this
    lease_minutes: int = Field(20, ge=1)  # how long a floor is held without a sign of life
    burst_seconds: float = Field(2.5, ge=0, le=4)  # how long a chat waits for more words (WeChat: five seconds)
    stuck_minutes: int = Field(2, ge=1)  # a row that has not moved for this long is started again
    staff_session_hours: int = Field(10, ge=1)
    person_cookie_days: int = Field(180, ge=1)

    reader: str = ""  # another reader than the rules: "package.module:factory"; nothing of a text may leave the machine
    read_photos: bool = True  # pictures of papers are read here; off: a person looks at every one
    photo_readers: int = Field(1, ge=1, le=16)  # processes that read, in a process that does background work

    body_kilobytes: int = Field(64, ge=16)  # of a message; longer bodies are refused
    photo_megabytes: int = Field(12, ge=1)
    stranger_posts_per_minute: int = Field(60, ge=1)  # per address, for people not seen before
    person_posts_per_minute: int = Field(120, ge=1)

    retention: Retention = Retention()

    @model_validator(mode="before")
    @classmethod
    def _demo_values(cls, given: dict[str, object]) -> dict[str, object]:
        """In the demo, what is not set is the demo's own: one command, no file of settings."""
        if str(given.get("demo", "")).lower() in ("1", "true", "yes", "on"):
            own = {"master_key": DEMO_MASTER_KEY, "operator": DEMO_OPERATOR, **DEMO_SECRETS}
            return {**own, **{k: v for k, v in given.items() if v != ""}}
        return given

    @model_validator(mode="after")
    def _secrets_are_real(self) -> Self:
        if not self.demo:
            self._refuse_demo_secrets()
        for name in ("master_key", "master_key_before"):
            _check_key(name, getattr(self, name).get_secret_value(), needed=name == "master_key")
        if self.role != "all" and not self.on_postgres:
            raise ValueError(
                "YIJIANSHI_ROLE: web and worker apart need PostgreSQL (YIJIANSHI_DATABASE_URL); SQLite serves one process"
            )
        return self

    def _refuse_demo_secrets(self) -> None:
        if self.master_key.get_secret_value() == DEMO_MASTER_KEY:
            raise ValueError(
                "YIJIANSHI_MASTER_KEY: this is the demo's key, which everybody knows; make one of your own"
            )
        for name, value in DEMO_SECRETS.items():
            mine = getattr(self, name)
            if (mine.get_secret_value() if isinstance(mine, SecretStr) else mine) == value:
                raise ValueError(f"YIJIANSHI_{name.upper()}: this is the demo's value, which everybody knows")
        for door in ("wechat_oa", "wechat_mp"):
            self._whole_door(door, ("secret", "token", "aes_key"))
        self._whole_door("alipay", ("private_key", "public_key"))

    def _whole_door(self, door: str, secrets: tuple[str, ...]) -> None:
        """A door is either shut (no app id) or has all of its secrets."""
        if not getattr(self, f"{door}_app_id"):
            return
        for name in secrets:
            if not getattr(self, f"{door}_{name}").get_secret_value():
                raise ValueError(f"YIJIANSHI_{door.upper()}_{name.upper()}: missing, though the door's app id is set")

    @property
    def on_postgres(self) -> bool:
        return self.database_url.startswith("postgres")

    @property
    def sqlalchemy_url(self) -> str:
        """The database's address as SQLAlchemy names it (psycopg 3 on PostgreSQL)."""
        if not self.database_url:
            return f"sqlite:///{self.data_dir.absolute() / 'yijianshi.db'}"
        if self.on_postgres:
            return "postgresql+psycopg://" + self.database_url.split("://", 1)[1]
        return self.database_url

    @property
    def blobs(self) -> str:
        """Where files are kept, as a URL that obstore reads."""
        return self.blob_url or (self.data_dir.absolute() / "blobs").as_uri()

    @property
    def secure_cookies(self) -> bool:
        return self.public_url.startswith("https://")


def _check_key(name: str, value: str, *, needed: bool) -> None:
    if not value and not needed:
        return
    try:
        size = len(base64.b64decode(value, validate=True))
    except binascii.Error:
        size = 0
    if size != 32:
        raise ValueError(
            f"YIJIANSHI_{name.upper()}: must be 32 random bytes in base64; "
            'make one with: python3 -c "import base64,os; print(base64.b64encode(os.urandom(32)).decode())"'
        )
