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
    """1985-03-04 -> 1985-**-**."""
    return value[:4] + re.sub(r"[0-9]", "*", value[4:])


def text(value: str) -> str:
    """Free words: every run of five digits or more is masked as a number."""
    return _NUMBERS.sub(lambda found: number(found.group()), value)


def field(key: str, value: str) -> str:
    """A form field by its name (also with a prefix, "field:name"): names, numbers, addresses and dates of birth are masked."""
    key = key.rsplit(":", 1)[-1]
    if key.endswith(("name", "called", "signer", "holder")):
        return name(value)
    if key.endswith(("number", "phone", "account", "householder_id", "card_no", "diploma_no")):
        return number(value)
    if key.endswith(("address", "household", "residence", "division5", "committee")):
        return address(value)
    if key.endswith("birth_date"):
        return date(value)
    return text(value)
