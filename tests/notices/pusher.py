"""A worker of its own that pushes what is waiting until it is killed, with the settings in the environment."""

from __future__ import annotations

import time

import backend.notices.jobs  # noqa: F401 - registers its jobs
from backend import jobs
from backend.settings import Settings
from backend.storage import Storage
from bot.wechat.client import HardenedClient


def main() -> None:
    settings = Settings(_env_file=None)
    secret = settings.wechat_oa_secret.get_secret_value()
    client = HardenedClient(settings.wechat_oa_app_id, secret, settings.wechat_api_base)
    house = jobs.House(settings, Storage.open(settings), doors={"wechat_oa": client})
    print("ready", flush=True)
    while True:
        jobs.drain(house)
        time.sleep(0.05)
