"""What follows from what has been told: age from a birth date, level from a card number, province from a county code.

These are rules about numbers, dates and places, the same everywhere; facts.yaml names them and says which facts
they need. A fact that was told is never overwritten by one that is derived. `on` is the day for which it is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

Known = Mapping[str, Any]

CATEGORY_BY_DIGIT = {"1": "vision", "2": "hearing", "3": "speech", "4": "physical", "5": "intellectual", "6": "mental"}
VALID_YEARS = 10
ADULT = 18
LABOUR, EARLIEST_PENSION, LATEST_PENSION = 16, 50, 63
OLD, RETIRED_CADRE = 60, 80
PRISON, GRADUATE = 12, 16
REGISTERED_ELSEWHERE = ("71", "81", "82")  # no household register of the mainland


@dataclass(frozen=True, slots=True)
class Place:
    """Where a pack serves: `province` by name, `counties` by code or by the digits that their codes begin with;
    `provinces`: code prefix -> name."""

    province: str
    counties: tuple[str, ...]
    provinces: Mapping[str, str]

    def holds(self, code: str | None) -> bool:
        """Whether it serves this county."""
        return bool(code and code.startswith(self.counties))

    @property
    def whole_province(self) -> bool:
        return any(self.provinces.get(start) == self.province for start in self.counties)


Derive = Callable[[Known, Place, date], Any]


def whole_years(since: date, on: date) -> int:
    """Full years from `since` to `on`; somebody born on 29 February is a year older on 1 March."""
    return on.year - since.year - ((on.month, on.day) < (since.month, since.day))


def as_date(told: Any) -> date | None:
    """A date, or its ISO text; None for anything else."""
    if told is None or isinstance(told, date):
        return told
    try:
        return date.fromisoformat(told)
    except (TypeError, ValueError):
        return None


def _province_of_household(known: Known, place: Place, on: date) -> str | None:
    if code := known.get("household_county"):
        return place.provinces.get(code[:2], "other")
    return place.province if known.get("household_in_service_county") else None


def _household_served(known: Known, place: Place, on: date) -> bool | None:
    if code := known.get("household_county"):
        return place.holds(code)
    province = known.get("household_province")
    if province and province != place.province:
        return False
    return True if province and place.whole_province else None


def _residence_served(known: Known, place: Place, on: date) -> bool | None:
    code = known.get("residence_county")
    return place.holds(code) if code else None


def located(known: Known, place: Place) -> dict[str, Any]:
    """The same facts, seen from another place: whether household and residence are served there."""
    household, residence = known.get("household_county"), known.get("residence_county")
    told = dict(known)
    if household:
        told["household_in_service_county"] = place.holds(household)
    if residence:
        told["residence_in_service_county"] = place.holds(residence)
    return told


def _cross_region(known: Known, place: Place, on: date) -> str | None:
    """Whether somebody lives elsewhere than the household is: in another county, or another province."""
    home, lives = known.get("household_county"), known.get("residence_county")
    if not (home and lives):
        return None
    return "none" if home == lives else "in_province" if home[:2] == lives[:2] else "cross_province"


def _working_age(known: Known, place: Place, on: date) -> bool | None:
    """From 16 until the lawful pension age. The State Council's decision of 2024-09-13 moves it step by step, from 50
    at the earliest to 63 at the latest: in between it is asked."""
    age = known.get("age")
    if age is None or LABOUR <= age < EARLIEST_PENSION:
        return None if age is None else True
    return False if age < LABOUR or age >= LATEST_PENSION else None


def _birth_date(known: Known, place: Place, on: date) -> date | None:
    number = known.get("id_number") or known.get("disability_card_no") or ""
    digits = number[6:14]
    return as_date(f"{digits[:4]}-{digits[4:6]}-{digits[6:]}") if digits.isdigit() else None


def _age(known: Known, place: Place, on: date) -> int | None:
    born = as_date(known.get("birth_date"))
    return whole_years(born, on) if born and born <= on else None


def _minor(known: Known, place: Place, on: date) -> bool | None:
    age = known.get("age")
    return None if age is None else age < ADULT


def _holder(known: Known, place: Place, on: date) -> bool | None:
    """Who tells a level or a number of the card has one."""
    return True if known.get("disability_card_no") or known.get("card_level") in (1, 2, 3, 4) else None


def _card_status(known: Known, place: Place, on: date) -> str | None:
    until = as_date(known.get("card_valid_to"))
    if until is None:
        return None
    return "valid" if on <= until else "expired"


def _issued_elsewhere(known: Known, place: Place, on: date) -> bool | None:
    """Who has moved here with a card from before has one of another county; who has not moved is asked."""
    moved = known.get("household_moved") or known.get("card_status") == "moved_out"
    return False if moved else None


def _years_since_issue(known: Known, place: Place, on: date) -> int | None:
    since = as_date(known.get("card_valid_from"))
    if since:
        return max(0, whole_years(since, on))
    until = as_date(known.get("card_valid_to"))
    return max(0, VALID_YEARS + whole_years(until, on)) if until else None


def _level_from_number(known: Known, place: Place, on: date) -> int | None:
    digit = (known.get("disability_card_no") or "")[19:20]
    return int(digit) if digit in ("1", "2", "3", "4") else None


def _categories_known(known: Known, place: Place, on: date) -> Any:
    """The digit names one category; 7 (several) does not say which."""
    category = CATEGORY_BY_DIGIT.get((known.get("disability_card_no") or "")[18:19])
    return frozenset({category}) if category else known.get("applied_categories")


def _applied_from_card(known: Known, place: Place, on: date) -> Any:
    return known.get("card_categories")


def _several_categories(known: Known, place: Place, on: date) -> bool | None:
    if (known.get("disability_card_no") or "")[18:19] == "7":
        return True
    categories = known.get("card_categories")
    return None if categories is None else len(categories) > 1


def _level_of_mind(known: Known, place: Place, on: date) -> int | None:
    """The level of the intellectual or mental part: where it is the only one, the card's; of several the card does not
    say."""
    only = known.get("card_categories")
    return known.get("card_level") if only and set(only) in ({"intellectual"}, {"mental"}) else None


def _severe(known: Known, place: Place, on: date) -> bool | None:
    level = known.get("card_level")
    return None if level is None else level in (1, 2)


def _identity(name: str) -> Derive:
    def derive(known: Known, place: Place, on: date) -> bool | None:
        identity = known.get("medical_aid_identity")
        if identity == name:
            return True
        return False if identity in ("none", "other") else None

    return derive


def _orphan_by_identity_or_age(known: Known, place: Place, on: date) -> bool | None:
    """An orphan in the sense of the allowance is a minor: a grown-up is not asked."""
    by_identity = _identity("orphan")(known, place, on)
    return False if by_identity is None and known.get("is_minor") is False else by_identity


def _younger_than(years: int) -> Derive:
    """What nobody of this age can have is not asked: an allowance for the old (60, the law's old age), or for those
    who retired with honours (they were at work before October 1949); an injury at work or a degree (16); prison (12,
    the least age that the criminal law knows)."""

    def derive(known: Known, place: Place, on: date) -> bool | None:
        age = known.get("age")
        return False if age is not None and age < years else None

    return derive


def _child_only(known: Known, place: Place, on: date) -> bool | None:
    """What is paid for children is not asked of a grown-up."""
    return False if known.get("is_minor") is False else None


def _citizen_by_household(known: Known, place: Place, on: date) -> bool | None:
    """Who has a household in a county or province is registered in this country."""
    code = known.get("household_county")
    if code and code[:2] in REGISTERED_ELSEWHERE:
        return None
    return True if known.get("household_province") else None


def _day_of_application(known: Known, place: Place, on: date) -> date | None:
    """Who holds a card applies today; who is still to get one, on the day of the card, which nobody knows yet."""
    return on if known.get("holds_card") else None


_AIDED = {"is_dibao": "dibao", "is_tekun": "tekun", "is_orphan": "orphan"}


def _medical_identity(known: Known, place: Place, on: date) -> str | None:
    told = [known.get(fact) for fact in _AIDED]
    for so, name in zip(told, _AIDED.values(), strict=True):
        if so:
            return name
    return None if None in told else "none"


def _gender(known: Known, place: Place, on: date) -> str | None:
    """The 17th digit of the identity number is odd for men (GB 11643)."""
    digit = (known.get("id_number") or known.get("disability_card_no") or "")[16:17]
    return ("male" if int(digit) % 2 else "female") if digit.isdecimal() else None


def _cancel_reason(known: Known, place: Place, on: date) -> str | None:
    if known.get("is_deceased"):
        return "death"
    return "recovered" if known.get("no_longer_disabled") else None


def _pension_special(known: Known, place: Place, on: date) -> str | None:
    level = known.get("card_level")
    return None if level is None else "severe" if level in (1, 2) else "moderate" if level in (3, 4) else "other"


BENEFITS = {
    "dibao": "is_dibao",
    "tekun": "is_tekun",
    "retired_cadre": "gets_retired_cadre_allowance",
    "orphan": "is_orphan",
    "work_injury": "gets_work_injury_nursing",
    "elderly": "gets_elderly_allowance",
    "duty_disability": "gets_duty_disability_allowance",
}


def _other_benefits(known: Known, place: Place, on: date) -> Any:
    """Those that are known to be received; nothing is said of the others."""
    return tuple(name for name, fact in BENEFITS.items() if known.get(fact)) or None


@dataclass(frozen=True, slots=True)
class Following:
    """A rule, every fact that it looks at, and the ages at which it says something else."""

    rule: Derive
    looks_at: frozenset[str]
    ages: tuple[int, ...]


def _by(rule: Derive, *looks_at: str, ages: tuple[int, ...] = ()) -> Following:
    return Following(rule, frozenset(looks_at), ages)


RULES: dict[str, Following] = {
    "province_of_household": _by(_province_of_household, "household_county", "household_in_service_county"),
    "household_served": _by(_household_served, "household_county", "household_province"),
    "residence_served": _by(_residence_served, "residence_county"),
    "cross_region": _by(_cross_region, "household_county", "residence_county"),
    "working_age": _by(_working_age, "age", ages=(LABOUR, EARLIEST_PENSION, LATEST_PENSION)),
    "birth_date": _by(_birth_date, "id_number", "disability_card_no"),
    "age": _by(_age, "birth_date"),
    "minor": _by(_minor, "age", ages=(ADULT,)),
    "holder": _by(_holder, "disability_card_no", "card_level"),
    "card_status": _by(_card_status, "card_valid_to"),
    "issued_elsewhere": _by(_issued_elsewhere, "household_moved", "card_status"),
    "years_since_issue": _by(_years_since_issue, "card_valid_from", "card_valid_to"),
    "level_from_number": _by(_level_from_number, "disability_card_no"),
    "categories_known": _by(_categories_known, "disability_card_no", "applied_categories"),
    "applied_from_card": _by(_applied_from_card, "card_categories"),
    "several_categories": _by(_several_categories, "disability_card_no", "card_categories"),
    "severe": _by(_severe, "card_level"),
    "level_of_mind": _by(_level_of_mind, "card_level", "card_categories"),
    "dibao_by_identity": _by(_identity("dibao"), "medical_aid_identity"),
    "tekun_by_identity": _by(_identity("tekun"), "medical_aid_identity"),
    "orphan_by_identity_or_age": _by(_orphan_by_identity_or_age, "medical_aid_identity", "is_minor"),
    "too_young_for_old_age": _by(_younger_than(OLD), "age", ages=(OLD,)),
    "too_young_for_a_retired_cadre": _by(_younger_than(RETIRED_CADRE), "age", ages=(RETIRED_CADRE,)),
    "too_young_to_work": _by(_younger_than(LABOUR), "age", ages=(LABOUR,)),
    "too_young_for_prison": _by(_younger_than(PRISON), "age", ages=(PRISON,)),
    "too_young_for_a_graduate": _by(_younger_than(GRADUATE), "age", ages=(GRADUATE,)),
    "too_old_for_a_child": _by(_child_only, "is_minor"),
    "citizen_by_household": _by(_citizen_by_household, "household_county", "household_province"),
    "medical_identity": _by(_medical_identity, "is_dibao", "is_tekun", "is_orphan"),
    "day_of_application": _by(_day_of_application, "holds_card"),
    "gender": _by(_gender, "id_number", "disability_card_no"),
    "cancel_reason": _by(_cancel_reason, "is_deceased", "no_longer_disabled"),
    "pension_special": _by(_pension_special, "card_level"),
    "other_benefits": _by(_other_benefits, *BENEFITS.values()),
}
