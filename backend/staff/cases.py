"""Applications, cases and photos for the console: the fence and the audit around what their own rooms offer.

Whatever is hidden is recorded before it is shown: the audit's row is committed first. Something in another county is answered
exactly like something that is not there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from sqlmodel import Session

from backend.applications import forms, service, shown
from backend.applications.clauses import OTHER
from backend.applications.service import Actor
from backend.applications.states import NotFound
from backend.jobs import House
from backend.people import masking
from backend.photos import readings
from backend.photos import service as photos
from backend.photos.reading import ReadField, ReadPhoto
from backend.photos.readings import Seen
from backend.photos.service import Placed
from backend.staff import audit, store
from backend.staff.access import refused
from backend.staff.desk import Why
from backend.staff.rights import Staff
from backend.staff.words import words
from backend.storage import check_receipt, now
from dialogs.days import day_says
from dialogs.directory import SHANGHAI
from dialogs.messages import Cite

Json = dict[str, Any]
_SIGNATURE = "signature"  # the material of one that was drawn (`dialogs.steps.signing`)
_ORDER = ("new", "returned", "", "replaced")  # of photos: what came last is looked at first
_OVERDUE, _DUE, _SUPPLEMENT = 4, 5, 5  # places among the reasons of the list: after the people who wait


# --- reading ---


def reasons(house: House, tx: Session, staff: Staff) -> dict[str, list[Why]]:
    """Why a conversation needs somebody because of its cases: overdue, due, or a supplement that came in."""
    found: dict[str, list[Why]] = defaultdict(list)
    for case, application in store.pressing_cases(tx, staff.counties):
        name = shown.name_of(house, application.pack, case.item)
        if case.urgency and case.due_on:
            code, place = ("overdue", _OVERDUE) if case.urgency > 1 else ("due", _DUE)
            says = words().why[code].format(case=name, due=_day(case.due_on), when=_day(case.due_on))
            found[application.conversation_id].append(Why(code, says, place, case.moved_at))
        if case.supplied_at is not None:
            says = words().why["supplement"].format(case=name)
            found[application.conversation_id].append(Why("supplement", says, _SUPPLEMENT, case.supplied_at))
    return found


def of_conversation(tx: Session, staff: Staff, conversation_id: str) -> list[Json]:
    """What this person has submitted, within the fence."""
    found = store.applications_of(tx, staff.counties, conversation_id)
    return [{"id": one.id, "receipt": one.receipt} for one in found]


def listed(house: House, staff: Staff, show: str, most: int) -> list[Json]:
    return shown.list_applications(house, counties=_codes(staff), show=show, limit=most)


def waiting(house: House, staff: Staff) -> dict[str, int]:
    return shown.waiting(house, _codes(staff))


def search(house: House, staff: Staff, q: str) -> list[Json]:
    """By receipt, or by a whole identity or phone number. That somebody searched, and by what, is recorded; not for whom."""
    by = "receipt" if check_receipt(shown.bare(q)) else "number"
    with house.store.work() as tx:
        audit.record(house.store.keys, tx, staff, "search", "application", "", by)
    return shown.list_applications(house, counties=_codes(staff), q=q)


def application(house: House, staff: Staff, application_id: str) -> Json:
    """One application with masked lines, its photos by name, and what could be asked for again."""
    _inside(house, staff, application_id=application_id)
    with house.store.read() as tx:
        recorded = audit.seen_lately(tx, staff, "application", application_id)
    if not recorded:
        with house.store.work() as work:
            audit.record(house.store.keys, work, staff, "open", "application", application_id)
    found = shown.get_application(house, application_id)
    with house.store.read() as tx:
        pictures = photos.of_draft(tx, found["draft_id"])
        read = readings.of_photos(tx, house.store, [one.photo_id for one in pictures])
        talk = store.conversation(tx, staff.counties, found["conversation_id"])
        did = {event["by_id"] for case in found["cases"] for event in case["history"] if event["by"] == "staff"}
        names = store.shown_names(tx, did)
    parts = part_names(house)
    for case in found["cases"]:
        for event in case["history"]:
            event["who"] = names.get(event["by_id"], event["by_name"])
        for one in case["supplements"]:
            one["wanted_names"] = [parts.get(part, part) for part in one["wanted"]]
    marks = _marks(
        (one for case in found["cases"] for one in case["supplements"]),
        {one.photo_id: one.material for one in pictures},
    )
    given = {one.material for one in pictures}
    return {
        **{key: value for key, value in found.items() if key not in ("person_id", "draft_id", "conversation_id")},
        "conversation_id": found["conversation_id"] if talk else None,
        "photos": sorted(
            (_photo(house, one, parts, read.get(one.photo_id), marks) for one in pictures),
            key=lambda shown: _ORDER.index(shown["mark"]),
        ),
        "papers": [{"id": part, "name": name, "given": part in given} for part, name in parts.items()],
    }


def part_names(house: House) -> dict[str, str]:
    """Every picture that can be asked for, with its plain name."""
    materials = house.library.policy.materials.values()
    return {part.part: part.name for material in materials for part in material.parts}


def _marks(supplements: Iterable[Json], shows: Mapping[str, str]) -> dict[str, str]:
    """What became of pictures that were sent back: photo id -> returned, replaced (another of the same has come), or new.
    `shows`: what each picture is of."""
    found: dict[str, str] = {}
    for one in supplements:
        came = {shows.get(photo_id) for photo_id in one["given_photo_ids"]}
        found |= {each: "replaced" if shows.get(each) in came else "returned" for each in one["photo_ids"]}
        found |= {photo_id: "new" for photo_id in one["given_photo_ids"] if photo_id not in found}
    return found


def _photo(house: House, one: Placed, parts: dict[str, str], seen: Seen | None, marks: Mapping[str, str]) -> Json:
    """A photo with what was read of it, masked. `mark`: "new", "returned", "replaced" or "", by `_marks`. `look_at`: why a person
    has to look, "" if nobody has to; `turn`: quarter turns with which the whole picture stands upright (the masked one does)."""
    read = seen.read if seen else None
    return {
        "id": one.photo_id,
        "mark": (mark := marks.get(one.photo_id, "")),
        "mark_says": words().marks.get(mark, ""),
        "material": one.material,
        "name": words().signature if one.material == _SIGNATURE else parts.get(one.material, words().unplaced),
        "look_at": words().look_at.get(seen.look_at, words().look_at[""]) if seen and seen.look_at else "",
        "seems": _kind_name(house, read),
        "turn": read.angle // 90 % 4 if read else 0,
        "portrait": bool(read and read.portrait and read.portrait.crop),
        "fields": [_field(house, one.photo_id, field) for field in read.fields] if read else [],
    }


def _kind_name(house: House, read: ReadPhoto | None) -> str:
    kind = house.library.papers.kinds.get(read.kind) if read else None
    return kind.name if kind else ""


def _field(house: House, photo_id: str, field: ReadField) -> Json:
    """`checked`: borne out by a check digit, so that nobody has to compare it sign by sign."""
    says = masking.field(field.name, field.value)
    hidden = says != field.value
    key = f"photo:{photo_id}:{field.name}"
    told = says if hidden else _in_words(house, field)
    return {"key": key, "label": label_of(house, field.name), "says": told, "hidden": hidden, "checked": field.checked}


def _in_words(house: House, field: ReadField) -> str:
    """What was read as it is said: 男, 二级, 肢体."""
    policy = house.library.policy
    written = policy.fields.get(field.name) or policy.facts.get(field.name)
    labels = {str(one.value): one.label for one in policy.options(written)} if written else {}
    return "、".join(labels.get(one, one) for one in field.value.split(",")) if labels else day_says(field.value)


def label_of(house: House, name: str) -> str:
    """What a line of the form, or of a paper, is called."""
    policy = house.library.policy
    if name in policy.fields:
        return str(policy.fields[name].label)
    return words().read.get(name) or str(policy.facts[name].title if name in policy.facts else name)


# --- moving ---


def move(
    house: House, staff: Staff, case_id: str, verb: str, reason: str, says: str, on: date | None, clause: str = ""
) -> None:
    """Move a case by a verb of the table; raises the problems of `applications.states`. Whoever refuses names the clause, or
    says that it is another reason."""
    _inside(house, staff, case_id=case_id)
    cite = _clause(house, case_id, clause) if verb == "reject" else None
    service.move(house, case_id, verb, Actor("staff", staff.id), reason=reason, says=says, on=on, clause=cite)
    _record(house, staff, "move_case", case_id, verb)


def _clause(house: House, case_id: str, label: str) -> Cite | None:
    """The clause that was chosen, None for another reason. Problem "clause" where nothing was chosen that there is."""
    if label == OTHER:
        return None
    found = next((one for one in shown.clauses_of(house, case_id) if one.label == label), None)
    if found is None:
        raise refused(422, "clause")
    return Cite(found.document, found.label)


def ask_again(
    house: House, staff: Staff, case_id: str, materials: Sequence[str], photo_ids: Sequence[str], reason: str
) -> None:
    """Send a case back for everything that is missing, at once, with one reason."""
    _inside(house, staff, case_id=case_id)
    service.return_for(house, case_id, Actor("staff", staff.id), materials, reason, photo_ids=photo_ids)
    _record(house, staff, "ask_again", case_id, "return")


# --- seeing what is hidden ---


def reveal(house: House, staff: Staff, application_id: str, field: str, reason: str, told: str) -> str:
    """One line of an application in full; recorded first."""
    _inside(house, staff, application_id=application_id)
    _check_reason(reason)
    with house.store.work() as tx:
        audit.record(house.store.keys, tx, staff, "reveal", "application", application_id, reason, f"{field}\n{told}")
    return _of_photo(house, application_id, field) or shown.reveal(house, application_id, field)


def _of_photo(house: House, application_id: str, field: str) -> str:
    """What was read of one of its photos (`photo:<id>:<name>`), "" for any other line."""
    _, _, rest = field.partition("photo:")
    photo_id, _, name = rest.partition(":")
    if not name:
        return ""
    draft_id = shown.get_application(house, application_id)["draft_id"]
    with house.store.read() as tx:
        where = photos.placed(tx, photo_id)
        if where is None or where.draft_id != draft_id:
            raise NotFound()
        read = readings.of_photos(tx, house.store, [photo_id])[photo_id].read
    found = read.field(name) if read else None
    if found is None:
        raise NotFound()
    return day_says(found.value)


def form(house: House, staff: Staff, application_id: str, reason: str) -> bytes:
    """The filled paper form as PDF: everything in full, so it is recorded first."""
    _inside(house, staff, application_id=application_id)
    _check_reason(reason)
    with house.store.work() as tx:
        audit.record(house.store.keys, tx, staff, "reveal", "application", application_id, reason, "form")
    return forms.of_application(house, application_id)


def photo(house: House, staff: Staff, photo_id: str, reason: str) -> bytes:
    """A picture, masked and small; with a reason whole, recorded first. JPEG. Raises photos' Refused."""
    with house.store.read() as tx:
        where = photos.placed(tx, photo_id)
        if where is None or not store.sees_draft(tx, staff.counties, where.conversation_id, where.draft_id):
            raise refused(404, "not_found")
    if reason:
        _check_reason(reason)
        with house.store.work() as work:
            audit.record(house.store.keys, work, staff, "reveal", "photo", photo_id, reason)
        return photos.staff_picture(house.store, photo_id, revealed=True)
    return readings.masked(house.store, photo_id)


