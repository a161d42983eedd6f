"""Which of the options on the screen was meant: by number, by place, by its name or a piece of it, all, none, all but one.

Where nothing on the screen fits (or nothing is shown), a choice can be told as a story (“证掉了”): the table `choices.yaml`.
Two options that fit equally well are never decided between.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from rapidfuzz import fuzz

from dialogs.messages import Option
from dialogs.understanding.slots import NOTHING, Found, chinese_number
from dialogs.understanding.tables import Story

_NUMBER = r"(?:[0-9]{1,2}|[一二三四五六七八九十两]{1,2}|[abcdefgh](?![a-z]))"
_ORDINAL = re.compile(rf"(?:第|选项?|选择|要|办|就|号码)?({_NUMBER})(?:个|号|项|条|种|样|款|那个)?")
_ONLY_ORDINALS = re.compile(
    rf"^(?:我|俺|那|就|还是|嗯|给我|帮我)?(?:要|选|选择|办|点|勾)?(?:{_ORDINAL.pattern}(?:和|跟|与|同|、|,|还有|以及|及|加|\+)*)+(?:都?要|都办|都选|吧|哈|嘛|的|了|啊|就行|就可以|都|嘞|那个|选项|这两个|两个)*[.!]?$"
)
_LAST = re.compile(r"最后(面|头)?(一?个|那个|一项|的)?|最下(面|头)|末尾|倒数第一|最末|尾上")
_FIRST = re.compile(r"^(我|就)?(要|选|办)?(头一个|最前(面|头)|打头|最上(面|头)|开头那)")
_LATTER = re.compile(r"(后面?|下面?|后头|下头|底下|后边|下边)(那|的|一|这)?(一)?个?$|后者|后一个|下一个$")
_FORMER = re.compile(r"(前面?|上面?|前头|上头|前边|上边)(那|的|一|这)?(一)?个?$|前者|前一个")
_MIDDLE = re.compile(r"(中间|当中)(那|的)?(一)?个?")
_ALL_BUT = re.compile(
    r"除了?(?P<out>.{1,20}?)(?:之外|以外|外|不要|不办)?[,]?(?:其他|别的|其它|剩下|剩余|旁的|其余)?的?(?:我|就|全|统统)?(?:都|全)(?:要|办|选|行|可以|给我|申请|部|来|弄)"
)
_BUT = re.compile(
    r"(?:都|全部?)(?:要|办|选|申请)(?:了|的)?[,]?(?:就是|就|只是|但是|但|不过|除了)?(?P<out>.{1,12}?)(?:不要|不办|莫要|不用|除外|不选|不申请)"
)
_REST = re.compile(
    r"^(?P<out>.{1,12}?)(?:那个|那项)?(?:不要|不办|莫要|不用|不选)(?:了)?[,]?(?:其他|别的|其它|剩下|剩余|旁的|其余).{0,4}都?(?:要|办|选|行)"
)
_ALL = re.compile(
    r"^(?:我|俺|那|这些|他们|它们|这几个|上面|上面的|以上)?(?:全部?|都|全都|统统|通通|所有的?|一起|一并|全套|样样|每样|每个|两个都|几个都|三个都|四个都|一样不落)(?:都|全)?(?:要|办|选|申请|来|弄|勾|是|想要|想办|可以|要办|整|有|搞)?(?:的|了|嘛|吧|哈|啊|上|起|一遍|嘞|哩|咯|呀)*[.!]*$"
)
_NONE = re.compile(
    r"都不(是|要|办|选|沾|属于|符合|需要|想要|想办|用)|都没(有|得)?|都莫得|一个(都|也)(不|没|莫|冇)|一样(都|也)(不|没|莫)|全(没|不要)|哪个都(不|没)|以上都不|都冇|谁都不是|啥都不(要|办|是)|一个也没|没得一个|没一(个|样)"
)
_LEAD = re.compile(
    r"^(?:我|俺|那|就|还是|嗯|给我|帮我|额|要)*(?:要|选择|选|办理|办|申请|属于|是|想要|想办|想|点|勾|看看|弄|搞)*(?:的是|一?个|那个|这个|哈)?|(?:的)?(?:那个|那项|这个|那种|吧|哈|嘛|的|了|啊|就行|就可以|嘞|哩|咯|撒|呗|呢|就好)+[.,!]*$"
)
_NOT_BEFORE = re.compile(r"(没有|没|不要|不是|不办|不选|不用|不想要|不想办|不|莫得|莫要|莫|别|未|冇|还没|并没)$")
_SPLIT = re.compile(r"[,;、+]|和|跟|与|还有|以及|加上|再加|另外")
_THAT_ONE = re.compile(
    r"^(对|嗯|是|是的|就是|就)?[,]?(就是|就要|就)?(那个|这个|它|那项|这项|这一个)(吧|嘛|哈|了)?[.!]?$"
)
_EMPTY_VALUES = ("unsure", "none", None, False, "other")


def _label(option: Option) -> str:
    return re.sub(r"[\s,，。、（）()“”\"'·:：]+", "", option.label).lower()


def _index(text: str, count: int) -> int | None:
    at = ord(text) - 96 if text in "abcdefgh" else chinese_number(text.replace("两", "二"))
    return at - 1 if at and 1 <= at <= count else None


def ordinals(plain: str, count: int) -> list[int] | None:
    """Places on the screen (from 0) when the text is nothing but numbers; None otherwise. A number too high gives []."""
    if not _ONLY_ORDINALS.match(plain):
        return None
    found = [_index(number, count) for number in _ORDINAL.findall(plain)]
    return [] if None in found else [at for at in found if at is not None]


def _position(plain: str, count: int) -> int | str | None:
    """A place named in words; "?" where it is not clear among so many."""
    if len(plain) > 12:
        return None
    if _LAST.search(plain):
        return count - 1
    if _FIRST.search(plain):
        return 0
    if _MIDDLE.search(plain):
        return 1 if count == 3 else "?"
    if _LATTER.search(plain):
        return 1 if count == 2 else "?"
    if _FORMER.search(plain):
        return 0 if count == 2 else "?"
    return None


def _names(piece: str, options: Sequence[Option]) -> list[int]:
    """The options that a piece of text names: whole labels first, then a piece of one label, then a near spelling."""
    labels = [_label(option) for option in options]
    core = _LEAD.sub("", piece)
    exact = [at for at, label in enumerate(labels) if label and label in (piece, core)]
    if exact:
        return exact
    inside = [at for at, label in enumerate(labels) if len(label) >= 2 and label in piece]
    if inside:
        longest = max(len(labels[at]) for at in inside)
        return [
            at
            for at in inside
            if len(labels[at]) == longest or not any(labels[at] in labels[b] for b in inside if b != at)
        ]
    if len(core) < 2:
        return []
    part = [at for at, label in enumerate(labels) if core in label]
    return part or _near(core, labels)


def _near(core: str, labels: list[str]) -> list[int]:
    scores = [fuzz.ratio(core, label) if len(core) >= 3 else 0.0 for label in labels]
    best = max(scores, default=0.0)
    return [at for at, score in enumerate(scores) if score >= 72 and score >= best - 12]


def _denied(plain: str, piece: str) -> bool:
    return bool(re.match(r"(不要|不是|不办|不选|不想|莫要|别|没有|没|不)", piece)) or bool(
        re.search(r"(不要|不办|不用|莫要|不选|不是|没有|没得)[了的吧嘛]*$", piece)
    )


def pick_one(plain: str, options: Sequence[Option]) -> Found:
    """The one option meant."""
    places = ordinals(plain, len(options))
    if places is not None:
        return Found(options[places[0]].value) if len(set(places)) == 1 else Found(doubt="no_such_option")
    if _THAT_ONE.match(plain):
        return Found(options[0].value) if len(options) == 1 else Found(doubt="which_option")
    if _NONE.search(plain):
        none = [o for o in options if o.value in ("none", False) or re.search(r"都(不|没)|没有|无", o.label)]
        return Found(none[0].value) if len(none) == 1 else Found(doubt="none_of_them")
    said, _ = _both(plain, options)
    if len(said) == 1:
        return Found(options[said[0]].value)
    if said:
        return Found(doubt="which_option", likely=tuple(options[at].value for at in said))
    at = _position(plain, len(options))
    if at == "?":
        return Found(doubt="which_option")
    return Found(options[at].value) if isinstance(at, int) else NOTHING


def _both(plain: str, options: Sequence[Option]) -> tuple[list[int], list[int]]:
    """Options named and options denied, in the order shown."""
    said: set[int] = set()
    denied: set[int] = set()
    for piece in [p for p in _SPLIT.split(plain) if p]:
        hits = _names(piece, options)
        (denied if _denied(plain, piece) and hits and _label(options[hits[0]]) != piece else said).update(hits)
    if not said and not denied:
        said.update(_names(plain, options))
    return sorted(said - denied), sorted(denied)


def pick_many(plain: str, options: Sequence[Option]) -> Found:
    """The options meant, in the order shown; [] for none of them."""
    real = [o for o in options if o.value not in _EMPTY_VALUES]
    places = ordinals(plain, len(options))
    if places is not None:
        return Found([options[at].value for at in sorted(set(places))]) if places else Found(doubt="no_such_option")
    but = _ALL_BUT.search(plain) or _REST.search(plain) or _BUT.search(plain)
    if but:
        return _all_but(but["out"], real)
    if _ALL.match(plain):
        return Found([o.value for o in real])
    if _NONE.search(plain):
        return Found([])
    said, denied = _both(plain, real)
    if any(len(_names(piece, real)) > 1 and not _whole(piece, real) for piece in _SPLIT.split(plain) if piece):
        return Found(doubt="which_option", likely=tuple(real[at].value for at in said))
    if said:
        return Found([real[at].value for at in said])
    if denied:
        return Found(doubt="only_denied")
    one = pick_one(plain, options)
    return Found([one.value], one.doubt) if one.value is not None else one


def _whole(piece: str, options: Sequence[Option]) -> bool:
    """True when whole labels stand in the piece: then several may be meant. A word that several labels share means none."""
    return any(_label(option) in piece for option in options)


def _all_but(out: str, real: Sequence[Option]) -> Found:
    places = ordinals(out, len(real))
    gone = set(places or []) or {at for piece in _SPLIT.split(out) if piece for at in _names(piece, real)}
    if not gone:
        return Found(doubt="all_but_what")
    return Found([o.value for at, o in enumerate(real) if at not in gone])


class Stories:
    """Choices told in one's own words."""

    def __init__(self, table: Mapping[str, Story]) -> None:
        self._table = table

    def __contains__(self, fact: str) -> bool:
        return fact in self._table

    def read(self, fact: str, plain: str, region: str, shown: Sequence[Option]) -> Found:
        """The value that the story means, as the region (or the screen) calls it."""
        story = self._table[fact]
        hits = [value for value, words in story.values.items() if any(_said(plain, word) for word in words)]
        if len(hits) > 1:
            hits = [value for value in hits if value in story.first] or hits
        if len(hits) != 1:
            return Found(doubt="which_option", likely=tuple(hits)) if hits else NOTHING
        return self._named(hits[0], story, region, [option.value for option in shown])

    @staticmethod
    def _named(value: str, story: Story, region: str, shown: list[Any]) -> Found:
        here = story.regions.get(region, {}).get(value, value)
        if not shown or here in shown:
            return Found(here)
        other = [names[value] for names in story.regions.values() if names.get(value) in shown]
        return Found(other[0]) if len(set(other)) == 1 else Found(doubt="not_offered", likely=(here,))


def _said(plain: str, word: str) -> bool:
    at = plain.find(word)
    return at >= 0 and not _NOT_BEFORE.search(plain[:at])
