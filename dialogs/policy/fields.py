"""The form: which fields the items need, and whether what somebody wrote can stand in them.

Which fields a form has, and when, is in the pack; labels and questions are in fields.yaml; here are the checks by
rule name. Problems are said in plain Chinese and never repeat what was written.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from stdnum import luhn
from stdnum.iso7064 import mod_11_2

from dialogs.messages import Explained, InputKind, Option
from dialogs.policy.decide import complete, judge, ways
from dialogs.policy.pack import Compiled, Pack, Policy
from dialogs.policy.written import FieldText, FormField

SAME = "same"
BLANK, BLANK_LABEL = "none", "不填"
_LEFT_OUT = frozenset({"", BLANK, BLANK_LABEL, "unsure", "没有", "无", "跳过", "不知道", "不清楚", "先不填"})
OLDEST_YEAR = 1880

_HAN = r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff〇]"
_LONG_NUMBER = re.compile(r"[^0-9A-Z]*([0-9]{6,}[0-9A-Z]*)[^0-9A-Z]*")
_NAME = re.compile(rf"{_HAN}+(?:·{_HAN}+)*")
_DOTS = str.maketrans(dict.fromkeys("•‧・∙⋅.。˙᛫", "·"))
_MOBILE = re.compile(r"1[3-9]\d{9}")
_LANDLINE = re.compile(r"(010|02\d|0[3-9]\d{2})-?([1-9]\d{6,7})")
_CARD_TAIL = re.compile(r"([1-7])([1-4])(B\d{1,2})?")
_DATE = re.compile(r"(\d{4})[-/.年]?(\d{1,2})[-/.月]?(\d{1,2})日?")
_DIVISIONS = re.compile(r".{2,}[县区市旗].*?(?:乡|镇|街道|苏木|办事处).*?(?:村|社区|居委会|居民委员会|嘎查|队|场)")
_SALARY = re.compile(r"(\d{1,6})(?:元|块钱?)?")
_CARD_BEGINS = ("62", "95599")  # bank cards with a check digit; a passbook's account number has none


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the form. `derived`: it follows from other answers and is never asked; `value`: what is known
    already (a field that is not derived is asked only while this is None). `fact`: the fact that its answer states,
    or "". `same_as`: the answer "same" stands for that field's value. `may_be_blank`: the answer "none" leaves it
    empty (""). `sensitive`: masked in lists, kept encrypted."""

    name: str
    label: str
    question: str
    input: InputKind
    options: tuple[Option, ...]
    rule: str
    hint: str
    explained: tuple[Explained, ...]
    sensitive: bool
    derived: bool
    value: Any
    fact: str
    same_as: str
    may_be_blank: bool
    document: str
    clause: str


class Checked(NamedTuple):
    """`value`: as it goes on the form, None when it cannot; `problem`: what to do about it, "" when all is well."""

    value: Any
    problem: str


def form_fields(
    policy: Policy,
    pack: Pack,
    facts: Mapping[str, Any],
    items: Sequence[str],
    on: date,
    chosen_ways: Mapping[str, str] | None = None,
) -> tuple[Field, ...]:
    """The fields that these items need, in the order of the form. Items that go on elsewhere or come by themselves
    need none. `chosen_ways`: item -> mode, where the person chose another way than the pack's first (the window, not
    the jump)."""
    known = complete(pack, facts, on)
    judged = judge(pack, known, items, reasons=False)
    modes: dict[str, str] = {item: way.mode for item, way in ways(pack, judged, items, known).items()}
    modes.update(chosen_ways or {})
    served = [
        item
        for item in items
        if judged[item].verdict != "not_eligible" and modes.get(item) not in pack.written.form.not_for_ways
    ]
    rows = (row for row in pack.form if not row.items.isdisjoint(served))
    rows = (row for row in rows if row.rule is None or row.rule.test(known))
    fields = (_field(policy, row, known, served) for row in rows)
    return tuple({field.name: field for field in fields}.values())


