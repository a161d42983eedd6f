"""What a picture says that only the person can settle: whose it is, whether it still holds, which of two values is right.

These questions follow from the pictures that have been read and the answers as they stand, so one that is no longer open is not
asked any more. Each is put as soon as it is there, before whatever question the talk stands at. What their answers do stands in
`dialogs.reading`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from difflib import SequenceMatcher
from typing import Any

from dialogs.days import day_says
from dialogs.messages import Option
from dialogs.papers import PaperKind
from dialogs.policy.derive import whole_years
from dialogs.policy.fields import birth_date_of, check_value
from dialogs.session import Paper, PaperValue
from dialogs.steps import form
from dialogs.steps.asking import choice, put
from dialogs.steps.photos import HOLDER, UNPLACED, part_name, photo_ids
from dialogs.steps.photos import PREFIX as PHOTO
from dialogs.steps.screening import fact_in_words
from dialogs.view import Asking, Query, View, fingerprint

PREFIX = "paper:"
STATE = "photos/confirming"
LONG = "长期"
_AFTER_FACTS = ("form/", "photos/", "review/", "signing/")
_ACCOUNT = "bank_account"
_NUMBERS = ("id_number", "disability_card_no", "guardian_id_number", "bank_account", "guardian_phone")
_SAME_PLACE = 0.8  # of the shorter address: so much of it stands in the longer one
_END, _SAME_END = 9, 0.6  # signs in which village and door stand, and how much of them is alike
_PROVINCE = re.compile("^(?:[^省市州盟区县]{2,7}(?:省|市|州|盟|自治区|地区))+")  # said or left out as it comes
_OPEN_DOUBT, _CLOSE_DOUBT = "【", "】"


@dataclass(frozen=True, slots=True)
class Told:
    """One value of a paper as it would be an answer. `key`: of that answer; `name`: of the fact or field.
    `checked`: borne out by the paper itself, or a number that stands alike on another paper."""

    name: str
    key: str
    answer: Any
    read: PaperValue
    checked: bool


# --- which questions there are ---


def queries(view: View) -> Iterator[Query]:
    """The open ones, picture by picture in the order of their coming."""
    if view.draft is None or view.draft.submitted is not None:
        return
    for photo_id, paper in view.draft.papers.items():
        if paper.weighed and not (paper.failed or paper.problem) and in_use(view, photo_id):
            for what in _open(view, paper):
                yield Query(f"{PREFIX}{photo_id}:{what}", STATE, stands=lambda value: False)


def _open(view: View, paper: Paper) -> Iterator[str]:
    if kind_of(view, paper) is None or paper.whose == "other":
        return
    if not paper.whose:
        yield "whose"
        return
    if "expired" not in paper.settled and expired(view, paper):
        yield "expired"
    if paper.whose:
        yield from (f"differs.{name}" for name in view.library.papers.compared if differs(view, paper, name))
    if pending(view, paper):
        yield "values"


def in_use(view: View, photo_id: str) -> bool:
    """Whether this picture has a place on the checklist, or waits for one."""
    return bool(part_of(view, photo_id)) or (view.draft is not None and photo_id in view.draft.photos.get(UNPLACED, ()))


def part_of(view: View, photo_id: str) -> str:
    """The place that holds this picture, "" if none does."""
    held = (k for k in view.answers if k.startswith(PHOTO) and photo_id in photo_ids(view.value(k)))
    return next(held, "").removeprefix(PHOTO)


def kind_of(view: View, paper: Paper) -> PaperKind | None:
    return view.library.papers.kinds.get(paper.kind)


# --- what a paper tells ---


def tells(view: View, paper: Paper) -> tuple[Told, ...]:
    """What can be taken from it, as answers about the applicant, or about the guardian whose paper it is."""
    kind = kind_of(view, paper)
    if kind is None:
        return ()
    names = {name: name for name in kind.tells}
    if paper.whose == "guardian":
        names = {_ACCOUNT: _ACCOUNT} if is_payee(view, paper) else kind.of_guardian
    read = {value.name: value for value in paper.values}
    found = (_told(view, paper, name, read[own]) for own, name in names.items() if own in read)
    return tuple(one for one in found if one is not None)


def is_payee(view: View, paper: Paper) -> bool:
    """Whether this card is that of the other person to whom the money goes."""
    name = next((value.value for value in paper.values if value.name == "name"), "")
    return bool(name) and view.value(HOLDER) == name != view.value("field:name")


def _told(view: View, paper: Paper, name: str, read: PaperValue) -> Told | None:
    """None for what cannot stand as an answer."""
    fact = view.policy.facts.get(name)
    sure = read.checked or (name in _NUMBERS and _stands_elsewhere(view, paper, read))
    if fact is not None and fact.ask:
        answer = _as_fact(fact.type, read.value)
        good = answer is not None and (not fact.values or set(_listed(answer)) <= set(fact.values))
        return Told(name, name, answer, read, sure) if good else None
    if name not in view.policy.fields:
        return None
    checked = check_value(view.policy, name, read.value, {}, view.today)
    return None if checked.problem or not checked.value else Told(name, form.PREFIX + name, checked.value, read, sure)


def _stands_elsewhere(view: View, paper: Paper, read: PaperValue) -> bool:
    """Whether a paper of another kind says the same number: two are not misread alike."""
    others = view.draft.papers.values() if view.draft else ()
    return any(
        one.kind != paper.kind and one.whose == paper.whose and value.name == read.name and value.value == read.value
        for one in others
        for value in one.values
    )


def _as_fact(type: str, value: str) -> Any:
    if type == "int":
        return int(value) if value.isascii() and value.isdigit() else None
    return [one for one in value.split(",") if one] or None if type == "set" else value


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def pending(view: View, paper: Paper) -> tuple[Told, ...]:
    """What nothing bears out and would be asked: to be shown for a yes."""
    found = (one for one in tells(view, paper) if not one.checked and f"no.{one.name}" not in paper.settled)
    return tuple(one for one in found if view.value(one.key) is None and _would_be_asked(view, one))


def _would_be_asked(view: View, one: Told) -> bool:
    if one.key == one.name:
        return one.key in view.path[-1].keys
    return any(field.name == one.name and not field.derived and field.value is None for field in view.form)


def is_wanted(view: View, name: str, key: str) -> bool:
    """Whether this value has a line on the check page: of a form's fields those of the items chosen, before the choice those of
    the document; of the facts those on the path, once what is asked after the choice is answered."""
    assert view.pack is not None
    if key != name:
        asked = {field.name for field in view.form if not field.derived}
        return name in (asked or {row.written.field for row in view.pack.form})
    return not view.path[-1].state.startswith(_AFTER_FACTS) or any(name in query.covers for query in view.path)


# --- what does not fit ---


def expired(view: View, paper: Paper) -> date | None:
    """The day on which it ended, None while it holds."""
    kind = kind_of(view, paper)
    ends = next((value.value for value in paper.values if kind and value.name == kind.valid_to), "")
    try:
        day = date.fromisoformat(ends)
    except ValueError:  # none printed, 长期, or not a day
        return None
    return day if day < view.today else None


def differs(view: View, paper: Paper, name: str) -> tuple[Any, Any] | None:
    """(what was said, what stands there) where these cannot both be so and nobody has settled it."""
    if name == "age":
        found: tuple[Any, Any] | None = _age(view, paper) if paper.whose == "applicant" else None
    else:
        found = _both(view, paper, name)
    if found is None or f"differs.{name}.{fingerprint(list(found))}" in paper.settled:
        return None
    return found


def _both(view: View, paper: Paper, name: str) -> tuple[Any, Any] | None:
    one = next((one for one in tells(view, paper) if one.name == name), None)
    said = view.value(one.key) if one else None
    if one is None or said in (None, "", []) or said == one.answer or (name in _NUMBERS and not one.checked):
        return None
    if name.startswith("guardian_") and _guardian_is_seen(view, name, said):
        return None
    if isinstance(said, list) and set(said) == set(_listed(one.answer)):
        return None
    if name == "card_level" and said not in (1, 2, 3, 4):
        return None
    if name == "household_address" and _same_place(str(said), str(one.answer)):
        return None
    return None if name.endswith("name") and _only_in_doubt(one.read, str(said)) else (said, one.answer)


def _guardian_is_seen(view: View, name: str, said: Any) -> bool:
    """Whether some paper bears out who the guardian is: the pages of others of the family lie beside it."""
    papers = view.draft.papers.values() if view.draft else ()
    return any(one.name == name and one.answer == said for paper in papers for one in tells(view, paper))


def _same_place(one: str, other: str) -> bool:
    """Whether two addresses may be one, written with more or fewer words or misread in places: as a whole, and at their ends,
    for neighbours differ nowhere else."""
    one, other = _PROVINCE.sub("", one), _PROVINCE.sub("", other)
    end = min(len(one), len(other), _END)
    return _alike(one, other, _SAME_PLACE) and _alike(one[-end:], other[-end:], _SAME_END)


def _alike(one: str, other: str, part: float) -> bool:
    short, long = sorted((one, other), key=len)
    kept = sum(match.size for match in SequenceMatcher(None, short, long, autojunk=False).get_matching_blocks())
    return kept >= part * len(short)


def _only_in_doubt(read: PaperValue, said: str) -> bool:
    """Whether what was said differs only in characters that were not read for sure."""
    if len(read.value) != len(said):
        return False
    return all(a == b or at in read.doubtful for at, (a, b) in enumerate(zip(read.value, said, strict=True)))


def _age(view: View, paper: Paper) -> tuple[int, int] | None:
    said, printed = view.value("age"), age_on(view, paper)
    return (said, printed) if isinstance(said, int) and printed is not None and abs(said - printed) > 1 else None


def age_on(view: View, paper: Paper) -> int | None:
    """The age by the number on it, where that is borne out."""
    number = number_on(paper)
    born = birth_date_of(number) if number else None
    return whole_years(born, view.today) if born else None


def number_on(paper: Paper) -> str:
    """The identity number on it, "" where none is borne out."""
    return next((v.value for v in paper.values if v.name == "id_number" and v.checked), "")


def odd(view: View, paper: Paper) -> bool:
    """Whether sex or day of birth on it are not those of the identity number on it, or, where it bears none, of the one that
    was told."""
    number = number_on(paper) or str(form.told(view).get("id_number", ""))
    read = {value.name: value.value for value in paper.values if not value.doubtful}
    born = birth_date_of(number) if number else None
    if born is None:
        return False
    sex = "male" if int(number[16]) % 2 else "female"  # GB 11643
    return read.get("gender", sex) != sex or read.get("birth_date", f"{born}") != f"{born}"


# --- asking ---


def of(view: View, query: Query) -> tuple[str, Paper, str]:
    """(photo id, paper, what is asked) of one of these questions."""
    photo_id, what = query.key.removeprefix(PREFIX).split(":", 1)
    assert view.draft is not None
    return photo_id, view.draft.papers[photo_id], what


def ask(view: View, query: Query) -> Asking:
    photo_id, paper, what = of(view, query)
    if what == "whose":
        return Asking(_ask_whose(view, query, photo_id, paper))
    if what == "expired":
        day = expired(view, paper)
        ended = day_says(day, view.today) if day else ""
        return Asking(choice(view, query, "paper_expired", kind=_name(view, paper), date=ended))
    if what == "values":
        return Asking(_ask_values(view, query, paper))
    return Asking(_ask_differs(view, query, paper, what.removeprefix("differs.")))


def _ask_whose(view: View, query: Query, photo_id: str, paper: Paper) -> Any:
    known = view.value("field:name") or view.value("field:id_number") or view.value("age") is not None
    words = "paper_whose" if known else "paper_whose_early"
    asked = choice(view, query, words, kind=_name(view, paper), owner=view.label or view.words.say("mine"))
    if view.role in ("legal_guardian", "deceased"):
        return asked
    return replace(asked, options=tuple(o for o in asked.options if o.value != "guardian"), explained=())


def _ask_values(view: View, query: Query, paper: Paper) -> Any:
    shown, words = pending(view, paper), view.words.questions["paper_values"]
    lines = tuple(f"{label(view, one.name)}：{_shown(view, one)}" for one in shown)
    wrong = (Option(f"no.{one.name}", view.words.say("this_is_wrong", label=label(view, one.name))) for one in shown)
    options = (Option("right", view.words.say("all_right")), *wrong)
    text = words.text.format(kind=_name(view, paper), lines="\n".join(lines))
    hint = words.hint if any(one.read.doubtful for one in shown) else ""
    return replace(put(view, query, words.title, text, "choice", options, hint), large=lines)


def _ask_differs(view: View, query: Query, paper: Paper, name: str) -> Any:
    said, printed = differs(view, paper, name) or ("", "")
    other = view.answers.get(name, view.answers.get(form.PREFIX + name))
    key = "paper_differs_papers" if other is not None and other.by == "photo" else "paper_differs"
    was, stands = in_words(view, name, said), in_words(view, name, printed)
    return choice(view, query, key, kind=_name(view, paper), label=label(view, name), said=was, printed=stands)


def _shown(view: View, one: Told) -> str:
    """The value for a yes: as it was read, or in words where it is kept as a code."""
    if one.read.value == one.answer:
        return marked(one.read)
    words = in_words(view, one.name, one.answer) if one.name not in _NUMBERS else str(one.answer)
    return f"{_OPEN_DOUBT}{words}{_CLOSE_DOUBT}" if one.read.doubtful else words


def marked(read: PaperValue) -> str:
    """The value with the signs that were not read for sure in brackets."""
    return "".join(
        f"{_OPEN_DOUBT}{sign}{_CLOSE_DOUBT}" if at in read.doubtful else sign for at, sign in enumerate(read.value)
    )


def label(view: View, name: str) -> str:
    fact = view.policy.facts.get(name)
    return fact.title if fact is not None and fact.ask else view.policy.fields[name].label


def in_words(view: View, name: str, value: Any) -> str:
    """A value as it is read back: of a number only its end."""
    if name in _NUMBERS:
        return view.words.say("ends_in", tail=str(value)[-4:])
    if name == "age":
        return view.words.say("years", count=value)
    fact = view.policy.facts.get(name)
    return fact_in_words(view, name, value) if fact is not None and fact.ask else str(value)


def _name(view: View, paper: Paper) -> str:
    kind = kind_of(view, paper)
    return kind.name if kind else ""


def place_name(view: View, part: str) -> str:
    return part_name(view, PHOTO + part)
