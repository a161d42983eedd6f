"""What a run of characters says as a value: numbers with their check digits, dates, names, addresses, levels and categories.

Each reader takes a run and gives back where in it the value stands and how it is written on the form; None when there is none.
Only a check digit makes a number sure. Letters that look like digits count as digits where the check digit then holds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from stdnum import luhn
from stdnum.iso7064 import mod_11_2

from backend.photos.reading.layout import Run
from backend.photos.reading.papers import As

_HAN = r"㐀-鿿\U00020000-\U0003ffff〇"
_NAME = re.compile(rf"[{_HAN}](?:[·.]?[{_HAN}]){{1,14}}")
SHORT_NAME = re.compile(rf"^[^{_HAN}]*([{_HAN}]{{2,3}})$")  # alone in its run, whatever no letter stands before it
_NEXT = re.compile("[户产][主生]|性别|曾用|身份|民族")  # a label behind a name, also misread in part
_LONGEST_NAME = 5  # characters; names with a dot in them may be longer
_ADDRESS = re.compile(rf"[{_HAN}A-Za-z0-9()#\-/]{{6,}}")
_PLACE = re.compile("[省市县区乡镇村路街号旗组队州社道盟]")
_DIGIT_LIKE = str.maketrans("OoDQUIl|iZzSsBx", "00000111122558X")
_DATE = r"(\d{4})[年.\-/]?(\d{1,2})[月.\-/]?(\d{1,2})日?"
_ONE_DATE = re.compile(_DATE)
_PERIOD = re.compile(rf"{_DATE}[-至到~—一]*(?:{_DATE}|(长期|永久))")
_LEVEL = re.compile("([一二三四壹贰叁肆1-4])级|^[:]?([一二三四壹贰叁肆1-4])$")
_LEVELS = {char: str(1 + at % 4) for at, char in enumerate("一二三四壹贰叁肆1234")}
_CATEGORIES = (
    ("视力", "vision"),
    ("听力", "hearing"),
    ("言语", "speech"),
    ("语言", "speech"),
    ("肢体", "physical"),
    ("智力", "intellectual"),
    ("精神", "mental"),
)
CATEGORY_DIGITS = dict(
    zip("123456", ("vision", "hearing", "speech", "physical", "intellectual", "mental"), strict=True)
)
SEVERAL = "7"  # the category digit of a card for several disabilities (GB/T 26341: 多重)
_SURE_DIGIT = (
    0.7  # a check digit lets one in ten pass where two digits are wrong: such digits are hardly ever read for sure
)
_PEOPLES = re.compile(
    "汉|蒙古|回|藏|维吾尔|苗|彝|壮|布依|朝鲜|满|侗|瑶|白|土家|哈尼|哈萨克|傣|黎|傈僳|佤|畲|高山|拉祜|水|东乡|纳西|景颇|柯尔克孜|土|"
    "达斡尔|仫佬|羌|布朗|撒拉|毛南|仡佬|锡伯|阿昌|普米|塔吉克|怒|乌孜别克|俄罗斯|鄂温克|德昂|保安|裕固|京|塔塔尔|独龙|鄂伦春|赫哲|门巴|珞巴|基诺"
)


@dataclass(frozen=True, slots=True, eq=False)
class Value:
    """A value, where it stands (`run`: its characters and no others, in the order of `text`), and whether it is proven."""

    text: str
    run: Run
    checked: bool = False


def read(as_: As, run: Run) -> Value | None:
    """The first value of this kind in this run."""
    return _READERS[as_](run)


def _name(run: Run) -> Value | None:
    if (behind := _NEXT.search(run.text, 2)) is not None:
        run = run.cut(0, behind.start())
    found = _NAME.search(run.text)
    if (
        found is None
        or found.start() > 1
        or (len(found[0]) > _LONGEST_NAME and "." not in found[0] and "·" not in found[0])
    ):
        return None
    return _cut(run, found, found[0].replace(".", "·"))


def _address(run: Run) -> Value | None:
    for found in _ADDRESS.finditer(run.text):
        if _PLACE.search(found[0]):
            return _cut(run, found, found[0])
    return None


def _gender(run: Run) -> Value | None:
    found = re.search("[男女]", run.text)
    return _cut(run, found, "male" if found[0] == "男" else "female") if found else None


def _ethnicity(run: Run) -> Value | None:
    found = _PEOPLES.search(run.text)
    return _cut(run, found, found[0] + "族") if found else None


def _level(run: Run) -> Value | None:
    found = _LEVEL.search(run.text)
    return _cut(run, found, _LEVELS[found[1] or found[2]]) if found else None


def _categories(run: Run) -> Value | None:
    places = [(at, name) for word, name in _CATEGORIES if (at := run.text.find(word)) >= 0]
    if not places:
        return None
    names = [name for _, name in sorted(places)]
    whole = run.cut(min(places)[0], max(places)[0] + 2)
    return Value(",".join(dict.fromkeys(names)), whole)


def _from(run: Run) -> Value | None:
    found = _ONE_DATE.search(run.text)
    day = _day(found.groups()) if found else None
    return _cut(run, found, day) if found and day else None


def _to(run: Run) -> Value | None:
    found = _PERIOD.search(run.text)
    if found is None:
        forever = re.search("长期|永久", run.text)
        return _cut(run, forever, "长期") if forever else _from(run)
    until = "长期" if found[7] else _day(found.groups()[3:6])
    return _cut(run, found, until) if until else None


def _day(parts: tuple[str, ...]) -> str | None:
    try:
        day = date(*(int(part) for part in parts[:3]))
    except ValueError:
        return None
    return day.isoformat() if 1900 <= day.year <= 2200 else None


def _id_number(run: Run) -> Value | None:
    numbers = ((at, number) for at, number in _numbers(run, 18) if is_id_number(number))
    return next((_proven(number, run.cut(at, at + 18)) for at, number in numbers), None)


def _card_number(run: Run) -> Value | None:
    """Identity number, category, level, and B with digits where a card was issued again. What is printed beside it proves it."""
    for start, number in _numbers(run, 20):
        if is_id_number(number[:18]) and re.fullmatch("[1-7][1-4]", number[18:]):
            again = re.match(r"B\d{1,2}", run.text[start + 20 :])
            end = start + 20 + (again.end() if again else 0)
            return Value(number + run.text[start + 20 : end], run.cut(start, end))
    return None


def _bank_number(run: Run) -> Value | None:
    """A card's number (ISO/IEC 7812) of the 16 or 19 digits that cards of this country have."""
    for found in re.finditer(r"(?<!\d)[3-6]\d{15}(?:\d{3})?(?!\d)", run.text.translate(_DIGIT_LIKE)):
        if luhn.is_valid(found[0]):
            return _proven(found[0], run.cut(*found.span()))
    return None


