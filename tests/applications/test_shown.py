"""What the console sees: masked lists, exact search by keyed hash, nobody else's county; and nothing personal in the clear."""

from __future__ import annotations

import json
import logging

import pytest
import sqlalchemy as sa

from backend.applications import service, shown, states
from backend.people import masking
from backend.people import service as people
from tests.applications.people import CLERK, HOLDER, IDENTITY, NAME, PHONE, Office

COUNTY = {"511702"}


def found(office: Office, q: str, counties: set[str] | None = COUNTY) -> list[str]:
    return [row["id"] for row in shown.list_applications(office.house, counties=counties, q=q)]


def test_an_application_is_found_by_its_number_and_by_whole_numbers_only(office: Office) -> None:
    _, submit = office.submitted(["allowance.hardship"], HOLDER)
    mine = [submit.application_id]
    typed = submit.receipt.lower().replace("-", " ")
    assert [found(office, q) for q in (submit.receipt, typed, IDENTITY, PHONE, "199-0000-1234")] == [mine] * 5
    assert [found(office, q) for q in (IDENTITY[:-1], IDENTITY[6:], PHONE[:7], NAME, "%", submit.receipt[:5])] == [
        []
    ] * 6


def test_another_county_s_application_is_not_found_by_any_search(office: Office) -> None:
    _, submit = office.submitted(["allowance.hardship"], HOLDER)
    assert [found(office, q, {"510703"}) for q in (submit.receipt, IDENTITY, PHONE)] == [[], [], []]
    assert shown.list_applications(office.house, counties={"510703"}, show="all") == []
    assert shown.county_of(office.house, case_id=submit.cases[0].case_id) == "511702"


def test_lists_show_nobody_s_name_or_number_and_the_page_hides_them_until_asked(office: Office) -> None:
    _, submit = office.submitted(["allowance.hardship"], HOLDER)
    listed = shown.list_applications(office.house, counties=COUNTY)
    page = shown.get_application(office.house, submit.application_id)
    for secret in (NAME, IDENTITY, PHONE):
        assert secret not in json.dumps([listed, page], ensure_ascii=False)
    assert listed[0]["who"] == "周*兰"
    assert {line["key"]: line["says"] for line in page["lines"]}["is_dibao"] == "是"
    assert shown.reveal(office.house, submit.application_id, "field:id_number") == IDENTITY
    with pytest.raises(states.BadRequest):
        shown.reveal(office.house, submit.application_id, "field:bank_number")


def test_the_list_can_be_narrowed_to_what_needs_somebody(office: Office) -> None:
    _, returned = office.submitted(["allowance.hardship"], HOLDER)
    _, calm = office.submitted(["allowance.hardship"], HOLDER)
    service.return_for(office.house, returned.cases[0].case_id, CLERK, ["id_card"], "看不清")

    def rows(show: str) -> set[str]:
        return {row["id"] for row in shown.list_applications(office.house, counties=COUNTY, show=show)}

    assert rows("open") == {returned.application_id, calm.application_id}
    assert (rows("returned"), rows("supplied"), rows("due"), rows("ended")) == (
        {returned.application_id},
        set(),
        set(),
        set(),
    )
    assert shown.counts(office.house, COUNTY) == {"returned": 1, "submitted": 1}


def test_what_is_urgent_is_on_top(office: Office) -> None:
    _, urgent = office.submitted(["allowance.hardship"], HOLDER)
    _, newer = office.submitted(["allowance.hardship"], HOLDER)
    with office.house.store.turn() as tx:
        tx.execute(sa.text('UPDATE "case" SET urgency=2 WHERE id=:id'), {"id": urgent.cases[0].case_id})
    listed = [row["id"] for row in shown.list_applications(office.house, counties=COUNTY)]
    assert listed == [urgent.application_id, newer.application_id]


