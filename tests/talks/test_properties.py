"""What must hold for every talk there could be, tried on talks made up by hypothesis."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dialogs import graph
from dialogs.messages import Ask
from tests.scale import sized
from tests.talks.runner import Core, library, reads

pytestmark = pytest.mark.proof
MANY = settings(max_examples=sized(40, 600), deadline=None, suppress_health_check=list(HealthCheck))
TEXTS = {
    "id_number": "990101198801010039",
    "phone": "13900000001",
    "address": "达州市通川区甲乙街道丙丁社区1号",
    "name": "李小满",
    "called": "王大爷",
}
COUNTIES = ("511702", "511702", "511702", "511703", "410102")
WORDS = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        [
            "你好",
            "有",
            "没得",
            "等级改成二级",
            "上一步",
            "进度",
            "找人工",
            "不清楚",
            "2",
            "都要",
            "改电话",
            "我不想活了",
            "要多久",
        ]
    ),
)


def values(ask: Ask) -> st.SearchStrategy[Any]:
    """Good answers to this question."""
    options = [option.value for option in ask.options]
    if ask.input == "choices":
        alone = [value for value in options if value in ("none", "unsure")]
        several = [value for value in options if value not in ("none", "unsure")]
        return st.one_of(
            st.sampled_from([[value] for value in alone]) if alone else st.nothing(),
            st.lists(st.sampled_from(several), min_size=1, max_size=3, unique=True) if several else st.nothing(),
        )
    if ask.input == "place":
        return st.sampled_from(["same"] if "same" in options else COUNTIES)
    if ask.input == "photo":
        return st.one_of(st.just("window"), st.lists(st.uuids().map(str), min_size=1, max_size=2))
    if ask.input == "signature":
        return st.just("window")
    if ask.input == "number":
        return st.integers(0, 90)
    if ask.input in ("text", "date"):
        return st.just(TEXTS.get(ask.rules, "2020-01-01" if ask.input == "date" else TEXTS["name"]))
    return st.sampled_from(options) if options else st.nothing()


def walk(core: Core, data: st.DataObject, most: int) -> None:
    """Answer whatever is asked, up to so many answers; ends early where nothing is to be answered."""
    core.say("你好", {})
    for _ in range(data.draw(st.integers(3, most))):
        ask = core.ask
        good = values(ask)
        if ask.input == "none" or good.is_empty or ask.question == "confirm_submit":
            return
        core.send("answer", question=ask.question, value=data.draw(good, label=ask.question))


def told(core: Core) -> dict[str, Any]:
    """Every reachable answer's value."""
    return {key: answer.value for key, answer in core.view.reachable.items()}


def replay(answers: dict[str, Any], consent: dict[str, Any]) -> Core:
    """Somebody who is asked in order and answers from the start what stands in `answers`, as far as it is asked."""
    core = Core()
    core.say("你好", {})
    for _ in range(200):
        query = core.view.open
        known = {**consent, **answers}
        facts = {key: known[key] for key in query.keys if key in known}  # part of a question may have been told
        if not facts:
            break
        core.session = _put(core, facts)
        if core.view.open.key == query.key:
            break
    return core


def _put(core: Core, facts: dict[str, Any]) -> Any:
    from dialogs.desk import Desk
    from dialogs.messages import Message

    message = Message(id="m", kind="text", at=core.at, fresh=("draft-of-the-replay",) * 9)
    desk = Desk(library(), core.session, message)
    desk.put(facts)
    return desk.session


@MANY
@given(st.data())
def test_changing_an_earlier_answer_ends_as_if_it_had_been_so_from_the_start(data: st.DataObject) -> None:
    core = Core()
    walk(core, data, 30)
    asked = [q for q in core.view.path[:-1] if not q.state.startswith(("consent/", "review/", "signing/"))]
    if not asked:
        return
    query = data.draw(st.sampled_from(asked), label="changed")
    core.send("command", command="change", value=query.key)
    if core.ask.question != query.key:
        return
    core.send("answer", question=query.key, value=data.draw(values(core.ask), label="to"))
    draft = core.session.draft
    assert draft is not None
    everything = {key: answer.value for key, answer in draft.answers.items()}
    again = replay(everything, {"consent": "agree", "consent_sensitive": "agree"})
    assert told(core) == told(again)
    assert core.view.open.key == again.view.open.key
    if core.view.open.state.split("/")[0] not in ("who", "where"):
        assert core.view.decision == again.view.decision


def test_none_of_them_said_of_a_shorter_list_is_asked_again_where_the_list_is_longer() -> None:
    """Sichuan's list of troubles with a card has no “moved here”; Tongchuan's has."""
    core = Core()
    core.say("你好", {})
    said = ("agree", "agree", "agent", "王大爷", "present", "511703", "same", True, True, True, ["none"], 0)
    for value in said:
        core.send("answer", question=core.ask.question, value=value)
    core.send("command", command="change", value="household_county")
    core.send("answer", question="household_county", value="511702")
    assert core.ask.question == "card_trouble"
    assert "moved" in [option.value for option in core.ask.options]


