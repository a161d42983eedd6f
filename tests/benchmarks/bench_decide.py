"""Deciding: microseconds of processor time for all items of one region once it is loaded, with and without reasons, and with
all that applying takes (papers, limits, ways, order), which a decision works out when it is first looked at.

People are invented at random from the values that facts can have (the seed is fixed): half of them have told all that
the pack looks at, half only some of it.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Iterator
from datetime import date
from itertools import islice
from typing import Any

from dialogs.policy import Pack, Policy, decide
from dialogs.policy.ask import answers

ON = date(2026, 3, 2)
PEOPLE = 300
TIMES = 7
"""Runs of each decision; the quickest counts, for others use the machine too."""


def people(policy: Policy, pack: Pack, told: float, rng: random.Random) -> Iterator[dict[str, Any]]:
    """Endless invented people who have told this share of what somebody can be asked, most of them of this place."""
    asked = sorted(frozenset[str]().union(*pack.asks_applied.values()))
    values = {name: answers(policy, pack, name) for name in asked if policy.facts[name].type not in ("text", "date")}
    while True:
        facts = {name: rng.choice(some) for name, some in values.items() if some and rng.random() < told}
        if rng.random() < 0.9:
            facts["household_county"] = values["household_county"][0]
        yield facts


KINDS = {
    "verdicts": (False, False),
    "with papers, limits, ways": (False, True),
    "with reasons": (True, False),
    "all": (True, True),
}


def measured(pack: Pack, facts: dict[str, Any], reasons: bool, whole: bool) -> float:
    """Microseconds of processor time of one decision."""
    taken = []
    for _ in range(TIMES):
        begun = time.process_time_ns()
        decision = decide(pack, facts, None, ON, reasons=reasons)
        if whole:
            decision.apply()
        taken.append(time.process_time_ns() - begun)
    return min(taken) / 1000


def speeds(policy: Policy, region: str) -> Iterator[tuple[str, str, float, float]]:
    """(what is told, what of the decision, p50, p99) for one region."""
    pack = policy.packs[region]
    for name, told in (("all told", 1.0), ("half told", 0.5)):
        some = list(islice(people(policy, pack, told, random.Random(1)), PEOPLE))
        for kind, (reasons, whole) in KINDS.items():
            taken = sorted(measured(pack, facts, reasons, whole) for facts in some)
            yield name, kind, statistics.median(taken), taken[int(0.99 * len(taken))]


def main() -> None:
    from backend.library import load_library

    policy = load_library().policy
    print("decide: µs of processor time for all items of a region, p50 and p99")
    for region in policy.packs:
        for name, kind, p50, p99 in speeds(policy, region):
            print(f"  {region:10} {name:9} {kind:25} {p50:6.0f} {p99:6.0f}")
