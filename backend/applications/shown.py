"""What the console reads of applications: lists with masked values, one application with its cases, limits that are near.

    list_applications(house, *, counties, q="", show="open", limit=200) -> list[dict]
        counties: codes this member of the staff may see (None: all). show: open | new (not accepted yet, the oldest first) |
        due | returned | supplied | ended | all.
        q: a receipt number, a whole identity number or a whole phone number (found by keyed hash); then `show` is not looked at.
        row: {id, receipt, county, submitted_at, who (masked), urgency, supplied, stars, cases: [case]}
        case: {id, item, name, department, department_name, way, state, state_name, verbs, waits_for, supplied, stale,
               clock: {due, says, light}}     light: "" | "green" | "amber" | "red"
    get_application(house, application_id) -> dict         NotFound
        the row, and: conversation_id, person_id, draft_id, about, form (name of the paper form, ""), lines: [{key, label,
        says (masked), hidden}], bring: [str], photos: {part: [photo ids]}, ratings: [{about, stars, words}], cases with
        clauses: [{label, document, says}] by which it may be refused, history: [{at, by, by_id, verb, verb_name, before, after,
        on, reason, clause, says}] and supplements: [{wanted, photo_ids,
        reason, asked_at, given_at, given_photo_ids, words}]
    county_of(house, *, application_id="" | case_id="") -> str    NotFound; for checking rights before anything else
    reveal(house, application_id, key) -> str              one line in full; whoever calls it records that
    cases_due(house, counties, days=1) -> list[dict]       open cases due within so many working days, or overdue
    counts(house, counties) -> {state: number}
    waiting(house, counties) -> {show: number}             how many applications those lists have in which somebody waits

Nothing here checks rights or writes an audit row: the console does both, before it calls.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from backend.applications import clauses
from backend.applications import store as rows
from backend.applications.clocks import OVERDUE, SOON, Calendar, Limit
from backend.applications.service import EVENT_WORDS, SNAPSHOT, SUPPLEMENT_REASON
from backend.applications.states import OPEN, WITH_PERSON, BadRequest, NotFound, verbs_from, words
from backend.jobs import House
from backend.people import masking
from backend.storage import DataKey, check_receipt, now
from dialogs.days import day_says
from dialogs.directory import SHANGHAI

Json = dict[str, Any]
SHOW = {
    "open": lambda: rows.has_case(rows.CASE.c.state.in_(OPEN)),
    "new": lambda: rows.has_case(rows.CASE.c.state == "submitted"),
    "due": lambda: rows.has_case(rows.CASE.c.urgency > 0),
    "returned": lambda: rows.has_case(rows.CASE.c.state.in_(WITH_PERSON)),
    "supplied": lambda: rows.has_case(rows.CASE.c.supplied_at.is_not(None)),
    "ended": lambda: rows.APPLICATION.c.ended_at.is_not(None),
    "all": sa.true,
}


_BEFORE_NUMBER = re.compile(
    r"^(编号|身份证号?码?|手机号?码?|电话)?[:：]?(\+86-?|0086-?)?"
)  # as it is copied from elsewhere


def list_applications(
    house: House, *, counties: Collection[str] | None, q: str = "", show: str = "open", limit: int = 200
) -> list[Json]:
    """See the head of this module."""
    where = [_found(house, q)] if q.strip() else [SHOW.get(show, SHOW["open"])()]
    with house.store.read() as tx:
        found = rows.listed(tx, where, counties, limit, oldest=show == "new" and not q.strip())
        keys = house.store.keys.load(tx, {row.person_id for row in found})
        cases = rows.cases_of(tx, [row.id for row in found])
        return [_row(house, row, _snapshot(house, row, keys), cases) for row in found if row.person_id in keys]


def get_application(house: House, application_id: str) -> Json:
    """See the head of this module."""
    with house.store.read() as tx:
        row, key = _one(house, tx, application_id)
        cases = rows.cases_of(tx, [application_id])
        ids = [case.id for case in cases]
        events, supplements = rows.events_of(tx, ids), rows.supplements_of(tx, ids)
        ratings = rows.ratings_of(tx, application_id)
    snapshot = _snapshot(house, row, {row.person_id: key})
    shown = _row(house, row, snapshot, cases)
    for case in shown["cases"]:
        case["clauses"] = [asdict(one) for one in clauses.of_item(house, row.pack, row.pack_version, case["item"])]
        case["history"] = [_event(house, key, one) for one in events if one.case_id == case["id"]]
        case["supplements"] = [_supplement(house, key, one) for one in supplements if one.case_id == case["id"]]
    return {
        **shown,
        "conversation_id": row.conversation_id,
        "person_id": row.person_id,
        "draft_id": row.draft_id,
        "about": _about(snapshot),
        "form": _form(house, row.pack),
        "lines": [_line(line) for line in snapshot.get("lines", ())],
        "bring": list(snapshot.get("bring", ())),
        "photos": _photos(snapshot),
        "ratings": [_rating(house, key, one, shown["cases"]) for one in ratings],
    }


def county_of(house: House, *, application_id: str = "", case_id: str = "") -> str:
    """Which county an application or a case belongs to; NotFound."""
    with house.store.read() as tx:
        row = rows.case(tx, case_id) if case_id else rows.application(tx, application_id)
    if row is None:
        raise NotFound()
    return str(row.county)


def reveal(house: House, application_id: str, key: str) -> str:
    """The value of one line in full. BadRequest if there is no such line."""
    with house.store.read() as tx:
        row, data_key = _one(house, tx, application_id)
    for line in _snapshot(house, row, {row.person_id: data_key}).get("lines", ()):
        if line["key"] == key:
            return str(line["says"])
    raise BadRequest("unknown_field")


def cases_due(house: House, counties: Collection[str] | None, days: int = 1, *, limit: int = 500) -> list[Json]:
    """Open cases whose limit ends within so many working days, or has ended; the longest overdue first."""
    calendar = Calendar(house.library.holidays)
    until = calendar.ends(calendar.today(now()), days)[0]
    with house.store.read() as tx:
        found = rows.due(tx, counties, until, limit)
        return [{**_case(house, case), "application_id": case.application_id, "county": case.county} for case in found]


def counts(house: House, counties: Collection[str] | None) -> dict[str, int]:
    """How many cases are in each state."""
    with house.store.read() as tx:
        return rows.counts(tx, counties)


def waiting(house: House, counties: Collection[str] | None) -> dict[str, int]:
    """See the head of this module."""
    with house.store.read() as tx:
        return {show: rows.how_many(tx, SHOW[show](), counties) for show in ("new", "due", "supplied", "returned")}


def clauses_of(house: House, case_id: str) -> tuple[clauses.Clause, ...]:
    """The clauses by which this case may be refused. NotFound."""
    with house.store.read() as tx:
        case = rows.case(tx, case_id)
        row = rows.application(tx, case.application_id) if case else None
    if case is None or row is None:
        raise NotFound()
    return clauses.of_item(house, row.pack, row.pack_version, case.item)


def name_of(house: House, pack: str, item: str) -> str:
    """An item's name by its pack; the id itself when that pack is not on the shelf any more."""
    known = house.library.policy.packs.get(pack)
    return str(known.items[item].name) if known and item in known.items else item