def _field(policy: Policy, row: Compiled, known: Mapping[str, Any], served: Sequence[str]) -> Field:
    name = row.written.field
    text = policy.fields[name]
    dead = bool(known.get("is_deceased"))
    return Field(
        name=name,
        label=text.label_dead if dead and text.label_dead else text.label,
        question=text.ask_dead if dead and text.ask_dead else text.ask,
        input=text.input,
        options=_options(policy, text, known),
        rule=text.rule,
        hint=text.hint,
        explained=tuple(Explained(word, says) for word, says in text.explained.items()),
        sensitive=text.sensitive,
        derived=bool(text.from_),
        value=_known_value(policy, name, text, known, [item for item in served if item in row.items]),
        fact=text.fact,
        same_as=text.same_as,
        may_be_blank=text.may_be_blank,
        document=row.document,
        clause=row.written.clause,
    )


def _options(policy: Policy, text: FieldText, known: Mapping[str, Any]) -> tuple[Option, ...]:
    options, held = policy.options(text), known.get(text.among) if text.among else None
    if held:
        options = tuple(option for option in options if option.value in held)
    if text.same_as:
        options = (Option(SAME, text.same_label),)
    return (*options, Option(BLANK, BLANK_LABEL)) if text.may_be_blank else options


def _known_value(policy: Policy, name: str, text: FieldText, known: Mapping[str, Any], items: list[str]) -> Any:
    if text.from_ == "items":
        return tuple(items)
    if text.from_:
        return known.get(name if name in policy.facts else text.from_)
    return known.get(text.fact) if text.fact else None


def facts_from_fields(policy: Policy, values: Mapping[str, Any]) -> dict[str, Any]:
    """The facts that these answers (field name -> checked value) state."""
    return {policy.fields[name].fact: value for name, value in values.items() if policy.fields[name].fact}


def check(field: Field, value: Any, others: Mapping[str, Any], today: date) -> Checked:
    """`value` as it was written or chosen; `others`: the checked values of other fields by name; `today`: no date
    may be later."""
    told = value[0] if isinstance(value, list) and len(value) == 1 else value
    if field.may_be_blank and (told in ([], ()) or (isinstance(told, str) and told.strip() in _LEFT_OUT)):
        return Checked("", "")
    if value in (BLANK, BLANK_LABEL):
        return Checked(None, "这一栏要填上。")
    if field.same_as and value == SAME:
        same = others.get(field.same_as)
        return Checked(same, "") if same else Checked(None, "前面还没有填，请写一下。")
    if field.input == "choices":
        return _choices(field, value)
    if field.options and field.input == "choice":
        return _choice(field, value)
    if not isinstance(value, (str, int, date)) or isinstance(value, bool):
        return Checked(None, "请用文字写一下。")
    return CHECKS[field.rule](value, others, today)


def check_value(policy: Policy, name: str, value: Any, others: Mapping[str, Any], today: date) -> Checked:
    """The same for a field by its name, outside any form."""
    row = Compiled(items=frozenset(), rule=None, written=FormField(field=name, clause=""), document="")
    return check(_field(policy, row, {}, ()), value, others, today)


def still_stands(field: Field, value: Any, others: Mapping[str, Any], today: date) -> bool:
    """Whether an answer that was right when it was given still is, now that `others` may have changed."""
    return field.rule not in COMPARED or value == "" or not check(field, value, others, today).problem


def _choices(field: Field, value: Any) -> Checked:
    told = value if isinstance(value, (list, tuple)) else [value]
    chosen = [_choice(field, one) for one in told]
    if not chosen or any(one.problem for one in chosen):
        return Checked(None, "请从下面选。可以选几样。")
    return Checked(list(dict.fromkeys(one.value for one in chosen)), "")


def _choice(field: Field, value: Any) -> Checked:
    told = value.strip() if isinstance(value, str) else value
    for option in field.options:
        if type(told) is type(option.value) and told == option.value:
            return Checked(option.value, "")
        if isinstance(told, str) and told and told in (option.label, option.label.removesuffix("族")):
            return Checked(option.value, "")
    return Checked(None, "请从下面选一个。")


def _plain(value: Any) -> str:
    return unicodedata.normalize("NFKC", str(value)).strip()


def _no_gaps(value: Any) -> str:
    return re.sub(r"[\s\-—－_]", "", _plain(value))


