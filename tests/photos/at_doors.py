"""A served house in which pictures are read by their colours, and the talks with pictures cut for its doors.

The way to the first picture is taken at the writer; from there on everything goes through the door, and results come by
themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from backend.app import create_app
from backend.jobs import House
from backend.photos.reader import Reader
from bot.simulators.wechat.world import World
from tests.browser.serving import serving
from tests.channels.wechat_door import stand_in
from tests.databases import fresh
from tests.photos.by_colour import ByColour
from tests.scale import sized
from tests.staff.world import Office
from tests.talks.runner import spelled_out, talks

SECONDS = 60
RUNS = count()


@dataclass(frozen=True)
class Reading:
    """A served house in which pictures are read by their colours, with WeChat's stand-in before its door."""

    house: House
    base: str
    pool: ByColour
    world: World
    office: Office


@contextmanager
def a_reading_house(folder: Path) -> Iterator[Reading]:
    world = World()
    with stand_in(world) as (weixin, _):
        app = create_app(fresh("sqlite", folder, wechat_api_base=weixin))
        with serving(app) as base:
            house, pool = app.state.house, ByColour()
            house.store.settings = house.settings.model_copy(update={"read_photos": True})
            house.library = house.writer.library = replace(house.library, reads=True)
            house.reader = Reader(pool)
            house.reader.start()
            yield Reading(house, base, pool, world, Office(house, app))


def at_doors(door: str) -> list[Any]:
    """Talks that can be played at this door, as many as this run is to have: nothing in them waits for days."""
    fit = [one for name, one in talks() if name.startswith("photos: ") and one.get("doors") in (True, door)]
    return [pytest.param(one, id=one["title"]) for one in fit[: sized(3, len(fit))]]


def parted(one: dict[str, Any]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The way to the first picture, and the rest."""
    moves = spelled_out(one["talk"])
    first = next(at for at, move in enumerate(moves) if "photo" in move)
    return moves[:first], moves[first:]


def play(door: Any, moves: list[dict[str, Any]], result: Callable[[str], str]) -> None:
    """Play these at a door; `result(piece)`: everything that came by itself, once this piece of it is there."""
    for number, move in enumerate(moves, 1):
        action = next(name for name in ("photo", "read", "tap", "fill") if name in move)
        pieces = move.get("hears", [])
        for piece in pieces if isinstance(pieces, list) else [pieces]:
            if action == "read":
                assert piece in result(piece), f"move {number}: {piece!r} did not come"
        if action != "read":
            getattr(door, action)(move[action], move)
