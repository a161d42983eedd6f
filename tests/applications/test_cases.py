"""What a person hears and when: one submission, clocks that start when they may, papers asked for once, the card first."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa

from backend import jobs
from backend.applications import jobs as sweeps
from backend.applications import service, shown, states
from backend.applications import store as rows
from backend.applications.clocks import Calendar
from backend.storage import now
from dialogs.directory import SHANGHAI
from dialogs.messages import Rate, Supply
from dialogs.policy.clocks import is_working_day
from tests.applications.people import ADULT, AT, CLERK, HOLDER, MINOR, Office

TODAY = datetime.now(SHANGHAI).date()


def working_days_later(start: date, days: int) -> date:
    """Counted by hand: day 1 is the first working day after `start`."""
    day = start
    while days:
        day += timedelta(days=1)
        days -= int(is_working_day(day, {}))
    return day


def count(office: Office, table: str) -> int:
    with office.house.store.read() as tx:
        return int(tx.execute(sa.text(f'SELECT count(*) FROM "{table}"')).scalar_one())


# --- submitting ---


def test_a_draft_submitted_twice_is_one_application_with_its_first_number(office: Office) -> None:
    person, submit = office.submitted(["card.new", "allowance.hardship"], ADULT)
    again = office.submission(["card.new", "allowance.hardship"], ADULT)
    again = type(again)(**{**{f: getattr(again, f) for f in again.__slots__}, "draft_id": submit.draft_id})
    office.does(person, again)
    office.does(person, again, again)
    assert (count(office, "application"), count(office, "case"), count(office, "case_event")) == (1, 2, 2)
    assert shown.get_application(office.house, submit.application_id)["receipt"] == submit.receipt


def test_the_same_submission_twice_in_one_group_is_kept_once(office: Office) -> None:
    person = office.person()
    submit = office.submission(["card.new"], ADULT)
    office.does(person, submit, submit)
    assert (count(office, "application"), count(office, "case")) == (1, 1)


def test_every_move_is_an_event_with_who_when_and_why(office: Office) -> None:
    _, submit = office.submitted(["card.new"], ADULT)
    case_id = submit.cases[0].case_id
    office.move(case_id, "accept")
    service.move(office.house, case_id, "reject", CLERK, reason="评定没有达到标准", says="可以再次申请评定。")
    history = office.case(submit)["history"]
    assert [(one["verb"], one["before"], one["after"], one["by"], one["by_id"]) for one in history] == [
        ("submit", "drafted", "submitted", "person", ""),
        ("accept", "submitted", "accepted", "staff", "clerk-1"),
        ("reject", "accepted", "rejected", "staff", "clerk-1"),
    ]
    assert (history[2]["reason"], history[2]["says"]) == ("评定没有达到标准", "可以再次申请评定。")
    assert all(datetime.fromisoformat(one["at"]).tzinfo for one in history)


def test_the_applicant_hears_of_each_step_with_state_reason_and_day(office: Office) -> None:
    _, submit = office.submitted(["allowance.hardship"], HOLDER)
    case_id = submit.cases[0].case_id
    office.move(case_id, "accept", "approve", "deliver", "close")
    news = office.news()
    assert [one["state"] for one in news] == ["accepted", "approved", "delivered", "closed"]
    assert {(one["application_id"], one["case_id"], one["draft_id"], one["item"]) for one in news} == {
        (submit.application_id, case_id, submit.draft_id, "allowance.hardship")
    }
    assert news[0]["due"] == working_days_later(TODAY, 10).isoformat()


# --- clocks ---

ROWS: list[tuple[str, dict[str, Any], str, int]] = [
    ("card.new", ADULT, "publicise", 15),
    ("card.new", MINOR, "assessed", 15),
    ("card.change", {**HOLDER, "disability_changed": True}, "publicise", 15),
    ("card.change", {**HOLDER, "disability_changed": True, "is_minor": True}, "assessed", 15),
    ("card.cancel.partial", {**HOLDER, "disability_changed": True}, "publicise", 15),
    ("card.cancel.partial", {**HOLDER, "disability_changed": True, "is_minor": True}, "assessed", 15),
    ("card.renew.expiry", {**HOLDER, "card_years_since_issue": 9}, "accept", 15),
    ("card.renew.expiry", {**HOLDER, "card_years_since_issue": 9, "assessment_required": True}, "publicise", 15),
    (
        "card.renew.expiry",
        {**HOLDER, "card_years_since_issue": 9, "assessment_required": True, "is_minor": True},
        "assessed",
        15,
    ),
    ("card.renew.damaged", {**HOLDER, "card_damaged": True}, "accept", 15),
    ("card.renew.info", {**HOLDER, "card_info_changed": True}, "accept", 15),
    ("card.transfer", {**HOLDER, "household_moved": True}, "accept", 15),
    ("card.loss", {**HOLDER, "card_lost": True}, "accept", 15),
    ("card.cancel", {**HOLDER, "no_longer_disabled": True}, "accept", 15),
    ("allowance.hardship", HOLDER, "accept", 10),
    ("allowance.nursing", HOLDER, "accept", 10),
    ("allowance.nursing34", {**HOLDER, "card_level": 3, "card_categories": ["mental"]}, "accept", 10),
    ("pension.subsidy", {**HOLDER, "card_level": 4}, "accept", 45),
    ("medical.subsidy", HOLDER, "accept", 15),
]


@pytest.mark.parametrize(("item", "facts", "starts", "days"), ROWS, ids=lambda value: str(value)[:24])
def test_a_clock_of_tongchuan_starts_at_its_event_and_never_before(
    office: Office, item: str, facts: dict[str, Any], starts: str, days: int
) -> None:
    _, submit = office.submitted([item], facts)
    case_id = submit.cases[0].case_id
    steps = {"accept": ["accept"], "publicise": ["accept", "publicise"], "assessed": ["accept", "assess", "assessed"]}
    due: list[str | None] = []
    for verb in steps[starts]:
        assert office.case(submit)["clock"]["due"] is None
        service.move(office.house, case_id, verb.removesuffix("ed"), CLERK, on=TODAY if verb == "assessed" else None)
        due.append(office.case(submit)["clock"]["due"])
    assert due == [None] * (len(due) - 1) + [working_days_later(TODAY, days).isoformat()]
    assert [one["due"] for one in office.news()] == due


def test_a_minors_result_is_not_publicised(office: Office) -> None:
    _, submit = office.submitted(["card.new"], MINOR)
    office.move(submit.cases[0].case_id, "accept")
    with pytest.raises(states.BadRequest) as refused:
        office.move(submit.cases[0].case_id, "publicise")
    assert (refused.value.code, office.state(submit)) == ("no_publicity", "accepted")


def test_a_clock_is_counted_from_the_day_the_clerk_names_and_never_from_tomorrow(office: Office) -> None:
    _, submit = office.submitted(["allowance.hardship"], HOLDER)
    with pytest.raises(states.BadRequest):
        service.move(office.house, submit.cases[0].case_id, "accept", CLERK, on=TODAY + timedelta(days=1))
    service.move(office.house, submit.cases[0].case_id, "accept", CLERK, on=AT.date())
    expected = working_days_later(AT.date(), 10)
    assert office.case(submit)["clock"]["due"] == expected.isoformat()


def test_a_running_clock_is_not_started_anew(office: Office) -> None:
    _, submit = office.submitted(["allowance.hardship"], HOLDER)
    case_id = submit.cases[0].case_id
    service.move(office.house, case_id, "accept", CLERK, on=AT.date())
    first = office.case(submit)["clock"]["due"]
    office.move(case_id, "dispatch", "accept")
    assert office.case(submit)["clock"]["due"] == first


def test_a_limit_that_reaches_into_a_year_without_a_calendar_is_called_about(office: Office) -> None:
    calendar = Calendar({})
    assert calendar.ends(date(2026, 3, 2), 10) == (date(2026, 3, 16), False)
    assert calendar.ends(date(2026, 12, 28), 10)[1] is True
    told = {date(2027, 1, 1): True}
    assert Calendar(told).ends(date(2026, 12, 28), 10)[1] is False


# --- the lights ---


HENAN = {
    "working_days": 13,
    "starts": "acceptance",
    "excludes": ["assessment", "publicity"],
    "clause": "正文 三（三）3",
}


def test_a_limit_of_the_whole_holds_for_every_case_without_one_of_its_own(office: Office) -> None:
    own = {**HENAN, "working_days": 3, "excludes": []}
    items = ["allowance.hardship", "allowance.nursing"]
    _, submit = office.submitted(items, HOLDER, limits={"bundle": HENAN, "allowance.nursing": own})
    for case in submit.cases:
        office.move(case.case_id, "accept")
    due = [office.case(submit, item)["clock"]["due"] for item in items]
    assert due == [working_days_later(TODAY, days).isoformat() for days in (13, 3)]


def test_while_a_document_s_clock_stands_still_no_date_is_named(office: Office) -> None:
    _, submit = office.submitted(["card.new"], ADULT, limits={"bundle": HENAN})
    office.move(submit.cases[0].case_id, "accept", "assess")
    assert office.case(submit)["clock"] == {"due": None, "says": "评定和公示不计时，先停着", "light": ""}
    office.move(submit.cases[0].case_id, "assessed")
    assert office.case(submit)["clock"]["due"] == working_days_later(TODAY, 13).isoformat()


def test_the_working_days_of_an_assessment_are_added_to_the_limit() -> None:
    calendar = Calendar({})
    friday, next_tuesday = date(2026, 11, 6), date(2026, 11, 10)
    case = SimpleNamespace(
        started_on=date(2026, 11, 2),
        paused_on=friday,
        stood_still=1,
        limit_days=13,
        limit_calendar_days=None,
        limit_by="",
    )
    resumed = calendar.resume(case, next_tuesday, AT)
    assert resumed["stood_still"] == 3 and resumed["paused_on"] is None
    assert resumed["due_on"] == calendar.ends(case.started_on, 16)[0]


@pytest.mark.parametrize(
    ("limit", "due"),
    [
        ({"working_days": None, "calendar_days": 3, "starts": "acceptance"}, TODAY + timedelta(days=3)),
        ({"working_days": None, "by": "12-31", "starts": "acceptance"}, date(TODAY.year, 12, 31)),
    ],
)
def test_a_limit_in_calendar_days_or_by_a_date_is_kept_as_such(
    office: Office, limit: dict[str, Any], due: date
) -> None:
    _, submit = office.submitted(["allowance.hardship"], HOLDER, limits={"allowance.hardship": limit})
    office.move(submit.cases[0].case_id, "accept")
    assert office.case(submit)["clock"]["due"] == due.isoformat()


def test_a_payment_in_the_month_of_the_card_is_promised_with_a_new_card_only(office: Office) -> None:
    limits = {"allowance.hardship": {"working_days": None, "by": "month_of_card", "starts": "card_issued"}}
    _, holder = office.submitted(["allowance.hardship"], HOLDER, limits=limits)
    office.move(holder.cases[0].case_id, "accept")
    assert office.case(holder)["clock"]["due"] is None
    _, submit = office.submitted(["card.new", "allowance.hardship"], ADULT, limits=limits)
    office.move(submit.cases[0].case_id, "accept", "approve")
    last = TODAY.replace(day=monthrange(TODAY.year, TODAY.month)[1])
    assert office.case(submit, "allowance.hardship")["clock"]["due"] == last.isoformat()


def test_a_clock_that_waits_for_the_card_starts_when_the_card_is_granted(office: Office) -> None:
    limit = {"working_days": 5, "starts": "card_issued", "excludes": []}
    _, submit = office.submitted(["card.new", "allowance.hardship"], ADULT, limits={"allowance.hardship": limit})
    assert office.case(submit, "allowance.hardship")["clock"]["due"] is None
    office.move(submit.cases[0].case_id, "accept", "approve")
    assert office.case(submit, "allowance.hardship")["clock"]["due"] == working_days_later(TODAY, 5).isoformat()


def test_where_the_document_says_so_a_refused_card_ends_the_whole(office: Office) -> None:
    items = ["card.new", "allowance.hardship"]
    for ends, state in ((["card.new"], "rejected"), ([], "submitted")):
        _, submit = office.submitted(items, ADULT, ends=ends)
        office.move(submit.cases[0].case_id, "accept", "reject")
        assert office.state(submit, "allowance.hardship") == state
        assert any("到此结束" in one["reason"] for one in office.news()) is bool(ends)


def test_the_sweep_turns_the_light_of_what_is_due_tomorrow_and_of_what_is_late(office: Office) -> None:
    _, submit = office.submitted(["allowance.hardship", "medical.subsidy"], HOLDER)
    late, calm = (case.case_id for case in submit.cases)
    office.move(late, "accept")
    office.move(calm, "accept")
    soon = Calendar({}).soon(TODAY)
    seen = []
    for day in (soon, TODAY, TODAY - timedelta(days=1)):
        with office.house.store.turn() as tx:
            tx.execute(sa.update(rows.CASE).where(rows.CASE.c.id == late).values(due_on=day))
        jobs.run(office.house, "applications.look_at_limits")
        seen.append((office.case(submit, "allowance.hardship")["clock"]["light"], office.column(calm, "urgency")))
    assert seen == [("amber", 0), ("amber", 0), ("red", 0)]
    assert [one["id"] for one in shown.cases_due(office.house, {"511702"})] == [late]
    assert shown.cases_due(office.house, {"510000"}) == []
    office.move(late, "approve")
    assert office.column(late, "urgency") == 0 and shown.cases_due(office.house, None) == []


def test_what_a_department_has_not_taken_up_is_marked(office: Office) -> None:
    _, submit = office.submitted(["allowance.hardship"], HOLDER)
    case_id = submit.cases[0].case_id
    office.move(case_id, "dispatch")
    jobs.run(office.house, "applications.look_at_limits")
    assert not office.column(case_id, "stale")
    with office.house.store.turn() as tx:
        old = now() - timedelta(days=sweeps.STALE_DAYS, hours=1)
        tx.execute(sa.update(rows.CASE).where(rows.CASE.c.id == case_id).values(moved_at=old))
    jobs.run(office.house, "applications.look_at_limits")
    assert office.column(case_id, "stale")
    office.move(case_id, "accept")
    assert not office.column(case_id, "stale")


# --- papers asked for again ---


def test_everything_missing_is_asked_for_at_once_and_what_is_given_goes_back_where_it_was(office: Office) -> None:
    person, submit = office.submitted(["allowance.hardship"], HOLDER)
    case_id = submit.cases[0].case_id
    office.move(case_id, "accept")
    service.return_for(office.house, case_id, CLERK, ["id_card", "social_card"], "拍得不清楚", photo_ids=["photo-book"])
    told = office.news()[-1]
    assert (told["state"], told["reason"]) == ("returned", "拍得不清楚")
    assert told["wanted"] == ["id_card_front", "id_card_back", "social_card", "household_book_home"]
    office.does(person, Supply(submit.application_id, case_id, ("new-1", "new-2"), "补好了"))
    shown_case = office.case(submit)
    assert (shown_case["state"], shown_case["supplied"]) == ("accepted", True)
    assert [one["given_photo_ids"] for one in shown_case["supplements"]] == [["new-1", "new-2"]]
    assert shown_case["supplements"][0]["words"] == "补好了"
    assert office.news()[-1]["state"] == "accepted"
    office.move(case_id, "approve")
    assert office.case(submit)["supplied"] is False


def test_a_picture_of_somebody_else_cannot_be_sent_back(office: Office) -> None:
    _, submit = office.submitted(["allowance.hardship"], HOLDER)
    with pytest.raises(states.BadRequest):
        service.return_for(office.house, submit.cases[0].case_id, CLERK, [], "看不清", photo_ids=["of-somebody-else"])
    with pytest.raises(states.BadRequest):
        service.return_for(office.house, submit.cases[0].case_id, CLERK, ["no_such_paper"], "看不清")
    with pytest.raises(states.BadRequest):
        service.return_for(office.house, submit.cases[0].case_id, CLERK, [], "看不清")
    assert office.state(submit) == "submitted" and office.news() == []


def test_what_is_supplied_twice_or_too_late_changes_nothing_and_stops_no_turn(office: Office) -> None:
    person, submit = office.submitted(["allowance.hardship"], HOLDER)
    case_id = submit.cases[0].case_id
    service.return_for(office.house, case_id, CLERK, ["id_card"], "看不清")
    supply = Supply(submit.application_id, case_id, ("new-1",))
    office.does(person, supply, supply)
    office.move(case_id, "withdraw")
    office.does(person, supply)
    assert [one["verb"] for one in office.case(submit)["history"]] == ["submit", "return", "supply", "withdraw"]


def test_nobody_supplies_to_the_case_of_somebody_else(office: Office) -> None:
    _, submit = office.submitted(["allowance.hardship"], HOLDER)
    service.return_for(office.house, submit.cases[0].case_id, CLERK, ["id_card"], "看不清")
    office.does(office.person(), Supply(submit.application_id, submit.cases[0].case_id, ("new-1",)))
    assert office.state(submit) == "returned"


# --- what waits for the card ---


def test_what_waits_for_the_card_goes_on_when_the_card_is_granted_and_not_before(office: Office) -> None:
    _, submit = office.submitted(["card.new", "allowance.hardship", "allowance.nursing"], ADULT)
    card, *others = (case.case_id for case in submit.cases)
    assert office.case(submit, "allowance.hardship")["waits_for"] == ["残疾人证新办"]
    with pytest.raises(states.Waits):
        office.move(others[0], "accept")
    office.move(card, "accept", "publicise")
    assert office.state(submit, "allowance.hardship") == "submitted"
    office.news()
    office.move(card, "approve")
    assert [(one["item"], one["state"]) for one in office.news()] == [
        ("card.new", "approved"),
        ("allowance.hardship", "dispatched"),
        ("allowance.nursing", "dispatched"),
    ]
    office.move(others[0], "accept")
    assert office.case(submit, "allowance.hardship")["clock"]["due"] == working_days_later(TODAY, 10).isoformat()
    assert office.case(submit, "allowance.hardship")["history"][1]["by"] == "system"


def test_when_the_card_is_refused_those_who_wait_are_told_and_the_office_can_still_go_on(office: Office) -> None:
    _, submit = office.submitted(["card.new", "allowance.hardship"], ADULT)
    card, waiting = (case.case_id for case in submit.cases)
    office.move(card, "reject")
    told = office.news()[-1]
    assert (told["item"], told["state"], told["says"]) == (
        "allowance.hardship",
        "submitted",
        states.words().card_refused,
    )
    office.move(waiting, "dispatch", "accept")
    assert office.state(submit, "allowance.hardship") == "accepted"


def test_a_holder_s_allowance_waits_for_nothing(office: Office) -> None:
    _, submit = office.submitted(["allowance.hardship"], HOLDER)
    assert office.case(submit)["waits_for"] == []


# --- the end ---


def test_an_application_has_ended_when_its_last_case_has(office: Office) -> None:
    _, submit = office.submitted(["allowance.hardship", "medical.subsidy"], HOLDER)
    first, second = (case.case_id for case in submit.cases)
    ended = []
    for case_id, verb in ((first, "accept"), (first, "approve"), (second, "withdraw")):
        office.move(case_id, verb)
        ended.append(len(shown.list_applications(office.house, counties=None, show="ended")))
    assert ended == [0, 0, 1]


def test_a_rating_counts_once_and_only_for_one_s_own(office: Office) -> None:
    person, submit = office.submitted(["allowance.hardship"], HOLDER)
    office.does(office.person(), Rate(submit.application_id, 1, "不是我的"))
    office.does(person, Rate(submit.application_id, 5, "很好"), Rate(submit.application_id, 1))
    office.does(person, Rate(submit.application_id, 2))
    kept = shown.get_application(office.house, submit.application_id)["ratings"]
    assert kept == [{"about": "", "stars": 5, "words": "很好"}]


def test_what_a_document_wants_rated_by_itself_counts_once_each(office: Office) -> None:
    person, submit = office.submitted(["allowance.hardship"], HOLDER)
    case_id = submit.cases[0].case_id
    for stars in (4, 1):
        office.does(person, *(Rate(submit.application_id, stars, about=about) for about in ("acceptance", case_id)))
    kept = shown.get_application(office.house, submit.application_id)["ratings"]
    assert sorted((one["about"], one["stars"]) for one in kept) == [("受理", 4), ("困难残疾人生活补贴", 4)]


def test_applications_are_deleted_when_their_time_of_keeping_is_over(office: Office) -> None:
    _, old = office.submitted(["allowance.hardship"], HOLDER)
    _, young = office.submitted(["allowance.hardship"], HOLDER)
    for submit in (old, young):
        service.return_for(office.house, submit.cases[0].case_id, CLERK, ["id_card"], "看不清")
        office.move(submit.cases[0].case_id, "reject")
    long_ago = now() - timedelta(days=office.house.settings.retention.applications + 1)
    with office.house.store.turn() as tx:
        rows.end(tx, old.application_id, long_ago)
    jobs.run(office.house, "applications.forget_old")
    left = ("application", "case", "supplement")
    assert [count(office, table) for table in left] == [1, 1, 1]
    assert shown.get_application(office.house, young.application_id)["receipt"] == young.receipt