def _proven(number: str, run: Run) -> Value:
    """A number whose check digit holds: proven, if every digit was read for sure."""
    return Value(number, run, checked=min(run.scores) >= _SURE_DIGIT)


def _numbers(run: Run, length: int) -> Iterator[tuple[int, str]]:
    """Every stretch of so many digits, also where digits go on before or behind it; those that stand alone come first."""
    like = run.text.translate(_DIGIT_LIKE).upper()
    places = [at for at in range(len(like) - length + 1) if re.fullmatch(r"\d{17}[\dX]\d*", like[at : at + length])]
    alone = [
        at for at in places if not like[at - 1 : at].isdigit() and not like[at + length : at + length + 1].isdigit()
    ]
    for at in (*alone, *(at for at in places if at not in alone)):
        yield at, like[at : at + length]


def is_id_number(number: str) -> bool:
    """18 characters, a real date of birth, the check digit MOD 11-2 (GB 11643)."""
    if not re.fullmatch(r"[1-9]\d{16}[\dX]", number) or not mod_11_2.is_valid(number):
        return False
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    return 1880 <= born.year <= 2100


def _cut(run: Run, found: re.Match[str], text: str) -> Value:
    return Value(text, run.cut(*found.span()))


_READERS: dict[As, Callable[[Run], Value | None]] = {
    "name": _name,
    "address": _address,
    "id_number": _id_number,
    "card_number": _card_number,
    "bank_number": _bank_number,
    "level": _level,
    "categories": _categories,
    "from": _from,
    "to": _to,
    "gender": _gender,
    "ethnicity": _ethnicity,
}
