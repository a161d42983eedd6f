"""Reply blocks as plain text, for channels without buttons (the Official Account's chat, the terminal).

Options are numbered 1..n in exactly the order of `Ask.options`, which is also the order of `Asked.shown`: what a number means
is then the talk's business. Of a long list only the first are numbered (`dialogs.messages.numbered`). Long text is cut between
blocks, lines or sentences, never inside one that fits.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from bot.wording import TextWords, words
from dialogs.messages import (
    Ask,
    Explained,
    Link,
    Offer,
    OfferedItem,
    Option,
    Packet,
    Progress,
    Reply,
    Review,
    Say,
    Why,
    numbered,
)

COMFORTABLE = 600
"""Characters that can be read in one bubble of a phone without losing one's place."""
WECHAT_BYTES = 2048
"""UTF-8 bytes of one text message, both passive and customer-service (Official Account, text messages)."""

ROW, FEW = 28, 4
"""Characters of a row of options; up to so many options stand in one row."""

_ALONE = ("none", "unsure")  # 都没有, 不清楚: they go with no other option

_SENTENCE = re.compile(r"[^。！？!?\n]*(?:[。！？!?]+[”’」』）)]*|\n|$)")
_CLAUSE = re.compile(r"[^，、；,; ]*(?:[，、；,; ]|$)")
# Control characters, lone surrogates, non-characters, direction overrides: none is a word, all of them break something.
_UNSPEAKABLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff]"
)


def clean(text: str) -> str:
    """The text without characters that no channel, XML document or database takes; line ends become `\\n`."""
    return _UNSPEAKABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def one_line(text: str) -> str:
    return " ".join(clean(text).split())


# --- blocks -> text ---


def option_lines(options: Sequence[Option]) -> list[str]:
    """The options, numbered from 1 in their order: a line each; a few short ones on one line. Of a long list the
    first, in rows."""
    first = numbered(tuple(options))
    shown = [f"{n} {one_line(option.label)}" for n, option in enumerate(first, 1)]
    if any(option.hint for option in first) or max(map(len, shown), default=0) > ROW // 2:
        return [f"{line}（{one_line(o.hint)}）" if o.hint else line for line, o in zip(shown, first, strict=True)]
    if len("  ".join(shown)) <= ROW and len(shown) <= FEW:
        return ["  ".join(shown)]
    return _rows(shown) if len(first) < len(options) else shown


def _rows(shown: Sequence[str]) -> list[str]:
    rows = [shown[0]]
    for option in shown[1:]:
        joined = f"{rows[-1]}  {option}"
        rows[-1:] = [joined] if len(joined) <= ROW else [rows[-1], option]
    return rows


def paragraphs(block: Reply) -> list[str]:
    """One block in words, each part that belongs together by itself; of a kind that is not known here, its stand-in."""
    show = _SHOW.get(block.kind)
    parts = show(block, words().text) if show else [[block.text]]
    joined = ("\n".join(line for line in map(clean, part) if line.strip()) for part in parts)
    return [part for part in joined if part]


def block_text(block: Reply) -> str:
    return "\n\n".join(paragraphs(block))


def texts(replies: Iterable[Reply]) -> list[str]:
    """Everything that there is to say, paragraph by paragraph, in order."""
    return [part for reply in replies for part in paragraphs(reply)]


def _explained(known: Iterable[Explained], w: TextWords) -> list[str]:
    return [w.word.format(word=e.word, says=e.says) for e in known]


def _say(block: Say, w: TextWords) -> list[list[str]]:
    clauses = list(dict.fromkeys(cite.clause for cite in block.cites if cite.clause))
    said = f"【{block.by}】{block.text}" if block.by else block.text
    return [[said, *_explained(block.explained, w), w.cites.format(clauses="、".join(clauses)) if clauses else ""]]


def _said(block: Ask) -> str:
    """The answer as it stood, in the words of its options; "" when there is none or it is no plain value."""
    labels = {repr(option.value): option.label for option in block.options}
    values: list[Any] = list(block.said) if isinstance(block.said, list | tuple) else [block.said]
    return "、".join(labels.get(repr(v), str(v)) for v in values if isinstance(v, str | int | bool) and v != "")


def _how(block: Ask, w: TextWords) -> str:
    """How to answer: several are chosen only where there are several to choose."""
    if not block.options:
        return ""
    first = numbered(block.options)
    if len(first) < len(block.options):
        return w.answer["long_list"].format(example=block.options[len(first)].label)
    several = sum(option.value not in _ALONE for option in block.options)
    kind: str = "choice" if block.input == "choices" and several < 2 else block.input
    kind = block.rules if block.input == "signature" and block.rules else kind
    return w.answer.get(kind, w.answer["other"]).format(last=min(several, 3))


def _ask(block: Ask, w: TextWords) -> list[list[str]]:
    said = _said(block)
    return [
        [
            w.about.format(about=block.about) if block.about else "",
            block.text,
            *_explained(block.explained, w),
            block.hint
            if block.input != "signature"
            else "",  # nothing can be drawn in a chat: the last line says what can
            w.said.format(said=said) if said else "",
            *option_lines(block.options),
            _how(block, w),
        ]
    ]


_TELLING: dict[str, tuple[bool | None, ...]] = {
    "eligible": (True,),
    "automatic": (True,),
    "not_eligible": (False,),
    "later": (False, None),
    "unknown": (None,),
}