def portrait(house: House, staff: Staff, photo_id: str) -> bytes:
    """A portrait as it will be printed: cut to the size that the region wants. A face is what a portrait is for: not masked."""
    with house.store.read() as tx:
        where = photos.placed(tx, photo_id)
        if where is None or not store.sees_draft(tx, staff.counties, where.conversation_id, where.draft_id):
            raise refused(404, "not_found")
    return readings.own_portrait(house.store, photo_id)


def _check_reason(reason: str) -> None:
    if reason not in words().reasons:
        raise refused(422, "reason")


def _inside(house: House, staff: Staff, *, application_id: str = "", case_id: str = "") -> None:
    """NotFound unless it is there and of a county of this person."""
    if not staff.sees(shown.county_of(house, application_id=application_id, case_id=case_id)):
        raise NotFound()


def _codes(staff: Staff) -> list[str]:
    return [code for code in staff.counties if code]


def _record(house: House, staff: Staff, verb: audit.Verb, case_id: str, reason: str) -> None:
    with house.store.work() as tx:
        audit.record(house.store.keys, tx, staff, verb, "case", case_id, reason)


def _day(day: date) -> str:
    """今天, 明天, or the date in words."""
    today = now().astimezone(SHANGHAI).date()
    return {0: "今天", 1: "明天"}.get((day - today).days) or day_says(day, today)
