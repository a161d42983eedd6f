"""Whether a value can be a fact's value at all: true or false, a number in its range, one of the choices, a real
date."""

from __future__ import annotations

from datetime import date
from typing import Any

from dialogs.policy.written import Fact


def wrong_value(fact: Fact, told: Any) -> str:
    """Why `told` cannot be this fact's value; "" when it can. None (“不清楚”) always can."""
    if told is None:
        return ""
    return _WRONG[fact.type](fact, told)


def _wrong_bool(fact: Fact, told: Any) -> str:
    return "" if isinstance(told, bool) else "true or false is wanted"


def _wrong_number(fact: Fact, told: Any) -> str:
    if isinstance(told, bool) or not isinstance(told, int if fact.type == "int" else (int, float)):
        return "a number is wanted"
    if fact.values and told not in fact.values:
        return f"one of {list(fact.values)} is wanted"
    if (fact.least is not None and told < fact.least) or (fact.most is not None and told > fact.most) or told != told:
        return f"{told} is out of range"
    return ""


def _wrong_enum(fact: Fact, told: Any) -> str:
    return "" if isinstance(told, str) and told in fact.values else f"one of {list(fact.values)} is wanted"


def _wrong_set(fact: Fact, told: Any) -> str:
    if not isinstance(told, (list, tuple, set, frozenset)):
        return "a list is wanted"
    return next((wrong for each in told if (wrong := _wrong_enum(fact, each))), "")


def _wrong_date(fact: Fact, told: Any) -> str:
    if isinstance(told, date):
        return ""
    try:
        date.fromisoformat(told)
    except (TypeError, ValueError):
        return "a date YYYY-MM-DD is wanted"
    return ""


def _wrong_county(fact: Fact, told: Any) -> str:
    return "" if isinstance(told, str) and len(told) == 6 and told.isdigit() else "a six-digit division code is wanted"


def _wrong_text(fact: Fact, told: Any) -> str:
    return "" if isinstance(told, str) and len(told) <= 64 else "a short text is wanted"


_WRONG = {
    "bool": _wrong_bool,
    "int": _wrong_number,
    "number": _wrong_number,
    "enum": _wrong_enum,
    "set": _wrong_set,
    "date": _wrong_date,
    "county": _wrong_county,
    "text": _wrong_text,
}
