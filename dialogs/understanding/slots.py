"""Values taken out of a text: level, categories, numbers, dates, names, addresses, relations.

Each reader gives a `Found`: a value, or None with the reason why it has to be asked again. Numbers that carry a check digit
are checked; names and addresses are kept exactly as they were written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import cn2an
from stdnum import luhn
from stdnum.cn import ric
from stdnum.exceptions import ValidationError

from dialogs.understanding.sieve import Patterns, Words
from dialogs.understanding.tables import Slots

_DIGITS = str.maketrans("零一二三四五六七八九幺洞两壹贰叁肆伍陆柒捌玖〇", "01234567891021234567890")
_LEVEL = {
    "1": 1,
    "2": 2,
    "3": 3,
    "4": 4,
    "一": 1,
    "二": 2,
    "三": 3,
    "四": 4,
    "壹": 1,
    "贰": 2,
    "叁": 3,
    "肆": 4,
    "两": 2,
}
_MOBILE = re.compile(r"^1[3-9]\d{9}$")
_LANDLINE = re.compile(r"^0\d{2,3}\d{7,8}$")


@dataclass(frozen=True, slots=True)
class Found:
    """`value` None: not there, or to be asked again for `doubt` (then `likely` holds what it may be)."""

    value: Any = None
    doubt: str = ""
    likely: tuple[Any, ...] = field(default=())


NOTHING = Found(doubt="elsewhere")


def digits_of(plain: str) -> str:
    """The digits of a text, spoken ones too (幺三八), with a final X; blanks, dashes and commas left out."""
    return re.sub(r"[^0-9x]", "", plain.translate(_DIGITS)).upper()


def id_number(plain: str) -> Found:
    """An 18-digit identity number with a right check digit and a real date. 15 digits or a slip are asked again."""
    runs = re.findall(r"(?<![0-9X])[0-9]{17}[0-9X](?![0-9X])", _joined(plain))
    if not runs:
        count = len(digits_of(plain))
        return Found(doubt="old_number" if count == 15 else "length" if count > 8 else "elsewhere")
    number = runs[0]
    if len(set(runs)) > 1:
        return Found(doubt="several")
    try:
        ric.get_birth_date(number)
    except ValidationError:
        return Found(doubt="birth_date")
    return Found(number) if number[-1] == ric.calc_check_digit(number) else Found(doubt="check_digit")


def _joined(plain: str) -> str:
    """Spoken and written digits as one run each; anything that is not a digit, X, blank or dash parts the runs."""
    text = re.sub(r"(埃克斯|叉叉|艾克斯|叉|×|大写x)", "x", plain).translate(_DIGITS)
    return re.sub(r"[\s\-,.·_]+", "", text).upper()


def phone(plain: str) -> Found:
    """A mobile number, or a landline with its area code."""
    text = re.sub(r"(?:\+|00)86(?=[\s-]*1[3-9])|^86(?=1[3-9]\d{9}$)", "", _joined(plain))
    runs = [r for r in re.findall(r"\d+", re.sub(r"\D?(?<=\+)86", "", text)) if _MOBILE.match(r) or _LANDLINE.match(r)]
    if not runs:
        return Found(doubt="length" if len(digits_of(plain)) > 5 else "elsewhere")
    return Found(runs[0]) if len(set(runs)) == 1 else Found(doubt="several", likely=tuple(dict.fromkeys(runs)))


def postcode(plain: str) -> Found:
    """Six digits, in any way of writing them."""
    runs = [r for r in re.findall(r"\d+", _joined(plain)) if len(r) == 6]
    if not runs:
        return Found(doubt="length" if len(digits_of(plain)) > 2 else "elsewhere")
    return Found(runs[0]) if len(set(runs)) == 1 else Found(doubt="several")


def bank_number(plain: str) -> Found:
    """12 to 19 digits. A failed Luhn digit is a doubt beside the value: passbooks and 一卡通 accounts have none."""
    runs = [r for r in re.findall(r"\d+", _joined(plain)) if 12 <= len(r) <= 19]
    if not runs:
        return Found(doubt="length" if len(digits_of(plain)) > 5 else "elsewhere")
    if len(set(runs)) > 1:
        return Found(doubt="several")
    return Found(runs[0], "" if luhn.is_valid(runs[0]) else "luhn")


def card_number(plain: str) -> Found:
    """A disability card number: identity number, category 1-7, level 1-4, perhaps B and the reissue."""
    found = re.search(r"(?<!\d)(\d{17}[\dX])([1-7])([1-4])(B\d{1,2})?(?!\d)", _joined(plain))
    if not found:
        return Found(doubt="length" if len(digits_of(plain)) > 8 else "elsewhere")
    return Found(found[0]) if found[1][-1] == ric.calc_check_digit(found[1]) else Found(doubt="check_digit")


def number(plain: str) -> Found:
    """One whole number, in digits or in words."""
    runs = re.findall(r"\d+", plain) or re.findall(r"[零一二两三四五六七八九十百千万]+", plain)
    if len(runs) != 1:
        return Found(doubt="several" if runs else "elsewhere")
    value = chinese_number(runs[0])
    return Found(value) if value is not None else NOTHING


_ONES = "一二两三四五六七八九"
_ONE_SIGN = re.compile(rf"^[^\d零十百{_ONES}]*[{_ONES}][^\d零十百{_ONES}]*$")
_SO_YOUNG = re.compile(
    rf"[{_ONES}](?:周?岁|个?月)|^(?:今年|我|他|她|它|娃|孩子|刚|才|满|都|就|快)*[{_ONES}](?:了|多|半|哈|啊|嘛)*[,.!]*$"
)


def age(plain: str) -> Found:
    """An age in whole years; a year of birth is none, and nobody called 张三 is three."""
    said = [piece for piece in plain.split(",") if "岁" in piece]
    plain = said[0] if len(said) == 1 else plain  # “十岁,上三年级”
    if _ONE_SIGN.search(plain) and not _SO_YOUNG.search(plain):
        return NOTHING
    found = number(re.sub(r"(?<=十)有(?=[一二三四五六七八九])|(?<=岁)(?:半|多?一点)|零?\d{1,2}个月", "", plain))
    return found if found.value is None or found.value <= 120 else Found(doubt="birth_date")


def chinese_number(text: str) -> int | None:
    """An integer written 35, 三十五 or 三五; None where it is none."""
    if text.isdecimal():
        return int(text) if len(text) < 12 else None
    try:
        return int(cn2an.cn2an(text, "smart"))
    except (ValueError, KeyError, IndexError):
        return None


_SURNAME = re.compile(
    r"^(?:我|他|她|娃|孩子)?姓([\u4e00-\u9fff]{1,2})[,，]?(?:名字?|叫)(?:叫|是)?([\u4e00-\u9fff]{1,2})$"
)
_WHOSE = tuple("我俺咱额家给帮替老他她的是")
_NO_LIMB = re.compile(r"手(?=边|上|里|头|机|续|艺|工|写|下|底|填|动)|(?<=[动顺对到新老助选])手|脚(?=下)")


class SlotReader:
    """The readers that need tables or patterns: level, categories, relation, date, name, address; which reader a field has."""

    def __init__(self, table: Slots, patterns: Patterns) -> None:
        self._table = table
        self._p = patterns
        self.kind_of: Mapping[str, str] = {name: kind for kind, names in table.fields.items() for name in names}
        self._sure = _Named((c, v.sure) for c, v in table.categories.items())
        self._lay = _Named((c, v.lay) for c, v in table.categories.items())
        self._relation = _Named(table.relations.items())
        self._i_am = re.compile(rf"我是(?:他|她|娃|孩子|它)?(?:的)?({self._relation.pattern})")
        self._not_level = re.compile("|".join(table.not_levels))
        name = rf"(?:[{table.surnames}]|{'|'.join(table.double_surnames)})[\u4e00-\u9fff]{{1,2}}"
        self._namelike = re.compile(name)
        self._addressed = _addressed(table, name)
        self._no_name = table.called.no_name
        self._called = re.compile(rf"[,，\s](?:名字)?叫(?:做|作)?\s*({name})[。.]?$")

    def day(self, plain: str) -> Found:
        """A date of the common calendar as YYYY-MM-DD. Lunar dates, short years up to 30, missing parts: asked again."""
        if self._p["lunar"].search(plain):
            return Found(doubt="lunar")
        text = re.sub(r"[零一二三四五六七八九]{2,4}(?=年)", lambda m: m[0].translate(_DIGITS), plain)
        text = re.sub(r"(?<=月)[一二三四五六七八九十]{1,3}$", r"\g<0>日", text)
        text = re.sub(r"[一二两三四五六七八九十]+(?=[月日号])", lambda m: str(chinese_number(m[0])), text)
        found = re.search(r"(?<!\d)(\d{4}|\d{2})[年./-](\d{1,2})[月./-](\d{1,2})(?!\d)", text)
        found = found or re.search(r"(?<!\d)((?:19|20)\d{2})([01]\d)([0-3]\d)(?!\d)", text)
        if not found:
            return Found(doubt="incomplete" if re.search(r"\d{2,4}年|\d+月", text) else "elsewhere")
        year = int(found[1])
        if year < 100:
            if year <= 30:
                return Found(doubt="century")
            year += 1900
        try:
            return Found(date(year, int(found[2]), int(found[3])).isoformat())
        except ValueError:
            return Found(doubt="no_such_day")

    def person_name(self, written: str) -> Found:
        """A name exactly as written, without what leads to it (“我叫”, “名字是”)."""
        written = re.sub(r"\s*[(（][^()（）]*[)）]\s*$", "", written.strip())
        written = re.sub(r"[,，\s][^,，]{2,12}的.$", "", written)  # “李建国，建设的建”
        kin = self._relation.pattern  # “王秀兰，他奶奶”
        written = re.sub(rf"[,，\s](?:他|她|我|娃|孩子)?的?(?:{kin})$", "", written)
        if family := _SURNAME.match(written):
            written = family[1] + family[2].removeprefix(family[1])  # “姓欧阳名建国”
        written = self._beside_kin(written)
        head, *rest = re.split(r"[,，。;；\s]+", written, maxsplit=1)
        if rest and self._namelike.fullmatch(head) and not re.search(r"错|不是|应该|改", rest[0]):
            written = head  # “周桂兰，我是他妈妈”
        written = re.sub(r"(?<=[\u4e00-\u9fff]{2})(?:不是|，不是).{2,4}$", "", written)
        if called := self._called.search(written):
            written = called[1]  # “监护人是他爸，叫郑守义”
        lead = self._p["name_lead"].match(written.strip())
        if lead and lead.end():
            written = re.split(r"[,，。;；]", written.strip()[lead.end() :])[0].removesuffix("的")
        name = self._p["name_tail"].without(self._p["name_lead"].without(written.strip()))
        if not self._p["name"].match(name):
            return NOTHING
        if self._p["not_a_name"].search(name):  # 李好 is one all the same
            return Found(doubt="is_it_a_name", likely=(name,)) if self._namelike.fullmatch(name) else NOTHING
        if re.search(r"\s", name) and max(map(len, name.split())) > 1:
            return Found(doubt="is_it_a_name", likely=(name.split()[0],))
        if len(name) > 4 and not re.search(r"[·•．.・‧]", name):
            return Found(doubt="is_it_a_name", likely=(name,))
        return Found(name)

    def _beside_kin(self, written: str) -> str:
        """“就是我儿子，周小宝”, “就是我噻，李小满”: the one piece that is a name, where the others say only whose it is."""
        pieces = [piece for piece in re.split(r"[,，。;；\s]+", written) if piece]
        names = [
            piece for piece in pieces if self._namelike.fullmatch(piece) and not self._p["not_a_name"].search(piece)
        ]
        others = [piece for piece in pieces if piece not in names]
        whose = all(re.match(r"(?:就|是|这是|叫)*(?:我|俺|他|她|娃|孩子)", piece) for piece in others)
        return (
            names[0] if others and len(names) == 1 and whose and not re.search(r"错|不是|应该|改", written) else written
        )

    def addressed(self, plain: str) -> str:
        """How somebody who is helped is spoken of (“帮隔壁王大爷问”: 王大爷; “给我二叔办”: 二叔), "" where nobody is."""
        found = self._addressed.search(plain)
        if not found or re.search(r"(?:我|俺)(?:就)?(?:是|叫|姓)$", plain[: found.start()]):
            return ""
        return next(filter(None, found.groups()), "")

    def called(self, written: str) -> Found:
        """What somebody is to be called: the form of address in the text, else the text without what leads to it."""
        text = written.strip(" ，,。.")
        bare = re.sub(r"^(?:你)?(?:就|都)?(?:管)?(?:叫|喊|称呼)?(?:她|他)?(?:叫做?|是|姓|喊)?", "", text) or text
        bare = re.sub(r"(?<=..)(?:吧|嘛|呗|就行|就好|就是了)$", "", re.split(r"[,，。;；]", bare)[0].strip())
        if any(word in text for word in self._no_name):
            return Found(self.addressed(text) or None, doubt="elsewhere")  # “他在旁边，同意的”
        return Found(self.addressed(text) or bare)

    def address(self, written: str) -> Found:
        """An address exactly as written: it has at least two of the words that addresses are made of."""
        text = re.sub(
            r"^(?:我|俺)?(?:家)?(?:的)?(?:住址|地址|家庭住址)?(?:是|住在|住|在|[:：])+\s*", "", written.strip()
        ).rstrip("。.，, ")
        signs = (
            len(list(self._p["address_signs"].finditer(text))) if not re.match(r"就?在?[村镇乡县城家屋].$", text) else 0
        )
        if 4 <= len(text) <= 100 and signs >= 2 and not re.search(r"[?？吗]|怎么|不知道|晓不得|什么|哪", text):
            return Found(text)
        return Found(doubt="incomplete" if signs else "elsewhere")

    def other_level(self, plain: str) -> bool:
        """Whether a level of something else is spoken of (“工伤四级”)."""
        return bool(self._not_level.search(plain))

    def level(self, plain: str, alone: bool = False) -> Found:
        """The card's level, 1 (heaviest) to 4. `alone`: it was asked for, so a bare digit counts."""
        plain = re.sub(r"i{1,3}v?(?=级)", lambda m: {"i": "1", "ii": "2", "iii": "3", "iv": "4"}.get(m[0], m[0]), plain)
        levels: list[int | None] = []
        for found in self._p["level"].finditer(plain):
            if self._p["not_before_value"].search(plain[: found.start()]):
                continue
            near = plain[max(0, found.start() - 8) : found.end() + 4]
            if self._not_level.search(near) or found[2]:
                levels.append(None)
            else:
                levels.append(_LEVEL.get(found[1]))
        if not levels and alone:
            bare = re.fullmatch(
                r"(?:我|俺|他|她|娃|孩子|老人|我妈|我爸)?(?:的)?(?:残疾)?(?:证|本本|卡|表)?(?:上面?|里)?(?:的)?(?:残疾)?(?:等级|级别)?(?:写|印|评|定)?"
                r"(?:的|着|了)?(?:是|就是|为|第)*([1-4一二三四壹贰叁肆])(?:的|吧|哈|嘛|个|啊|呢|嘞)?[.,!]?",
                plain,
            )
            levels = [_LEVEL[bare[1]]] if bare and not plain.rstrip(".,!").endswith("吧") else []
        if not levels:
            return self._level_word(plain)
        if None in levels or len(set(levels)) > 1:
            return Found(doubt="which_level", likely=tuple(v for v in levels if v))
        return Found(levels[0])

    def _level_word(self, plain: str) -> Found:
        for word, levels in self._table.level_words.items():
            if word in plain:
                return Found(levels[0]) if len(levels) == 1 else Found(doubt="which_level", likely=tuple(levels))
        return NOTHING

    def categories(self, plain: str, lay: bool = True) -> Found:
        """The set of categories, in the office's order. `lay`: also by what people call it (眼睛, 聋)."""
        if plain in self._table.category_unclear and re.search(r"\d|[一二三四]", plain) is None:
            return Found(doubt="which_category")
        plain = _NO_LIMB.sub("", plain) if "手" in plain or "脚" in plain else plain
        said, denied = self._spot(plain, self._sure)
        if not said and lay:
            rest = plain
            for word in self._table.category_unclear:
                rest = rest.replace(word, "")  # 脑瘫 is no 瘫
            more, less = self._spot(rest, self._lay)
            said, denied = more, denied | less
        said -= denied
        unclear = any(word in plain for word in self._table.category_unclear if word != "残疾")
        if unclear and (not said or "多重" in plain):
            return Found(doubt="which_category", likely=tuple(sorted(said)))
        return Found([c for c in self._table.categories if c in said]) if said else NOTHING

    def _spot(self, plain: str, words: _Named) -> tuple[set[str], set[str]]:
        said: set[str] = set()
        denied: set[str] = set()
        for start, word in words.words.found(plain):
            (denied if self._p["not_before_value"].search(plain[:start]) else said).add(words.meaning[word])
        return said, denied

    def relation(self, plain: str) -> Found:
        """What the speaker is to the applicant, as the office writes it (父亲, 女儿)."""
        if re.search(r"本人|自己", plain):
            return Found("本人")
        told = self._i_am.search(plain)
        if self._p["both_ways"].search(plain) and not told:
            return Found(doubt="which_relation")
        said = self.kin(plain)
        if told:
            return Found(self._relation.meaning[told[1]])
        if len(said) == 1 and not re.search(r"(?:他|她|娃|孩子)是我", plain):
            return Found(said.pop())
        return Found(doubt="which_relation", likely=tuple(sorted(said))) if said else NOTHING

    def kin_group(self, fact: str, plain: str) -> str:
        """The same as buttons have it (parent, spouse...), "" where it is not clear. `relation` is what the applicant is to the
        speaker; any other field, what the speaker is to the applicant. “我是他妈” tells the one by the other."""
        turned = self.kin_turned(fact, plain)
        found = self.relation(plain if turned else re.sub(r"^(?:我|俺)(?!是)", "", plain))
        kin = found.value or (found.likely[0] if turned and len(found.likely) == 1 else "")
        groups = self._table.kin_options.items()
        group = next((name for name, held in groups if kin in held or (not kin and any(w in plain for w in held))), kin)
        return self._table.kin_turned.get(group, kin) if turned else group

    def kin_turned(self, fact: str, plain: str) -> bool:
        """Whether “我是他妈” was said where it is asked what he is to me, or the other way round."""
        mine, theirs = r"(?:我|俺)就?是(?:他|她|它|娃|孩子)", r"(?:他|她|它|娃|孩子)就?是(?:我|俺)"
        return bool(re.search(mine if fact == "relation" else theirs, plain))

    def kin(self, plain: str) -> set[str]:
        """The relatives that are named; a single character (姑 of 三姑镇) only where it can be nothing else."""
        found = (
            (start, word)
            for start, word in self._relation.words.found(plain)
            if len(word) > 1 or start == 0 or plain[:start].endswith(_WHOSE)
        )
        meaning = self._relation.meaning
        return {meaning[word] for start, word in found if not self._p["not_before_value"].search(plain[:start])}