@MANY
@given(st.data())
def test_no_sequence_of_inputs_leaves_the_graph_or_raises(data: st.DataObject) -> None:
    core = Core()
    walk(core, data, 25)
    for _ in range(data.draw(st.integers(1, 12))):
        kind = data.draw(st.sampled_from(["text", "answer", "command", "photo", "switch", "wild"]))
        if kind == "text":
            core.say(data.draw(WORDS), {})
        elif kind == "answer" and not (good := values(core.ask)).is_empty:
            core.send("answer", question=core.ask.question, value=data.draw(good))
        elif kind == "command":
            core.send("command", command=data.draw(st.sampled_from(sorted(graph_commands()))), value=data.draw(WORDS))
        elif kind == "photo":
            core.photo(data.draw(st.integers(1, 9)), {})
        elif kind == "switch":
            core.send("switch", draft_id=data.draw(st.sampled_from(["new", "nobody", *core.drafts])))
        elif kind == "wild":
            asked = data.draw(st.sampled_from([core.ask.question]) | WORDS)
            core.send("answer", question=asked, value=data.draw(wild()))
        assert core.session.talk.state in graph.STATES
        assert core.last is not None
        assert all(state in graph.STATES for state in core.last.path)


NUMBERS = st.sampled_from(["990101198801010039", "990101198503040020", "990101201703050015"])
READ_VALUES = st.fixed_dictionaries(
    {},
    optional={
        "name": st.sampled_from(["李小满", "李小蒲", "周桂兰"]),
        "id_number": NUMBERS,
        "household_address": st.just("达州市通川区甲乙街道1号"),
        "card_level": st.integers(0, 9),
        "card_categories": st.sampled_from(["physical", "physical,vision", "nonsense", ""]),
        "valid_to": st.sampled_from(["2020-01-01", "2040-01-01", "长期", ""]),
        "ethnicity": st.sampled_from(["汉", "汉族", "外星"]),
    },
)


def read_something(core: Core, data: st.DataObject) -> None:
    """One picture of this talk has been read, in any way that a reader may."""
    kinds = sorted(core.shelf.papers.kinds)
    what: dict[str, Any] = {
        "photo": data.draw(st.integers(1, len(core.photos))),
        "kind": data.draw(st.sampled_from([*kinds, "unknown"])),
        "fields": data.draw(READ_VALUES),
        "doubtful": {"name": [data.draw(st.integers(0, 5))]},
        "others": data.draw(st.lists(st.sampled_from(kinds), max_size=2)),
        "problems": data.draw(st.lists(st.sampled_from(["blur", "wrong_paper", "not_white", "no_face"]), max_size=2)),
        "failed": data.draw(st.booleans()),
    }
    if core.session.talk.draft_id:
        core.read(what, {})


@MANY
@given(st.data())
def test_whatever_is_read_of_pictures_the_talk_goes_on_and_nothing_said_is_lost(data: st.DataObject) -> None:
    core = Core(shelf=reads())
    walk(core, data, data.draw(st.sampled_from([12, 60])))
    for _ in range(data.draw(st.integers(1, 8))):
        core.photo(data.draw(st.integers(1, 4)), {})
        told = answers(core).items()  # “not sure” is no answer that a paper could contradict
        said = {k: a.value for k, a in told if a.by != "photo" and a.value is not None and not k.startswith("photo:")}
        for _ in range(data.draw(st.integers(1, 4))):
            read_something(core, data)
        assert said.items() <= {key: a.value for key, a in answers(core).items()}.items()
        assert core.session.talk.state in graph.STATES
        if not (good := values(core.ask)).is_empty and core.ask.question != "confirm_submit":
            core.send("answer", question=core.ask.question, value=data.draw(good, label=core.ask.question))
        assert core.view.open.state in graph.STATES


def answers(core: Core) -> dict[str, Any]:
    return dict(core.seen.draft.answers) if core.seen.draft else {}


def graph_commands() -> tuple[str, ...]:
    from dialogs.commands import COMMANDS

    return tuple(COMMANDS)


def wild() -> st.SearchStrategy[Any]:
    """What a broken or hostile client may send as a value."""
    leaf = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=20))
    return st.recursive(
        leaf, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    )


@MANY
@given(st.data())
def test_an_answer_that_is_no_longer_reachable_is_never_submitted(data: st.DataObject) -> None:
    core = Core()
    walk(core, data, 60)
    if core.session.talk.state != "signing/sending":
        return
    path = {key for query in core.view.path for key in query.keys}
    core.send("answer", question="confirm_submit", value=True)
    submit = core.submits()[0]
    assert set(submit.snapshot["answers"]) <= path
    draft = core.session.draft
    assert draft is not None
    assert draft.submitted is not None
