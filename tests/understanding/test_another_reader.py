"""Another reader in the place of the rules: named by the operator, off by default; a cry is heard by the rules all the same."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from backend.library import freshened, load_library
from dialogs.messages import Option
from dialogs.understanding import Reader, Reading
from tests.talks.runner import Core


class Gruff:
    """Takes every word that the rules are unsure of for a no."""

    def __init__(self, rules: Reader) -> None:
        self._rules = rules

    def read(self, context: str, text: str, region: str = "", shown: Sequence[Option] = (), about: str = "") -> Reading:
        heard = self._rules.read(context, text, region, shown, about)
        if heard.kind == "distress":
            return Reading("chat")
        return Reading("answer", False) if heard.kind == "unsure" and context.startswith("yesno:") else heard


HERE = f"{__name__}:Gruff"
ASKED = ("你好", "同意", "同意", "本人", "通川区", "一样", "哼哼唧唧")


def _said(core: Core, *texts: str) -> Core:
    for text in texts:
        core.say(text, {})
    return core


def test_the_rules_alone_read_unless_another_reader_is_named() -> None:
    core = _said(Core(), *ASKED)
    assert core.shelf.other_reader is None and core.ask.question == "holds_card"


def test_the_reader_that_is_named_reads_in_the_place_of_the_rules() -> None:
    core = _said(Core(shelf=load_library(read_by=HERE)), *ASKED)
    assert core.view.value("holds_card") is False


def test_a_cry_is_heard_by_the_rules_whoever_reads() -> None:
    core = _said(Core(shelf=load_library(read_by=HERE)), *ASKED[:-1], "我不想活了")
    assert core.seen.talk.called is not None and core.seen.talk.called.reason == "distress"


@pytest.mark.parametrize("name", ["no.such.module:reader", f"{__name__}:nobody", "nonsense", f"{__name__}:HERE"])
def test_a_reader_that_is_not_there_is_named_with_what_to_write(name: str) -> None:
    with pytest.raises(ValueError, match=r"package\.module:factory"):
        load_library(read_by=name)


def test_what_the_operator_changes_later_keeps_the_reader() -> None:
    assert isinstance(freshened(None, load_library(read_by=HERE)).other_reader, Gruff)
