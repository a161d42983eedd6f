"""What is hidden from the staff in a talk until they ask: long numbers wherever they stand, and what was ever said of a person.

How each kind of value is masked stands in `people.masking`. Here is only where to look. A value is known by the question that it
answered, not by what the answer is today: each line of a person carries what it put into the form ("gave"), a question that was
asked again and a page of answers name their questions. So a name that was corrected stays hidden, also after its draft has been
forgotten. What nobody took for an answer is read once more, as the talk itself would read a name or an address.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from backend.people import masking
from dialogs.library import Library

Told = Iterable[tuple[str, str]]  # question, value
Json = dict[str, Any]

# Dates and times are shorter, receipt numbers have letters: both stay readable.
_NUMBER = re.compile(r"(?<!\d)\d(?:[ \-\u3000－·.]?\d){9,}[ \-]?[\dXxＸｘ](?![\dA-Za-z])")
_SPOKEN = re.compile(r"[〇零一二三四五六七八九幺两](?:[ ，、]?[〇零一二三四五六七八九幺两]){6,}")
_NAMES = frozenset({"id", "photo_ids", "draft_id", "kind", "question", "state", "item", "document", "receipt", "url"})
_READ_AGAIN = ("slot:name", "slot:residence_address")
_MAY_NAME = re.compile(
    r"叫|姓|名[字是为]|改成|改为|换成|应该是|住|地址|[镇乡村路街巷号栋组]"
)  # without these nothing is read again
_INSTEAD = re.compile(r"^.*(?:改成|改为|换成|应该是|不是.*(?=是))")  # what a correction begins with
_PARTS = re.compile(r"[，。；！？、,;!?\n]+")
_FIELD = "field:"
_DOUBT = str.maketrans("", "", "【】")


class Mask:
    """Hides long numbers in every text, and the personal values of one person.

    `answers`: of their drafts, by question. `log`: the blocks of their transcript. `labels`: of form fields, each
    with its field. `heard`: what a text tells that no answer holds.
    """

    def __init__(
        self,
        answers: Iterable[Mapping[str, Any]] = (),
        log: Iterable[Json] = (),
        labels: Mapping[str, str] | None = None,
        heard: Callable[[str], Told] = lambda text: (),
    ) -> None:
        told = [pair for each in answers for pair in each.items()]
        told += [pair for block in log for pair in _told(block, labels or {})]
        self._hidden = _hidden(told)
        self._pattern = _pattern(self._hidden)
        self._heard = heard

    def text(self, text: str) -> str:
        if self._pattern is not None:
            text = self._pattern.sub(lambda found: self._hidden["".join(found[0].split())], text)
        text = _NUMBER.sub(lambda found: masking.number(found[0]), text)
        return _SPOKEN.sub(lambda found: "*" * len(found[0]), text)

    def own(self, text: str) -> str:
        """The same for what the person wrote, of which not everything became an answer."""
        found = _hidden(self._heard(text))
        pattern = _pattern(found)
        return self.text(pattern.sub(lambda one: found["".join(one[0].split())], text) if pattern else text)

    def every(self, value: Any) -> Any:
        """The same for every text inside lists and objects, but for the names of things (ids, kinds, questions)."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.every(one) for one in value]
        if isinstance(value, dict):
            if value.get("kind") == "said":
                value = {**value, "text": self.own(value["text"])}
            return {key: one if key in _NAMES else self.every(one) for key, one in value.items() if key != "gave"}
        return value


def mask_for(library: Library, answers: Iterable[Mapping[str, Any]], log: Iterable[Json] = ()) -> Mask:
    """The mask of one person: `answers` of their drafts, `log`: what is known of their transcript."""
    labels = {written.label: name for name, written in library.policy.fields.items()}
    return Mask(answers, log, labels, partial(_heard, library))


def _told(block: Json, labels: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    """What a block says of the person, by the question that it belongs to."""
    match block.get("kind"):
        case "said":
            yield from block.get("gave", {}).items()
        case "ask":
            yield block["question"], block.get("said")
            lines = (line.partition("：") for line in block.get("large", ()))
            yield from (
                (_FIELD + labels[label], value.translate(_DOUBT)) for label, _, value in lines if label in labels
            )
        case "review":
            for section in block["sections"]:
                yield from ((line["question"], line["value"]) for line in section["lines"])


def _hidden(told: Iterable[tuple[str, Any]]) -> dict[str, str]:
    """What to look for, each with how it is shown."""
    found: dict[str, str] = {}
    for question, value in told:
        if isinstance(value, str) and question.startswith((_FIELD, "called")):
            found |= {"".join(one.split()): shown for one, shown in masking.pieces(question, value).items()}
    return {one: shown for one, shown in found.items() if len(one) >= 2}


def _pattern(hidden: Mapping[str, str]) -> re.Pattern[str] | None:
    """The longest first, each also with blanks between its signs."""
    each = (r"\s*".join(map(re.escape, value)) for value in sorted(hidden, key=len, reverse=True))
    return re.compile("|".join(each)) if hidden else None


def _heard(library: Library, text: str) -> Iterator[tuple[str, str]]:
    """Names and addresses that the talk would read in these words, part by part."""
    for part in _PARTS.split(text) if _MAY_NAME.search(text) else ():
        for context in _READ_AGAIN if _MAY_NAME.search(part) else ():
            read = library.reader.read(context, _INSTEAD.sub("", part))
            told = {context.removeprefix("slot:"): read.value, **read.facts}
            yield from ((_FIELD + name, value) for name, value in told.items() if isinstance(value, str))
