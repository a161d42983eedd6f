"""The one table: its picture is current, its edges are what the machine runs, and what is not in it cannot happen."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from transitions import MachineError

from backend.picture import picture
from dialogs import graph

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_the_picture_in_the_readme_is_current(name: str) -> None:
    assert picture() in (ROOT / name).read_text("utf-8"), (
        "run: yijianshi dialog picture --write README.md --write README.zh-CN.md"
    )


def test_every_edge_leads_between_states_of_the_table() -> None:
    for event, source, target in graph.edges():
        assert {source, target} <= set(graph.STATES), (event, source, target)


def test_the_machine_goes_only_where_the_open_question_is() -> None:
    model = SimpleNamespace(state="who/asking", leads_to="where/household", arrived=lambda event: None)
    graph.move(model, "answered")
    assert model.state == "where/household"


def test_an_edge_that_is_not_in_the_table_is_refused_with_event_and_state() -> None:
    model = SimpleNamespace(state="who/asking", leads_to="signing/sending", arrived=lambda event: None)
    with pytest.raises(MachineError, match=r"'answered'.*who/asking.*signing/sending"):
        graph.move(model, "answered")
    assert model.state == "who/asking"


def test_every_state_has_a_plain_name() -> None:
    from tests.talks.runner import library

    names = library().words.names["states"]
    assert [state for state in (*graph.STATES, *graph.PHASES) if state not in names] == []


def test_a_state_from_an_old_row_that_the_table_does_not_know_is_derived_anew() -> None:
    from tests.talks.runner import Core

    core = Core()
    for words in ("你好", "同意", "同意", "给我自己"):
        core.say(words, {})
    core.session = core.session.model_copy(
        update={"talk": core.session.talk.model_copy(update={"state": "needs/of_another_time"})}
    )
    core.say("通川区", {})
    assert core.session.talk.state == "where/residence"
