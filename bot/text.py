"""Reply blocks as plain text, for channels without buttons (the Official Account's chat, the terminal).

Options are numbered 1..n in exactly the order of `Ask.options`, which is also the order of `Asked.shown`: what a number means
is then the talk's business. Long text is cut between blocks, lines or sentences, never inside one that fits.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from bot.wording import TextWords, words
from dialogs.messages import Ask, Explained, Link, Offer, OfferedItem, Option, Packet, Progress, Reply, Review, Say

COMFORTABLE = 600
"""Characters that can be read in one bubble of a phone without losing one's place."""
WECHAT_BYTES = 2048
"""UTF-8 bytes of one text message, both passive and customer-service (Official Account, text messages)."""

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
    """The options, numbered from 1 in their order; a few short ones share a line."""
    shown = [f"{n} {one_line(option.label)}" for n, option in enumerate(options, 1)]
    if len(shown) <= 4 and not any(option.hint for option in options) and sum(map(len, shown)) <= 24:
        return ["  ".join(shown)]
    return [f"{line}（{one_line(o.hint)}）" if o.hint else line for line, o in zip(shown, options, strict=True)]


def block_text(block: Reply) -> str:
    """One block in words; of a kind that is not known here, its stand-in."""
    shown = _SHOW.get(block.kind)
    lines = shown(block, words().text) if shown else [block.text]
    return "\n".join(line for line in map(clean, lines) if line.strip())


def texts(replies: Iterable[Reply]) -> list[str]:
    """Every block that has something to say, in order."""
    return [text for text in map(block_text, replies) if text]


def _explained(known: Iterable[Explained], w: TextWords) -> list[str]:
    return [w.word.format(word=e.word, says=e.says) for e in known]


def _say(block: Say, w: TextWords) -> list[str]:
    clauses = list(dict.fromkeys(cite.clause for cite in block.cites if cite.clause))
    return [
        f"【{block.by}】{block.text}" if block.by else block.text,
        *_explained(block.explained, w),
        w.cites.format(clauses="、".join(clauses)) if clauses else "",
    ]


def _said(block: Ask) -> str:
    """The answer as it stood, in the words of its options; "" when there is none or it is no plain value."""
    labels = {repr(option.value): option.label for option in block.options}
    values: list[Any] = list(block.said) if isinstance(block.said, list | tuple) else [block.said]
    return "、".join(labels.get(repr(v), str(v)) for v in values if isinstance(v, str | int | bool) and v != "")


def _ask(block: Ask, w: TextWords) -> list[str]:
    said = _said(block)
    return [
        w.about.format(about=block.about) if block.about else "",
        block.text,
        *_explained(block.explained, w),
        block.hint,
        w.said.format(said=said) if said else "",
        *option_lines(block.options),
        w.answer.get(block.input, w.answer["other"]) if block.options else "",
    ]


_TELLING: dict[str, tuple[bool | None, ...]] = {
    "eligible": (True,),
    "automatic": (True,),
    "not_eligible": (False,),
    "later": (False, None),
    "unknown": (None,),
}


def _item(item: OfferedItem, w: TextWords) -> Iterator[str]:
    """One item: its headline, the reasons that decided it, then what there is to do."""
    yield f"【{item.name}】{item.headline}"
    for why in item.why:
        if why.holds in _TELLING[item.verdict]:
            clause = w.offer.clause.format(clause=why.cite.clause) if why.cite.clause else ""
            yield w.offer.why.format(says=why.says) + clause
    if item.change:
        yield w.offer.change.format(change=item.change)
    if item.verdict != "not_eligible":
        if item.where:
            yield w.offer.where.format(where=item.where)
        if item.limit:
            yield w.offer.limit.format(limit=item.limit)
        if item.papers:
            yield w.offer.papers.format(papers="、".join(item.papers))


def _offer(block: Offer, w: TextWords) -> list[str]:
    return [block.text, *(line for item in block.items for line in _item(item, w))]


def _review(block: Review, w: TextWords) -> list[str]:
    """Lines that can be changed are numbered in order across the sections: the talk understands “改第3条”."""
    lines, number = [block.text], 0
    for section in block.sections:
        lines.append(f"【{section.title}】")
        for line in section.lines:
            number += bool(line.question)
            head = w.review.line.format(n=number, label=line.label) if line.question else line.label
            lines.append(f"{head}：{line.value}")
    return [*lines, w.review.change.format(n=number) if number else ""]


def _packet(block: Packet, w: TextWords) -> list[str]:
    lines = [block.text, w.packet.receipt.format(receipt=block.receipt) if block.receipt else ""]
    for title, entries in (
        (w.packet.filled, block.filled),
        (w.packet.bring, block.bring),
        (w.packet.where, block.where),
    ):
        if entries:
            lines += [title, *entries]
    return lines


def _progress(block: Progress, w: TextWords) -> list[str]:
    lines = [block.text, w.progress.receipt.format(receipt=block.receipt) if block.receipt else ""]
    for line in block.lines:
        said = "，".join(
            part.rstrip("。") for part in (line.state_says or w.progress.mark(line), line.limit_says) if part
        )
        lines.append(f"{line.name}：{said}。")
    return lines


def _link(block: Link, w: TextWords) -> list[str]:
    return [block.text, block.url]


_SHOW: dict[str, Callable[[Any, TextWords], list[str]]] = {
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
