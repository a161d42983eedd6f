"""A paper may come to a window where the document has one, and only there."""

from __future__ import annotations

from dataclasses import replace

from dialogs.library import Library
from dialogs.messages import Progress
from dialogs.policy.pack import Pack
from tests.talks.runner import Core, library, play


def asked_for_a_paper(shelf: Library) -> list[str]:
    """The ways round a picture, as somebody in Sichuan is offered them."""
    core = Core(shelf=shelf)
    for _ in play(core, [{"opening": "to_the_papers"}]):
        pass
    assert core.ask.question == "photo:id_card_front"
    return [str(option.value) for option in core.ask.options]


def shut(pack: Pack) -> Pack:
    """The same document without a window."""
    ways = {item: tuple(row for row in rows if row.gives.mode != "offline") for item, rows in pack.ways.items()}
    return replace(pack, ways=ways)


def without_windows() -> Library:
    policy = library().policy
    by_prefix = {start: shut(pack) for start, pack in policy.by_prefix.items()}
    return replace(library(), policy=replace(policy, by_prefix=by_prefix))


def test_a_paper_comes_to_the_window_only_where_the_document_has_one() -> None:
    assert "window" in asked_for_a_paper(library())
    assert "window" not in asked_for_a_paper(without_windows())


SENT_AHEAD = [
    {"opening": "to_the_papers"},
    *({"tap": "到窗口再交"} for _ in range(5)),
    {"tap": "都对"},
    {"tap": "我承诺"},
    {"sign": "typed"},
    {"tap": "交上去"},
]


def test_what_is_only_sent_ahead_is_marked_as_waiting_for_the_visit_and_not_as_under_way() -> None:
    core = Core()
    for _ in play(core, SENT_AHEAD):
        pass
    shown = next(reply for reply in core.told if isinstance(reply, Progress))
    sent = [line for line in shown.lines if line.mark != "auto"]
    assert sent and {line.mark for line in sent} == {"visit"}
    accepted = {"event": "case_moved", "item": sent[0].item, "state": "accepted", "due": "2026-12-07"}
    core.office(accepted, {})
    core.say("进度", {})
    shown = [reply for reply in core.told if isinstance(reply, Progress)][-1]
    assert next(line.mark for line in shown.lines if line.item == sent[0].item) == "doing"
