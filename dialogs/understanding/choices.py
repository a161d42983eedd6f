"""Which of the options on the screen was meant: by number, by place, by its name or a piece of it, all, none, all but one.

Where nothing on the screen fits (or nothing is shown), a choice can be told as a story (“证掉了”): the table `choices.yaml`.
Two options that fit equally well are never decided between.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rapidfuzz import fuzz

from dialogs.messages import Option
from dialogs.understanding.places import Places
from dialogs.understanding.sieve import Pattern, Patterns
from dialogs.understanding.slots import NOTHING, Found, chinese_number
from dialogs.understanding.tables import Story

_NUMBER = r"(?:[0-9]{1,2}|[一二三四五六七八九十两]{1,2}|[abcdefgh](?![a-z]))"
_ORDINAL = re.compile(rf"(?:第|选项?|选择|要|办|就|号码)?({_NUMBER})(?:个|号|项|条|种|样|款|那个)?")
_ENDS = re.compile(
    r"^(?:我?(?:要|选|办))?(前[面头边]?|头|后[面头边]?|最后)(?:的|面)?([2-9二两三四五六七八九])(?:个|项|样|种)"
)
_SPAN = re.compile(rf"^(?:从)?(?:第)?({_NUMBER})(?:个|号)?(?:到|至|-|~)(?:第)?({_NUMBER})(?:个|号|项)?(?:都要|都)?$")
_GROUP = re.compile(
    r"^(?:那|这)?(?:[两几二三]个|所有的?)?([\u4e00-\u9fff]{2,6}?)(?:那?[两几二三]个)?(?:我)?(?:全|都)(?:要|办|选|申请)"
)
_SO_MANY = re.compile(
    r"(?:那|这)?([两二三四])(?:个|样)([\u4e00-\u9fff]{2,4})|([\u4e00-\u9fff]{2,4}?)(?:的)?(?:那|这)?([两二三四])(?:个|样)"
)
_RUN = re.compile(r"([1-9一二三四五六七八九.]{2,9})")  # “13”, “一三”: the first and the third
_SO_MANY_ALL = re.compile(
    r"(?:我|俺|那|就|这)*(?:这|那)?([两二三四五六七八九2-9])(?:个|样|项|种)(?:我|俺)?(?:全部?|都|全都|一起)(?:要|办|选|申请|来|弄|整|搞|勾|想要)(?:[的了嘛吧哈啊上呀咯嘞])*"
)
_LAST = re.compile(r"(?:最后|末尾|最末|倒数第)(?:一|那)?个|最下面(?:那|一)?个")
_TOP = re.compile(r"(?:头一|最前面(?:那|一)?|最上面(?:那|一)?)个")
_DENIED_BEFORE = re.compile(r"(不要|不是|不办|不选|不想|莫要|别|没有|没|不)")
_DENIED_AFTER = re.compile(r"(不要|不办|不用|莫要|不选|不是|没有|没得)[了的吧嘛]*$")
_NEGATION = re.compile(r"[没不未无非]")
_NOT_YET = re.compile(r"(?:快要?|马上|就要|还没|没|未|要)$")  # “快过期了” is not 过期了
_IS = re.compile(r"(?<=[^不也都就还只算倒又要可总但])(?=是(?!不))")  # “不是低保是边缘”
_BARE_NO = re.compile(r"(?:从来|一直|都)?(?:没有?|没得|莫得|冇|无)(?:领|享受|拿|办)?(?:过|呢|的|啊|哦)*")
_BARE_NOT = re.compile(r"(?:都|也|我|俺)*(?:不是|不沾|不属于|不算|没得|没)(?:边|的|啊|哦|嘛|呢|嘞)*")
_BUT = ("all_but", "rest", "rest_after", "all_without", "all_except", "but_for")  # patterns with what is left out
_SIGNS = dict.fromkeys(map(ord, "\t\n\r\v\f \u00a0\u3000,，。、（）()“”\"'·:："))
_EMPTY_VALUES = ("unsure", "none", None, False, "other")
NONE = "none"  # the value of a story that says that nothing of it is so

Options = Sequence[Option]
Told = Callable[[str], list[str]]


def _label(option: Option) -> str:
    return _bare(option.label).lower().replace("残疾人证", "残疾证")


def _bare(text: str) -> str:
    return text.translate(_SIGNS)


def _index(text: str, count: int) -> int | None:
    at = ord(text) - 96 if text in "abcdefgh" else chinese_number(text.replace("两", "二"))
    return at - 1 if at and 1 <= at <= count else None


def _part(core: str, label: str) -> bool:
    """Whether the label says this too; what it denies (没有注销过) it does not say (注销过)."""
    return len(core) >= 2 and core in label and not _NEGATION.search(label[: label.index(core)])


def _placed(plain: str, count: int) -> str:
    """Places named in words, as numbers: 最后一个 -> 第5个."""
    return _TOP.sub("第1个", _LAST.sub(f"第{count}个", plain))


def _near(core: str, labels: list[str]) -> list[int]:
    no = bool(_NEGATION.search(core))
    scores = [
        fuzz.ratio(core, label) if len(core) >= 3 and bool(_NEGATION.search(label)) == no else 0.0 for label in labels
    ]
    best = max(scores, default=0.0)
    return [at for at, score in enumerate(scores) if score >= 72 and score >= best - 12]


class Picker:
    """Finds the options meant on a screen."""

    def __init__(self, patterns: Patterns, labels: Mapping[str, list[str]]) -> None:
        self._p = patterns
        self._words = {said: word for word, others in labels.items() for said in others}
        self._same = re.compile("|".join(sorted(self._words, key=len, reverse=True)))

    def ordinals(self, plain: str, count: int) -> list[int] | None:
        """Places on the screen (from 0) when the text is nothing but numbers; None otherwise. A number too high: []."""
        if not self._p["only_ordinals"].match(plain):
            return None
        found = [_index(number, count) for number in _ORDINAL.findall(plain)]
        return [] if None in found else [at for at in found if at is not None]

    def _position(self, plain: str, count: int, real: int) -> int | str | None:
        """A place named in words; "?" where it is not clear among so many. `real`: without “不清楚”."""
        places: dict[str, int | str] = {
            "last": count - 1,
            "first": 0,
            "middle": 1 if count == 3 else "?",
            "latter": 1 if real == 2 else "?",
            "former": 0 if real == 2 else "?",
        }
        if len(plain) > 12:
            return None
        return next((at for name, at in places.items() if self._p[name].search(plain)), None)

    def _names(self, piece: str, options: Options, told: Told | None = None) -> list[int]:
        """The options that a piece of text names: whole labels first, then one's own words, then a piece of one label, then
        a near spelling."""
        labels = [_label(option) for option in options]
        piece = piece.replace("残疾人证", "残疾证")
        core = self._p["around"].without(piece) or piece  # “一样” alone is what the button says
        if "第" in piece and (places := self.ordinals(_DENIED_AFTER.sub("", core), len(options))):
            return places
        cards = [at for at, option in enumerate(options) if str(option.value).startswith("card.")]
        if len(cards) == 1 and self._p["the_card"].fullmatch(piece):
            return cards  # “证” of a list with one service of the card in it
        exact = [at for at, label in enumerate(labels) if label and label in (piece, core, core + "族")]
        if exact:
            return exact
        if told and (values := [value for value in told(piece) if value != NONE]):
            return [at for at, option in enumerate(options) if option.value in values]
        inside = [
            at
            for at, label in enumerate(labels)
            if len(label) >= 2
            and label in piece
            and not _NOT_YET.search(piece[: piece.index(label)].removesuffix("不要"))
        ]
        if inside:
            return [at for at in inside if not any(labels[at] in labels[b] for b in inside if b != at)]
        meant = [self._words[said] for said in self._same.findall(piece)] if len(piece) <= 6 else []
        part = [at for at, label in enumerate(labels) if _part(core, label)]
        return (
            part
            or [at for at, label in enumerate(labels) if any(word in label for word in meant)]
            or _near(core, labels)
        )

    def _pieces(self, plain: str) -> list[str]:
        return [piece for part in self._p["between"].split(plain) if part for piece in _IS.split(part) if piece]

    def _both(self, plain: str, options: Options, told: Told | None = None) -> tuple[list[int], list[int]]:
        """Options named and options denied, in the order shown."""
        said: set[int] = set()
        denied: set[int] = set()
        for piece in self._pieces(plain):
            hits = self._names(piece, options, told) or (self._names(bare, options, told) if (
                bare := _DENIED_BEFORE.sub("", piece, count=1)) != piece else [])  # fmt: skip
            no = (
                ((_DENIED_BEFORE.match(piece) and not (told and told(piece))) or _DENIED_AFTER.search(piece))
                and hits
                and _label(options[hits[0]]) != piece
            )
            (denied if no else said).update(hits)
        if not said and not denied:
            said.update(self._names(plain, options, told))
        return sorted(said - denied), sorted(denied)

    def one(self, plain: str, options: Options) -> Found:
        """The one option meant."""
        whole = [option.value for option in options if _label(option) == _bare(plain)]
        if len(whole) == 1:
            return Found(whole[0])
        places = self.ordinals(plain, len(options))
        if places is not None:
            return Found(options[places[0]].value) if len(set(places)) == 1 else Found(doubt="no_such_option")
        if self._p["that_one"].match(plain):
            return Found(options[0].value) if len(options) == 1 else Found(doubt="which_option")
        if self._p["none"].search(plain):
            none = [o for o in options if o.value in ("none", False) or re.search(r"都(不|没)|没有|无", o.label)]
            return Found(none[0].value) if len(none) == 1 else Found(doubt="none_of_them")
        if _BARE_NO.fullmatch(plain) and len(no := [o for o in options if re.match("从?[没无]", o.label)]) == 1:
            return Found(no[0].value)
        said, _ = self._both(plain, options)
        if len(said) == 1:
            return Found(options[said[0]].value)
        if said:
            return Found(doubt="which_option", likely=tuple(options[at].value for at in said))
        at = self._position(plain, len(options), sum(o.value != "unsure" for o in options))
        if at == "?":
            return Found(doubt="which_option")
        return Found(options[at].value) if isinstance(at, int) else NOTHING

    def many(self, plain: str, options: Options, told: Told | None = None) -> Found:
        """The options meant, in the order shown; [] for none of them. `told`: the values that a piece of text tells in words
        that are on no button."""
        real = [o for o in options if o.value not in _EMPTY_VALUES]
        plain = self._p["put_off"].without(_placed(plain, sum(o.value != "unsure" for o in options))) or plain
        if so_many := _SO_MANY_ALL.fullmatch(plain):
            count = chinese_number(so_many[1].replace("两", "二"))
            return Found([o.value for o in real]) if count == len(real) else Found(doubt="which_option")
        places = self.ordinals(plain, len(options))
        if not places and len(real) < 10 and (digits := _RUN.fullmatch(plain)):
            places = [at for sign in digits[1] if (at := _index(sign, len(real))) is not None]
            rising = places == sorted(set(places))  # “13”: two places; “43” is rather an age
            places = places if rising and len(places) == len(digits[1].replace(".", "")) else []
        if places is not None:
            values = [value for at in sorted(set(places)) if (value := options[at].value) != NONE]
            return Found(values) if places else Found(doubt="no_such_option")
        if (counted := self._counted(plain, real)) is not None:
            return Found(counted)
        if only := self._p["only"].match(plain):
            named = self._named(next(filter(None, only.groups())), real, told)
            return Found([real[at].value for at in named]) if named else Found(doubt="which_option")
        if len(real) == 1 and self._p["agreed"].fullmatch(plain):
            return Found([real[0].value])
        but = next((m for name in _BUT if (m := self._p[name].search(plain))), None)
        if but:
            return self._all_but(but["out"], real, told)
        if self._p["all"].match(plain):
            return Found([o.value for o in real])
        bare = _BARE_NO.fullmatch(plain) or _BARE_NOT.fullmatch(plain)
        if self._p["none"].search(plain) or (bare and any(o.value == "none" for o in options)):
            return Found([])
        return self._some(plain, real, options, told)

    def _counted(self, plain: str, real: Options) -> list[Any] | None:
        """“前两个”, “最后三个”, “1到3”: so many of those shown."""
        ends = _ENDS.match(plain)
        span = _SPAN.match(plain)
        if ends and (count := chinese_number(ends[2].replace("两", "二"))) and count <= len(real):
            kept = real[:count] if ends[1][0] in "前头" else real[-count:]
        elif (
            span
            and (a := _index(span[1], len(real))) is not None
            and (b := _index(span[2], len(real))) is not None
            and a < b
        ):
            kept = real[a : b + 1]
        else:
            return None
        return [option.value for option in kept]

    def _some(self, plain: str, real: Options, options: Options, told: Told | None) -> Found:
        said, denied = self._both(plain, real, told)
        if (two := _SO_MANY.fullmatch(plain)) and (count := chinese_number((two[1] or two[4]).replace("两", "二"))):
            like = [option.value for option in real if (two[2] or two[3]) in _label(option)]
            if len(like) == count:
                return Found(like)
        group = _GROUP.match(plain)
        if group and (named := [at for at, option in enumerate(real) if group[1] in _label(option)]):
            return Found([real[at].value for at in named])
        pieces = self._pieces(plain)
        likely = tuple(real[at].value for at in said)
        if any(self._unclear(piece, real, told) for piece in pieces):
            return Found(doubt="which_option", likely=likely)
        if said:
            return Found([real[at].value for at in said])
        if told and not denied and told(plain) == [NONE]:
            return Found([])
        if denied:
            return Found([]) if len(denied) == len(real) else Found(doubt="only_denied")
        one = self.one(plain, options)
        return Found([one.value], one.doubt) if one.value is not None else one

    def _unclear(self, piece: str, real: Options, told: Told | None) -> bool:
        """A piece that names several at once, or another benefit than those shown."""
        hits = self._names(piece, real, told)
        if hits:
            return len(hits) > 1 and not _whole(piece, real) and not (told and told(piece))
        return bool(self._p["benefit"].search(piece)) and not (told and told(piece))

    def _named(self, text: str, real: Options, told: Told | None) -> list[int]:
        """What a piece of text names, by number or by name."""
        numbers = self.ordinals(text, len(real))
        return sorted(
            {at for piece in self._pieces(text) for at in self._names(piece, real, told)} | set(numbers or ())
        )

    def _all_but(self, out: str, real: Options, told: Told | None) -> Found:
        gone = set(self.ordinals(out, len(real)) or ()) or set(self._named(out, real, told))
        if not gone:
            return Found(doubt="all_but_what")
        return Found([o.value for at, o in enumerate(real) if at not in gone])


def _whole(piece: str, options: Options) -> bool:
    """True when whole labels stand in the piece: then several may be meant. A word that several labels share means none."""
    return any(_label(option) in piece for option in options)


class Stories:
    """Choices told in one's own words."""

    def __init__(self, table: Mapping[str, Story], patterns: Patterns, places: Places) -> None:
        self._table = table
        self._denied = patterns["not_before_option"]
        self._places = places
        self._says = {
            fact: {value: patterns.of(says) for value, says in story.values.items()} for fact, story in table.items()
        }

    def __contains__(self, fact: str) -> bool:
        return fact in self._table

    def stated(self, fact: str) -> bool:
        """Whether the choice says how things stand."""
        return fact in self._table and self._table[fact].stated

    def apart(self, fact: str, values: list[Any]) -> list[Any]:
        """The values without those that another of them says too (“病好了，把证注销”)."""
        story = self._table.get(fact)
        held = {one for value in values for one in (story.holds.get(value, ()) if story else ())}
        return [value for value in values if value not in held]

    def words_of(self, fact: str, region: str, shown: Sequence[Option]) -> Told | None:
        """What tells the values of this fact, as a function of a piece of text; None where there is no table."""
        story = self._table.get(fact)
        if story is None:
            return None
        values = [option.value for option in shown]

        def told(piece: str) -> list[str]:
            hits = self.told(fact, piece)
            named = (value if value == NONE else self._named(value, story, region, values).value for value in hits)
            return [value for value in named if value is not None]

        return told

    def read(self, fact: str, plain: str, region: str, shown: Sequence[Option]) -> Found:
        """The value that the story means, as the region (or the screen) calls it."""
        story = self._table[fact]
        values = [option.value for option in shown]
        named = [self._named(hit, story, region, values) for hit in self.told(fact, plain)]
        found = {one.value: one for one in named}
        if len(found) == 1:
            return named[0]
        return Found(doubt="which_option", likely=tuple(v for v in found if v)) if found else NOTHING

    def told(self, fact: str, plain: str) -> list[str]:
        """The values told, those that win over the others only; by the county that is named where no word says it."""
        story = self._table[fact]
        hits = [value for value, says in self._says[fact].items() if self._said(plain, says)]
        hits = next(([v] for v in story.first if v in hits), hits)
        hits = [value for value in hits if value not in story.last] or hits
        if not hits and story.codes:
            codes = self._places.find(plain).codes
            hits = list({story.codes.get(code[:2], story.codes[""]) for code in codes})
        return hits

    @staticmethod
    def _named(value: str, story: Story, region: str, shown: list[Any]) -> Found:
        here = story.regions.get(region, {}).get(value, value)
        if here == "?":
            return Found(doubt="which_option")
        if here.endswith("*"):
            fits = [value for value in shown if str(value).startswith(here[:-1])]
            return Found(fits[0]) if len(fits) == 1 else Found(doubt="which_option")
        if not shown:
            return Found(here)
        if (held := next((value for value in shown if str(value) == here), None)) is not None:
            return Found(held)
        other = [names[value] for names in story.regions.values() if names.get(value) in shown]
        return Found(other[0]) if len(set(other)) == 1 else Found(doubt="not_offered", likely=(here,))

    def _said(self, plain: str, says: Pattern) -> bool:
        """True when it is told and nowhere denied (“不要邮寄” is not 寄)."""
        found = [self._denied.search(plain[: hit.start()]) is None for hit in says.finditer(plain)]
        return bool(found) and all(found)