def _among_words(text: str) -> str:
    """The one long number in these words (“我的身份证号是…”), else the text itself."""
    found = _LONG_NUMBER.fullmatch(text)
    return found[1] if found else text


def check_name(value: Any, others: Mapping[str, Any], today: date) -> Checked:
    """Han characters, with · inside the names of some peoples; other dots are taken for it."""
    name = re.sub(r"\s", "", _plain(value)).translate(_DOTS).strip("·")
    if not _NAME.fullmatch(name):
        return Checked(None, "请用汉字写姓名，和身份证一样。")
    if len(name) < 2:
        return Checked(None, "姓名至少两个字，请写全。")
    return Checked(name, "") if len(name) <= 50 else Checked(None, "姓名太长了，请核对一下。")


def check_id_number(value: Any, others: Mapping[str, Any], today: date) -> Checked:
    """18 characters, a real date of birth not after `today`, check digit MOD 11-2 (GB 11643). The area code is not
    judged."""
    number = _among_words(_no_gaps(value).upper())
    if len(number) == 15 and number.isdecimal():
        return Checked(None, "这是15位旧号码。请写18位的。")
    if len(number) != 18:
        return Checked(None, f"身份证号是18位，现在是{len(number)}位。")
    if not re.fullmatch(r"[0-9]{17}[0-9X]", number):
        return Checked(None, "身份证号只有数字，最后一位可能是X。")
    born = birth_date_of(number)
    if born is None or not born.year >= OLDEST_YEAR or born > today:
        return Checked(None, "中间8位是生日，好像不对。请核对。")
    if not mod_11_2.is_valid(number):
        return Checked(None, "号码对不上，可能写错了一位。请核对。")
    return Checked(number, "")


def check_id_number_of_another(value: Any, others: Mapping[str, Any], today: date) -> Checked:
    """The same for a guardian: it is not the number of the person whom the form is about."""
    checked = check_id_number(value, others, today)
    if checked.value and checked.value == others.get("id_number"):
        return Checked(None, "这和前面的号码一样。请写监护人的。")
    return checked


def birth_date_of(number: str) -> date | None:
    """The date of birth inside an 18-character identity number; None when there is no such day."""
    try:
        return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None


def check_card_number(value: Any, others: Mapping[str, Any], today: date) -> Checked:
    """Identity number, category 1-7, level 1-4, and B with digits where a card was issued again."""
    number = _no_gaps(value).upper()
    if not _CARD_TAIL.fullmatch(number[18:]):
        return Checked(None, "残疾人证号是20位，请看证上的号码。")
    identity = check_id_number(number[:18], others, today)
    if identity.problem:
        return Checked(None, "残疾人证号好像写错了，请核对。")
    own = others.get("id_number")
    if own and own != number[:18]:
        return Checked(None, "证号前18位和身份证号不一样，请核对。")
    return Checked(number, "")


def check_phone(value: Any, others: Mapping[str, Any], today: date) -> Checked:
    """A mobile number, or a landline with its area code (kept as 0818-1234567)."""
    number = re.sub(r"[\s()]", "", _plain(value)).replace("—", "-")
    number = re.sub(r"^(\+|00)?86-?(?=[01])", "", number)
    if _MOBILE.fullmatch(number.replace("-", "")):
        return Checked(number.replace("-", ""), "")
    if landline := _LANDLINE.fullmatch(number):
        return Checked("-".join(landline.groups()), "")
    return Checked(None, "手机号是11位。座机请带区号。")


def check_address(value: Any, others: Mapping[str, Any], today: date) -> Checked:
    """A place somebody can find: at least five characters, some of them Han."""
    address = re.sub(r"\s+", "", _plain(value))
    if len(address) > 120:
        return Checked(None, "地址太长了，请写短一点。")
    if len(address) < 5 or not re.search(_HAN, address):
        return Checked(None, "请写到村或社区，再写门牌。")
    return Checked(address, "")


def check_date(value: Any, others: Mapping[str, Any], today: date) -> Checked:
    """A day not after `today`, kept as YYYY-MM-DD."""
    written = _DATE.fullmatch(re.sub(r"\s", "", _plain(value)))
    try:
        day = date(*(int(part) for part in written.groups())) if written else None
    except ValueError:
        day = None
    if day is None:
        return Checked(None, "请写年月日，比如1985年3月2日。")
    if day > today or day.year < OLDEST_YEAR:
        return Checked(None, "这个日期好像不对，请核对。")
    return Checked(day.isoformat(), "")