def _addressed(table: Slots, name: str) -> re.Pattern[str]:
    """王大爷; 老张; 李建国 of “给李建国办”; 二叔 of “我二叔”."""
    titles, own = ("|".join(sorted(words, key=len, reverse=True)) for words in (table.called.titles, table.called.own))
    family = "".join(sign for sign in table.surnames if sign not in table.called.no_surname)
    surname = rf"(?:{'|'.join(table.double_surnames)}|[{family}])"
    before = rf"(?:{'|'.join(table.called.before)}){surname}头?(?![\u4e00-\u9fff])"
    called = f"{name}|老{surname}头?"
    helped = (
        rf"(?:帮|给|替|为)(?:我们?)?(?:村|组|队|院|社区)?(?:里|上)?的?({called})(?=办|问|弄|搞|整|申请|看|查|来|填|$)"
    )
    kin = rf"(?:我|俺|额)(?:们)?(?:家)?的?([大二三四五六七八九幺小]?(?:{own}))"
    return re.compile(rf"({surname}[大二三四五六七八九幺小]?(?:{titles}))|({before})|{helped}|{kin}")


class _Named:
    """Words with what each names. `pattern`: any of them, to stand in a larger pattern."""

    def __init__(self, groups: Iterable[tuple[str, list[str]]]) -> None:
        self.meaning: dict[str, str] = {}
        for name, words in groups:
            for word in words:
                self.meaning.setdefault(word, name)
        self.words = Words(self.meaning)
        self.pattern = "|".join(map(re.escape, sorted(self.meaning, key=len, reverse=True)))