# --- inside ---


def bare(q: str) -> str:
    """What is looked for, without spaces and what is copied along with a number."""
    return _BEFORE_NUMBER.sub("", "".join(q.split()))


def _found(house: House, q: str) -> Any:
    keys, typed = house.store.keys, bare(q)
    identity = typed.upper() if len(typed) in (15, 18) and typed[:-1].isdigit() else ""
    phone = typed.replace("-", "") if typed.replace("-", "").isdigit() and len(typed) <= 13 else ""
    return rows.found_by(
        check_receipt(typed) or "",
        keys.find_hash("identity", identity) if identity else "",
        keys.find_hash("phone", phone) if phone else "",
    )


def _one(house: House, tx: Session, application_id: str) -> tuple[Any, DataKey]:
    row = rows.application(tx, application_id)
    key = house.store.keys.load(tx, [row.person_id]).get(row.person_id) if row else None
    if row is None or key is None:
        raise NotFound()
    return row, key


def _snapshot(house: House, row: Any, keys: Mapping[str, DataKey]) -> Json:
    text = house.store.keys.unseal_text(keys[row.person_id], row.sealed_snapshot, f"{SNAPSHOT}:{row.id}")
    return dict(json.loads(text))


def _row(house: House, row: Any, snapshot: Mapping[str, Any], cases: Sequence[Any]) -> Json:
    mine = [case for case in cases if case.application_id == row.id]
    name = (snapshot.get("answers", {}).get("field:name") or {}).get("value") or snapshot.get("signer", "")
    return {
        "id": row.id,
        "receipt": row.receipt,
        "county": row.county,
        "submitted_at": _iso(row.submitted_at),
        "who": masking.name(str(name)),
        "urgency": max((case.urgency for case in mine), default=0),
        "supplied": any(case.supplied_at for case in mine),
        "cases": [_case(house, case, row.pack) for case in mine],
    }


