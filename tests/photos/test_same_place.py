"""When two addresses are one: what was said and what a paper prints are asked about only where they cannot both be so."""

from __future__ import annotations

import re
from random import Random

from dialogs.steps.papers import _same_place
from tests.photos.papers.people import invented

_PARTS = re.compile("(.+省)(.+市)(.+[县区])(.+?(?:镇|乡|街道))(.+)")
_CHANCE = Random(20261122)
_PEOPLE = [invented(_CHANCE) for _ in range(300)]


def parts(address: str) -> tuple[str, ...]:
    found = _PARTS.fullmatch(address)
    assert found
    return found.groups()


def said(address: str) -> str:
    """The same address as people say it."""
    province, city, county, town, door = parts(address)
    return _CHANCE.choice(
        (
            address,
            city + county + town + door,
            county + town + door,
            county + town + re.sub(r"\d+组", "", door),
            province[:-1] + city[:-1] + county + town + door,
            county[:-1] + town[:-1] + door,
        )
    )


def misread(address: str) -> str:
    signs = list(address)
    for _ in range(_CHANCE.choice((0, 0, 1, 2))):
        signs[_CHANCE.randrange(len(signs))] = _CHANCE.choice("张字士末己千王日0")
    return "".join(signs)


def test_an_address_that_is_said_otherwise_or_misread_in_places_is_the_same() -> None:
    alike = [_same_place(said(one.address), misread(one.address)) for one in _PEOPLE]
    assert sum(alike) / len(alike) >= 0.98
    assert _same_place("晋中市平遥县甲乙镇丙丁村1号", "山西省平遥县甲乙镇丙丁村1号")


def test_addresses_that_have_nothing_to_do_with_each_other_are_two() -> None:
    pairs = [_CHANCE.sample(_PEOPLE, 2) for _ in range(3000)]
    alike = [_same_place(said(one.address), other.address) for one, other in pairs if one.address != other.address]
    assert sum(alike) / len(alike) <= 0.01


def test_another_village_of_the_same_town_is_another_place() -> None:
    alike = []
    for one in _PEOPLE:
        *front, door = parts(one.address)
        moved = "".join(front) + parts(_CHANCE.choice(_PEOPLE).address)[-1]
        alike += [_same_place(said(one.address), moved)] if not moved.endswith(door) else []
    assert sum(alike) / len(alike) <= 0.15