def check_bank_number(value: Any, others: Mapping[str, Any], today: date) -> Checked:
    """12 to 19 digits; of a bank card (16 and more, by how it begins) the last is a check digit (ISO/IEC 7812, Luhn)."""
    number = _among_words(_no_gaps(value))
    if not re.fullmatch(r"[0-9]+", number):
        return Checked(None, "卡号只有数字，请核对。")
    if not 12 <= len(number) <= 19:
        return Checked(None, f"卡号是12到19位，现在是{len(number)}位。")
    if len(number) >= 16 and number.startswith(_CARD_BEGINS) and not luhn.is_valid(number):
        return Checked(None, "卡号对不上，可能写错了一位。请核对。")
    return Checked(number, "")


def check_postcode(value: Any, others: Mapping[str, Any], today: date) -> Checked:
    """Six digits, by themselves or in a sentence; they may begin with 0."""
    codes = set(re.findall(r"[0-9]+", _no_gaps(value)))
    code = codes.pop() if len(codes) == 1 else ""
    if len(code) != 6 or code == "000000":
        return Checked(None, "邮编是6位数字，请核对。")
    return Checked(code, "")


def check_amount(value: Any, others: Mapping[str, Any], today: date) -> Checked:
    """Whole yuan, kept as digits."""
    written = _SALARY.fullmatch(re.sub(r"[\s,]", "", _plain(value)))
    return Checked(str(int(written[1])), "") if written else Checked(None, "请写一个整数，比如3000。")


def check_diploma_number(value: Any, others: Mapping[str, Any], today: date) -> Checked:
    """6 to 30 letters and digits."""
    number = _no_gaps(value).upper()
    if not re.fullmatch(r"[0-9A-Z]{6,30}", number):
        return Checked(None, "证书编号是数字和字母，请核对。")
    return Checked(number, "")


def check_division5(value: Any, others: Mapping[str, Any], today: date) -> Checked:
    """An address that names county, town and village in this order."""
    place = check_address(value, others, today)
    if place.value and not _DIVISIONS.match(place.value):
        return Checked(None, "请从省、市、县写到乡镇和村。")
    return place


def check_moved_household(value: Any, others: Mapping[str, Any], today: date) -> Checked:
    """An address other than the one the household was moved from."""
    place = check_address(value, others, today)
    if place.value and place.value == others.get("transfer_old_household"):
        return Checked(None, "新旧地址一样，请核对。")
    return place


def check_text(value: Any, others: Mapping[str, Any], today: date) -> Checked:
    """Free words on one line, with something to read in them."""
    text = re.sub(r"\s+", " ", _plain(value))
    if any(unicodedata.category(sign) in ("Cc", "Cf", "Co", "Cs", "Cn") for sign in text):
        return Checked(None, "有看不懂的符号，请改一下。")
    if not any(sign.isalnum() for sign in text):
        return Checked(None, "请写一下。")
    return Checked(text, "") if len(text) <= 100 else Checked(None, "写得太长了，请写短一点。")


def _as_chosen(value: Any, others: Mapping[str, Any], today: date) -> Checked:
    text = _plain(value)
    return Checked(text, "") if text else Checked(None, "请从下面选一个。")


CHECKS: dict[str, Callable[[Any, Mapping[str, Any], date], Checked]] = {
    "name": check_name,
    "id_number": check_id_number,
    "card_number": check_card_number,
    "phone": check_phone,
    "address": check_address,
    "date": check_date,
    "ethnicity": _as_chosen,
    "choice": _as_chosen,
    "id_number_of_another": check_id_number_of_another,
    "bank_number": check_bank_number,
    "postcode": check_postcode,
    "amount": check_amount,
    "diploma_number": check_diploma_number,
    "division5": check_division5,
    "moved_household": check_moved_household,
    "text": check_text,
}
COMPARED = frozenset({"card_number", "id_number_of_another", "moved_household"})  # rules that look at other fields