def test_nothing_personal_stands_in_a_column_a_job_or_a_log(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    _, submit = office.submitted(["allowance.hardship"], HOLDER)
    reason = "证件照片里的名字看不清"
    service.return_for(office.house, submit.cases[0].case_id, CLERK, ["id_card"], reason)
    office.move(submit.cases[0].case_id, "supply", says="窗口收到了原件")
    secrets = [NAME, IDENTITY, PHONE, reason, "窗口收到了原件", "看不清"]
    kept = everything(office) + caplog.text
    assert submit.receipt in kept  # the search does see what stands there in the clear
    assert [secret for secret in secrets if secret in kept or json.dumps(secret)[1:-1] in kept] == []


def everything(office: Office) -> str:
    """Every value of every table as text (bytes as they are, so that an unsealed one is found)."""
    store, found = office.house.store, []
    with store.engines.pages.connect() as tx:
        schemas = ("public", "dbos") if store.on_postgres else (None,)
        for schema in schemas:
            for table in sa.inspect(tx).get_table_names(schema=schema):
                name = f'"{schema}"."{table}"' if schema else f'"{table}"'
                for row in tx.execute(sa.text(f"SELECT * FROM {name}")):
                    found += [
                        bytes(v).decode("utf-8", "replace") if isinstance(v, bytes | memoryview) else str(v)
                        for v in row
                    ]
    return "\n".join(found)


def test_who_is_deleted_leaves_no_application_and_who_takes_away_gets_all(office: Office) -> None:
    person, submit = office.submitted(["allowance.hardship"], HOLDER)
    service.return_for(office.house, submit.cases[0].case_id, CLERK, ["id_card"], "看不清")
    taken = people.export(office.house.store, person.id)["applications"]
    assert taken[0]["receipt"] == submit.receipt and IDENTITY in json.dumps(taken)
    assert taken[0]["cases"][0]["moves"][-1]["reason"] == "看不清"
    people.forget(office.house.store, person.id)
    with pytest.raises(states.NotFound):
        shown.get_application(office.house, submit.application_id)
    with pytest.raises(states.NotFound):
        office.move(submit.cases[0].case_id, "accept")
    assert found(office, IDENTITY) == []


@pytest.mark.parametrize(
    ("key", "value", "masked"),
    [
        ("field:name", "周桂兰", "周*兰"),
        ("field:name", "王红", "王*"),
        ("field:guardian_name", "欧阳小明", "欧阳*明"),
        ("field:id_number", IDENTITY, "990*************18"),
        ("field:phone", PHONE, "199******34"),
        ("field:residence_address", "通川区某某路12号", "通川区某****"),
        ("field:birth_date", "1985-03-04", "1985年*月*日"),
        ("note", "电话 199 0000 1234 找我", "电话 199********34 找我"),
        ("is_dibao", "是", "是"),
    ],
)
def test_values_are_masked_by_what_they_are(key: str, value: str, masked: str) -> None:
    assert masking.field(key, value) == masked


SAMPLES = {
    "name": "周桂兰",
    "id_number": IDENTITY,
    "id_number_of_another": IDENTITY,
    "card_number": IDENTITY + "42",
    "phone": PHONE,
    "bank_number": "6217001234567890123",
    "diploma_number": "106731202605001234",
    "address": "达州市通川区甲乙街道1号",
    "division5": "河南省南阳市宛城区甲镇乙村",
    "moved_household": "达州市通川区甲乙街道1号",
    "date": "1985-03-04",
    "text": "甲乙社区居委会",
}


def test_every_field_that_says_who_somebody_is_is_masked(office: Office) -> None:
    """A field that is kept under the person's key is never shown whole in a list; words of one's own hide their numbers."""
    fields = office.house.library.policy.fields
    for name, field in fields.items():
        if field.sensitive and name != "reason":
            assert masking.field(f"field:{name}", SAMPLES[field.rule]) != SAMPLES[field.rule], name
    assert PHONE not in masking.field("field:reason", f"请打{PHONE}")