def _offer(block: Offer, w: TextWords) -> list[list[str]]:
    """A paragraph an item. A reason that an earlier item gave already is not said again where another one stands."""
    told: set[Why] = set()
    parts = [[block.text]]
    for item in block.items:
        decided = [why for why in item.why if why.holds in _TELLING[item.verdict]]
        new = [why for why in decided if why not in told] or decided
        told.update(decided)
        parts.append([f"【{item.name}】{item.headline}", *_reasons(new, item.change, w), *_way(item, w)])
    return parts


def _reasons(decided: Sequence[Why], change: str, w: TextWords) -> Iterator[str]:
    for why in decided:
        clause = w.offer.clause.format(clause=why.cite.clause) if why.cite.clause else ""
        yield w.offer.why.format(says=why.says) + clause
    if change and change not in [why.says for why in decided]:
        yield w.offer.change.format(change=change)


def _way(item: OfferedItem, w: TextWords) -> Iterator[str]:
    """What there is to do, and how long it takes; nothing for what cannot be had."""
    if item.verdict == "not_eligible":
        return
    if item.where:
        yield w.offer.where.format(where=item.where)
    if item.limit:
        yield w.offer.limit.format(limit=item.limit)
    if item.papers:
        yield w.offer.papers.format(papers="、".join(item.papers))


def _review(block: Review, w: TextWords) -> list[list[str]]:
    """Lines that can be changed are numbered in order across the sections: the talk understands “改第3条”."""
    parts, number = [[block.text]], 0
    for section in block.sections:
        parts.append([f"【{section.title}】"])
        for line in section.lines:
            number += bool(line.question)
            head = w.review.line.format(n=number, label=line.label) if line.question else line.label
            parts[-1].append(f"{head}：{one_line(line.value)}")
    return [*parts, [w.review.change.format(n=min(number, 3))] if number else []]


def _packet(block: Packet, w: TextWords) -> list[list[str]]:
    """What is filled in is only named: the person has just checked it, and a chat is read by whoever holds the phone."""
    named = "、".join(one_line(entry).partition("：")[0] for entry in block.filled)
    lists = ((w.packet.filled, (named,) if named else ()), (w.packet.bring, block.bring), (w.packet.where, block.where))
    return [[block.text, _receipt(block, w)], *([title, *entries] for title, entries in lists if entries)]


def _receipt(block: Packet | Progress, w: TextWords) -> str:
    return w.receipt.format(receipt=block.receipt) if block.receipt and block.receipt not in block.text else ""


def _progress(block: Progress, w: TextWords) -> list[list[str]]:
    lines = [block.text, _receipt(block, w)]
    for line in block.lines:
        told = [part.rstrip("。") for part in (line.state_says or w.progress.mark(line), line.limit_says) if part]
        lines.append(f"{line.name}：{'，'.join(told)}。")
    return [lines]


def _link(block: Link, w: TextWords) -> list[list[str]]:
    return [[block.text, block.url]]


_SHOW: dict[str, Callable[[Any, TextWords], list[list[str]]]] = {
    "say": _say,
    "ask": _ask,
    "offer": _offer,
    "review": _review,
    "packet": _packet,
    "progress": _progress,
    "link": _link,
}

# --- text -> messages of a bounded size ---


def fits(text: str, chars: int = COMFORTABLE, limit: int = WECHAT_BYTES) -> bool:
    return len(text) <= chars and len(text.encode()) <= limit


def pieces(replies: Iterable[Reply], chars: int = COMFORTABLE, limit: int = WECHAT_BYTES) -> list[str]:
    """The replies as as few messages as fit, each at most `chars` characters and `limit` bytes; nothing is left out."""
    return pack(texts(replies), chars, limit)


def pack(blocks: Iterable[str], chars: int = COMFORTABLE, limit: int = WECHAT_BYTES) -> list[str]:
    """Whole blocks together while they fit; a block that fits nowhere is cut between its lines or sentences."""
    packed: list[str] = []
    for block in blocks:
        joined = f"{packed[-1]}\n\n{block}" if packed else block
        if packed and fits(joined, chars, limit):
            packed[-1] = joined
        elif fits(block, chars, limit):
            packed.append(block)
        else:
            packed += _cut(block, chars, limit)
    return packed


def _cut(block: str, chars: int, limit: int) -> list[str]:
    """One long block, cut at the coarsest place that does: sentence, clause, character."""
    parts = [""]
    for unit in _units(block, chars, limit):
        if fits((parts[-1] + unit).strip(), chars, limit):
            parts[-1] += unit
        else:
            parts.append(unit)
    return [part.strip() for part in parts if part.strip()]


def _units(block: str, chars: int, limit: int) -> Iterator[str]:
    for sentence in _SENTENCE.findall(block):
        if fits(sentence, chars, limit):
            yield sentence
            continue
        for clause in _CLAUSE.findall(sentence):
            if fits(clause, chars, limit):
                yield clause
            else:
                yield from _characters(clause)


def _characters(text: str) -> Iterator[str]:
    """Characters with the marks that belong to them (accents, joiners, skin tones)."""
    held = ""
    for char in text:
        joins = unicodedata.combining(char) or char in "\u200d\ufe0f" or "\U0001f3fb" <= char <= "\U0001f3ff"
        if held and not joins and not held.endswith("\u200d"):
            yield held
            held = ""
        held += char
        if len(held) >= 32:  # a heap of marks is no character: it must not outgrow a message
            yield held
            held = ""
    if held:
        yield held
