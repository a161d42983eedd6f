"""Every talk through the pure core, with the session written out and read again between every two turns."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dialogs import graph, talk
from tests.scale import sized
from tests.talks.runner import Core, check_end, library, play, reads, talks, words

TALKS = talks()
REACHED: dict[str, set[Any]] = {"states": set(), "edges": set()}


@pytest.mark.parametrize("one", [one for _, one in TALKS], ids=[name for name, _ in TALKS])
def test_the_talk_goes_as_written(one: dict[str, Any]) -> None:
    core = Core(**({"at": one["at"]} if "at" in one else {}), shelf=reads() if one.get("reading") else library())
    for _ in play(core, one["talk"]):
        assert not asks_for_certainty(core), f"{core.ask.question} cannot be answered with “not sure”"
    check_end(core, one.get("ends", {}))
    assert "{" not in words(core.told), "a sentence was said with a hole in it"
    REACHED["states"] |= core.states
    REACHED["edges"] |= core.edges


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
def test_no_question_breaks_on_what_a_hostile_client_may_send() -> None:
    """Each question that any talk opens is given values that no page of ours would send: in turn a third of them, or all."""
    met: set[str] = set()
    step = sized(3, 1)
    for _, one in TALKS:
        core = Core(**({"at": one["at"]} if "at" in one else {}), shelf=reads() if one.get("reading") else library())
        for _ in play(core, one["talk"]):
            asked = talk.open_ask(core.shelf, core.seen, core.at)
            if asked is not None and asked.question not in met:
                met.add(asked.question)
                for value in STRANGE[len(met) % step :: step]:
                    other = replace(core, told=[], effects=[], drafts=dict(core.drafts), states=set(), edges=set())
                    other.send("answer", question=asked.question, value=value)
                    assert other.session.talk.state in graph.STATES
    assert len(met) > 100


def test_there_are_at_least_twenty_five_whole_talks_of_tongchuan() -> None:
    assert len(TALKS) >= 25


def test_every_state_of_the_graph_is_reached_by_some_talk() -> None:
    assert set(graph.STATES) - REACHED["states"] == set()
