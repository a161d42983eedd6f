"""Which county a loose place name means: “达州通川的”, “我是平遥的”. Several that fit are given back, never guessed between.

Names come from the caller. A place is known by its full name and by the name without 县, 市, 区 or an autonomous suffix; the
prefecture and the province, full or short, decide between counties of one name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from dialogs.understanding.sieve import Words

_PEOPLES = (
    "各|蒙古|回|藏|维吾尔|苗|彝|壮|布依|朝鲜|满|侗|瑶|白|土家|哈尼|哈萨克|傣|黎|傈僳|佤|畲|拉祜|水|东乡|纳西|景颇|柯尔克孜|土|达斡尔"
    "|仫佬|羌|布朗|撒拉|毛南|仡佬|锡伯|阿昌|普米|塔吉克|怒|鄂温克|德昂|保安|裕固|独龙|鄂伦春|基诺"
)
_SUFFIX = re.compile(rf"(?:(?:{_PEOPLES})族)*自治[县州旗]$|(?:特别行政区|自治区|新区|矿区|林区|地区|[省市区县旗盟州])$")
_CODE = re.compile(r"(?<!\d)\d{6}(?!\d)")
_KINDS = frozenset("省市区县旗盟州")
_SMALLER = re.compile(r"[镇乡村社组路寨屯]|街道")
_WAYS = re.compile(r"[\u4e00-\u9fff]{2,6}")


@dataclass(frozen=True, slots=True)
class Place:
    """A county: `code` six digits (GB/T 2260), full names of county, prefecture and province."""

    code: str
    name: str
    prefecture: str
    province: str


_OF_THERE = re.compile(r"(?:这边|那边|人)?(?:的|嘞|哩|呢|滴|咧)(?!医院|残联|证|医生|单位|人民)|(?:这边|那边|人)?$")


@dataclass(frozen=True, slots=True)
class Where:
    """`codes`: the counties that fit, in the order known; one is an answer. `named`: whether a county itself was named."""

    codes: tuple[str, ...]
    named: bool


def short_name(name: str) -> str:
    """The name as people say it: 通川区 -> 通川. A name that would keep one character stays whole (渠县, 东区)."""
    short = _SUFFIX.sub("", name)
    return short if len(short) >= 2 else name


class Places:
    """An index of counties by every name they go by."""

    def __init__(self, places: Sequence[Place], former: Mapping[str, str]) -> None:
        """`former`: names that counties had before, with their codes of today."""
        self._all = {place.code: place for place in places}
        self._full: dict[str, list[Place]] = {}
        self._short: dict[str, list[Place]] = {}
        self._wider: dict[str, list[Place]] = {}
        for place in places:
            self._full.setdefault(place.name, []).append(place)
            self._short.setdefault(short_name(place.name), []).append(place)
            for wide in {place.prefecture, short_name(place.prefecture), place.province, short_name(place.province)} - {
                ""
            }:
                self._wider.setdefault(wide, []).append(place)
        for name, code in former.items():
            if code in self._all:
                self._full.setdefault(name, []).append(self._all[code])
        self._names = Words((*self._full, *self._short, *self._wider))
        self._with: dict[str, set[str]] = {}  # full names by the characters that tell them apart
        for name in self._full:
            for char in set(name) - _KINDS:
                self._with.setdefault(char, set()).add(name)

    def find(self, plain: str) -> Where:
        """The counties that the text can mean; no codes where it names none."""
        code = _CODE.search(plain)
        if code and code[0] in self._all:
            return Where((code[0],), True)
        narrow, wide = self._mentions(plain)
        if not narrow:
            return Where(tuple(p.code for p in _common(wide)), False)
        fits = _unique(place for group in narrow for place in group)
        for group in wide:
            codes = {p.code for p in group}
            fits = [p for p in fits if p.code in codes]
        return Where(tuple(p.code for p in fits), True)

    def _mentions(self, plain: str) -> tuple[list[list[Place]], list[list[Place]]]:
        """The county names and the wider names in the text, longest first from left to right."""
        narrow: list[list[Place]] = []
        wide: list[list[Place]] = []
        for start, name in self._names.found(plain):
            if plain[:start].endswith(
                ("不是", "不在", "没在", "离开", "离", "从", "由", "以前在", "原来在", "原来是", "以前是")
            ):
                continue
            if name not in self._full and _SMALLER.match(plain, start + len(name)):
                continue  # 复兴镇 is no county
            if name in self._full:
                narrow.append(self._full[name])
            elif name in self._wider:
                wide.append(_unique([*self._wider[name], *self._short.get(name, [])]))
            else:
                narrow.append(self._short[name])
        return narrow, wide

    def begins(self, plain: str) -> bool:
        """Whether the text is a place and says nothing more (“云南昆明五华区”, “南召嘞”), or begins as “曲沃的”."""
        end = 0
        for at, name in self._names.found(plain):
            if at != end:
                break
            end = at + len(name)
        return bool(end) and _OF_THERE.match(plain, end) is not None

    def name(self, code: str) -> str:
        """The full name of a county, or the code itself where it is not known."""
        place = self._all.get(code)
        return place.name if place else code

    def likely(self, plain: str, limit: int = 4) -> tuple[str, ...]:
        """Counties whose names are nearly what was written (a typo): to be offered, never taken."""
        pieces = _WAYS.findall(plain[:40])
        scores: dict[str, float] = {}
        for piece in pieces:
            near = sorted(
                name for name in set().union(*(self._with.get(char, ()) for char in piece)) if _akin(piece, name)
            )
            for name, score, _ in process.extract(piece, near, scorer=fuzz.partial_ratio, limit=limit, score_cutoff=66):
                scores[name] = max(score, scores.get(name, 0))
        best = sorted(scores, key=lambda name: -scores[name])[:limit]
        return tuple(place.code for name in best for place in self._full[name])[:limit]


def _akin(piece: str, name: str) -> bool:
    """Whether so much is shared that one may be the other written wrong: “儿子” is not 子洲."""
    return len(set(piece) & set(name)) >= 2 or (piece[0] == name[0] and len(short_name(name)) == 2)


def _unique(places: Iterable[Place]) -> list[Place]:
    return list({place.code: place for place in places}.values())


def _common(groups: list[list[Place]]) -> list[Place]:
    if not groups:
        return []
    codes = set.intersection(*({p.code for p in group} for group in groups))
    return [place for place in groups[0] if place.code in codes]
