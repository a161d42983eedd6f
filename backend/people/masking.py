"""How personal values are shown in lists: enough to tell two people apart, not enough to use. The one place for it."""

from __future__ import annotations

import re

_COMPOUND = ("欧阳", "司马", "上官", "诸葛", "东方", "尉迟", "皇甫", "公孙", "慕容", "令狐", "夏侯", "司徒")
_NUMBERS = re.compile(r"[0-9０-９][0-9０-９ \-]{3,}[0-9０-９XxＸ]")


def name(value: str) -> str:
    """周桂兰 -> 周*兰, 王红 -> 王*, 欧阳小明 -> 欧阳*明."""
    value = value.strip()
    family = 2 if value.startswith(_COMPOUND) and len(value) > 2 else 1
    if len(value) <= 1:
        return "*" if value else ""
    last = value[-1] if len(value) > family + 1 else ""
    return value[:family] + "*" * (len(value) - family - len(last)) + last


def number(value: str, *, head: int = 3, tail: int = 2) -> str:
    """An identity, card or bank number, or a phone: its first three and last two signs. Short ones disappear altogether."""
    value = value.strip()
    if len(value) <= head + tail + 2:
        return "*" * len(value)
    return value[:head] + "*" * (len(value) - head - tail) + value[-tail:]


def address(value: str) -> str:
    """The first six characters: the county, not the door."""
    return value if len(value) <= 2 else value[: min(6, len(value) // 2)] + "****"


def date(value: str) -> str:
    """1985-03-04 and 1985年3月4日 -> 1985年*月*日."""
    return f"{value[:4]}年*月*日" if value else ""


def text(value: str) -> str:
    """Free words: every run of five digits or more is masked as a number."""
    return _NUMBERS.sub(lambda found: number(found.group()), value)


_NAMES = ("name", "called", "signer", "holder")
_OF_NUMBERS = ("number", "phone", "account", "householder_id", "card_no", "diploma_no")
_ADDRESSES = ("address", "household", "residence", "division5", "committee")


def field(key: str, value: str) -> str:
    """A form field by its name (also with a prefix, "field:name"): names, numbers, addresses and dates of birth are masked."""
    key = key.rsplit(":", 1)[-1]
    if key.endswith(_NAMES):
        return name(value)
    if key.endswith(_OF_NUMBERS):
        return number(value)
    if key.endswith(_ADDRESSES):
        return address(value)
    if key.endswith("birth_date"):
        return date(value)
    return text(value)


def pieces(key: str, value: str) -> dict[str, str]:
    """What to look for in a text, each with how it is shown: the value, a name without its family (小满), an address from the
    street or the village on. Nothing shorter than two signs: that would be a word of its own."""
    value, key = value.strip(), key.rsplit(":", 1)[-1]
    found = {value: field(key, value)}
    if key.endswith(_NAMES) and (given := _given(value)):
        found[given] = "*" * (len(given) - 1) + given[-1]
    if key.endswith(_ADDRESSES):
        ends = (part.end() for part in _PART.finditer(value))
        found |= {value[end:]: "****" for end in ends if len(value) - end >= _SHORTEST_TAIL}
    return {one: hidden for one, hidden in found.items() if len(one) >= 2 and one != hidden}


_PART = re.compile(r"[省市州区县旗镇乡]|街道|社区|村")
_SHORTEST_TAIL = 4  # signs: 3组7号


def _given(value: str) -> str:
    family = 2 if value.startswith(_COMPOUND) else 1
    return value[family:] if len(value) - family >= 2 else ""
