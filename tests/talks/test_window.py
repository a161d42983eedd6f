"""A paper may come to a window where the document has one, and only there."""

from __future__ import annotations

from dataclasses import replace

from dialogs.library import Library
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