def _case(house: House, case: Any, pack: str = "") -> Json:
    return {
        "id": case.id,
        "item": case.item,
        "name": name_of(house, pack, case.item),
        "department": case.department,
        "department_name": _department(house, pack, case.department),
        "way": case.way,
        "state": case.state,
        "state_name": words().shown(case.state),
        "verbs": list(verbs_from(case.state, item=case.item)),
        "waits_for": [name_of(house, pack, item) for item in case.waits_for],
        "supplied": case.supplied_at is not None,
        "stale": case.stale,
        "clock": clock(case),
    }


def clock(case: Any) -> Json:
    """The limit of a case in words. A date stands there only once the clock has started."""
    due = case.due_on.isoformat() if case.due_on else None
    if case.state not in OPEN:
        return {"due": due, "says": "", "light": ""}
    if case.due_on is None:
        return {"due": None, "says": _not_running(case), "light": ""}
    light = {SOON: "amber", OVERDUE: "red"}.get(case.urgency, "green")
    near = {SOON: words().due_soon, OVERDUE: words().overdue}.get(case.urgency)
    return {
        "due": due,
        "says": (near or (words().due_about if case.estimate else words().due)).format(due=_day(case.due_on)),
        "light": light,
    }


def _day(day: date) -> str:
    return day_says(day, now().astimezone(SHANGHAI).date())


def _not_running(case: Any) -> str:
    """Why there is no date: the clock has not started, stands still, or there is none."""
    if case.paused_on:
        return words().stands_still
    limit = Limit.of(case)
    if not limit:
        return words().no_limit
    unit = words().limits["working" if limit.working_days else "calendar" if limit.calendar_days else "by"]
    days = limit.working_days or limit.calendar_days or ""
    return words().not_started[case.starts] + unit.format(days=days)


def _department(house: House, pack: str, department: str) -> str:
    known = house.library.policy.packs.get(pack)
    departments = known.departments if known else {}
    return str(departments[department].name) if department in departments else department


def _line(line: Mapping[str, Any]) -> Json:
    masked = masking.field(line["key"], line["says"])
    return {"key": line["key"], "label": line["label"], "says": masked, "hidden": masked != line["says"]}


def _about(snapshot: Mapping[str, Any]) -> str:
    """What the speaker calls the applicant: "孩子" as it is, what a helper typed masked like a name."""
    about = str(snapshot.get("about", ""))
    return masking.name(about) if "called" in snapshot.get("answers", {}) else masking.text(about)


def _form(house: House, region: str) -> str:
    """The name of the paper form that can be had filled in, "" where the document prints none."""
    pack = house.library.policy.packs.get(region)
    sheet = house.library.sheet(pack) if pack else None
    return sheet.title if sheet else ""


def _photos(snapshot: Mapping[str, Any]) -> dict[str, list[str]]:
    return {
        key.removeprefix("photo:"): list(answer["value"].get("ids", ()))
        for key, answer in snapshot.get("answers", {}).items()
        if key.startswith("photo:") and isinstance(answer.get("value"), dict)
    }


def _event(house: House, key: DataKey, one: Any) -> Json:
    said = json.loads(_open(house, key, one.sealed_words, EVENT_WORDS, one.id) or "{}")
    return {
        "at": _iso(one.at),
        "by": one.by_kind,
        "by_name": words().shown(one.by_kind),
        "by_id": one.by_id,
        "verb": one.verb,
        "verb_name": words().shown(one.verb),
        "before": one.before,
        "after": one.after,
        "on": one.happened_on.isoformat() if one.happened_on else None,
        "reason": said.get("reason", ""),
        "clause": said.get("clause", ""),
        "says": said.get("says", ""),
    }


def _supplement(house: House, key: DataKey, one: Any) -> Json:
    given = json.loads(_open(house, key, one.sealed_given, "supplement.given", one.id) or "{}")
    return {
        "wanted": one.wanted,
        "photo_ids": one.photo_ids,
        "reason": _open(house, key, one.sealed_reason, SUPPLEMENT_REASON, one.id),
        "asked_at": _iso(one.asked_at),
        "given_at": _iso(one.given_at) if one.given_at else None,
        "given_photo_ids": one.given_photo_ids,
        "words": given.get("words", ""),
    }


def _rating(house: House, key: DataKey, one: Any, cases: Sequence[Json]) -> Json:
    """`about`: the item whose result was rated, the acceptance, or "" for the whole."""
    items = {case["id"]: case["name"] for case in cases}
    about = words().verbs["accept"] if one.about == "acceptance" else items.get(one.about, "")
    said = _open(house, key, one.sealed_words, "rating.words", one.application_id)
    return {"about": about, "stars": one.stars, "words": said}


def _open(house: House, key: DataKey, sealed: bytes | None, place: str, row_id: str) -> str:
    return house.store.keys.unseal_text(key, sealed, f"{place}:{row_id}") if sealed else ""


def _iso(at: datetime) -> str:
    return at.isoformat()
