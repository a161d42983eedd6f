"""Every talk through the pure core, with the session written out and read again between every two turns."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from dialogs import graph
from tests.scale import sized
from tests.talks.runner import Core, check_end, library, play, reads, talks, words

TALKS = talks()


@dataclass
class Met:
    """What the talks that this process has played came by: talks, states, and whoever was asked a question first."""

    talks: set[str] = field(default_factory=set)
    states: set[str] = field(default_factory=set)
    asked: dict[str, Core] = field(default_factory=dict)


MET = Met()


def played(name: str, one: dict[str, Any]) -> Core:
    """Plays a talk to its end; every question that is open on its way can be answered with “not sure”."""
    MET.talks.add(name)
    core = Core(**({"at": one["at"]} if "at" in one else {}), shelf=reads() if one.get("reading") else library())
    for _ in play(core, one["talk"]):
        asked = core.asked
        if asked is not None and asked.question not in MET.asked:
            MET.asked[asked.question] = another(core)
        assert not asks_for_certainty(core), f"{core.ask.question} cannot be answered with “not sure”"
    MET.states |= core.states
    return core


def another(core: Core) -> Core:
    """Somebody who stands where this one stands."""
    return replace(
        core, told=[], effects=[], drafts=dict(core.drafts), photos=list(core.photos), states=set(), edges=set()
    )


@pytest.fixture
def met() -> Met:
    """Of all talks: those that no test of this process has tried are played now."""
    for name, one in TALKS:
        if name not in MET.talks:
            played(name, one)
    return MET


@pytest.mark.parametrize(("name", "one"), TALKS, ids=[name for name, _ in TALKS])
def test_the_talk_goes_as_written(name: str, one: dict[str, Any]) -> None:
    core = played(name, one)
    check_end(core, one.get("ends", {}))
    assert "{" not in words(core.told), "a sentence was said with a hole in it"


def asks_for_certainty(core: Core) -> bool:
    """Whether a question about a fact is open and “not sure” is no answer to it."""
    about_a_fact = core.session.talk.state == "screening/asking" and core.session.talk.pending is None
    return about_a_fact and "unsure" not in [option.value for option in core.ask.options]


STRANGE = (
    None,
    True,
    -1,
    10**30,
    1.5,
    "",
    "\x00",
    "constructor",
    [],
    [[]],
    [{}],
    {},
    {"way": {}},
    {"way": "drawn", "png": []},
    ["none", {}],
)


@pytest.mark.proof
def test_no_question_breaks_on_what_a_hostile_client_may_send(met: Met) -> None:
    """Each question that any talk opens is given values that no page of ours would send: in turn a third of them, or all."""
    step = sized(3, 1)
    for number, (question, core) in enumerate(met.asked.items()):
        for value in STRANGE[number % step :: step]:
            other = another(core)
            other.send("answer", question=question, value=value)
            assert other.session.talk.state in graph.STATES
    assert len(met.asked) > 100


def test_there_are_at_least_twenty_five_whole_talks_of_tongchuan() -> None:
    assert len(TALKS) >= 25


def test_every_state_of_the_graph_is_reached_by_some_talk(met: Met) -> None:
    assert set(graph.STATES) - met.states == set()
