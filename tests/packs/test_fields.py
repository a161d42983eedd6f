"""The form: which fields are needed, and what may be written in them. Every number is invented (990101 is nowhere)."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import luhn
from stdnum.iso7064 import mod_11_2

from dialogs.policy import Field, Pack, Policy, check, facts_from_fields, form_fields
from dialogs.policy.decide import complete
from dialogs.policy.fields import CHECKS, check_value, still_stands

TODAY = date(2026, 3, 2)
HOLDER = {"household_county": "511702", "holds_card": True, "is_dibao": False, "card_status": "valid", "card_level": 2}


def number(body: str) -> str:
    return body + mod_11_2.calc_check_digit(body)


MAN = number("99010119800101001")
WITH_X = next(n for n in (number(f"99010119800101{at:03}") for at in range(1, 400)) if n.endswith("X"))


def fields(policy: Policy, pack: Pack, facts: dict[str, Any], *items: str) -> dict[str, Field]:
    return {field.name: field for field in form_fields(policy, pack, facts, items, TODAY)}


def written(rule: str, value: Any, others: dict[str, Any] | None = None, **more: Any) -> tuple[Any, str]:
    texts = dict.fromkeys(("name", "label", "question", "hint", "fact", "same_as", "document", "clause"), "")
    others_ = {"input": "text", "options": (), "explained": (), "sensitive": True, "derived": False, "value": None}
    others_["may_be_blank"] = False
    blank: dict[str, Any] = {**texts, **others_, "rule": rule}
    return check(Field(**{**blank, **more}), value, others or {}, TODAY)


@pytest.mark.parametrize("value", [MAN, f" {MAN[:6]} {MAN[6:14]}-{MAN[14:]}", WITH_X, WITH_X.lower()])
def test_a_right_identity_number_is_taken_however_it_is_written(value: str) -> None:
    assert written("id_number", value) in ((MAN, ""), (WITH_X, ""))


def test_full_width_digits_are_digits() -> None:
    wide = MAN.translate(str.maketrans("0123456789", "０１２３４５６７８９"))
    assert written("id_number", wide) == (MAN, "")


@pytest.mark.parametrize(
    ("value", "word"),
    [
        ("", "18位"),
        (MAN[:-1], "17位"),
        (MAN + "1", "19位"),
        ("990101800101001", "15位"),
        (MAN[:-2] + "X" + MAN[-1], "只有数字"),
        (number("99010119800230001"), "生日"),
        (number("99010120260303001"), "生日"),
        (number("99010117000101001"), "生日"),
        (MAN[:-1] + str((int(MAN[-1]) + 1) % 10), "对不上"),
    ],
)
def test_a_wrong_identity_number_is_told_kindly_and_never_repeated(value: str, word: str) -> None:
    taken, problem = written("id_number", value)
    assert taken is None
    assert word in problem
    assert not value or value not in problem


@given(at=st.integers(0, 16), digit=st.integers(1, 9))
def test_one_wrong_digit_is_always_noticed(at: int, digit: int) -> None:
    wrong = MAN[:at] + str((int(MAN[at]) + digit) % 10) + MAN[at + 1 :]
    assert written("id_number", wrong)[0] is None


def test_somebody_born_today_has_a_number_already() -> None:
    assert written("id_number", number("99010120260302001"))[1] == ""


@pytest.mark.parametrize("tail", ["42", "71", "14B1", "64B12", "23b2"])
def test_a_card_number_is_identity_category_level_and_perhaps_a_reissue(tail: str) -> None:
    for person in (MAN, WITH_X):
        assert written("card_number", person + tail, {"id_number": person}) == ((person + tail).upper(), "")


@pytest.mark.parametrize("tail", ["", "4", "82", "45", "421", "42B", "42C1", "42B123", "0"])
def test_a_card_number_that_cannot_be_is_refused(tail: str) -> None:
    assert written("card_number", MAN + tail)[0] is None


def test_a_card_number_of_somebody_else_is_noticed() -> None:
    assert "不一样" in written("card_number", WITH_X + "42", {"id_number": MAN})[1]
    assert written("card_number", MAN[:-1] + "A42")[0] is None


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("13800001111", "13800001111"),
        ("138 0000 1111", "13800001111"),
        ("138-0000-1111", "13800001111"),
        ("+86 13800001111", "13800001111"),
        ("0818-2345678", "0818-2345678"),
        ("08182345678", "0818-2345678"),
        ("(028)87654321", "028-87654321"),
    ],
)
def test_a_phone_is_a_mobile_or_a_landline_with_its_area_code(value: str, kept: str) -> None:
    assert written("phone", value) == (kept, "")


@pytest.mark.parametrize("value", ["", "12345", "12800001111", "1380000111", "138000011112", "2345678", "电话没有"])
def test_what_is_no_phone_is_refused(value: str) -> None:
    assert written("phone", value)[0] is None


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("王小明", "王小明"),
        (" 王 小 明 ", "王小明"),
        ("阿卜杜拉•买买提", "阿卜杜拉·买买提"),
        ("阿卜杜拉．买买提", "阿卜杜拉·买买提"),
        ("𠮷田", "𠮷田"),
    ],
)
def test_names_keep_their_dot_and_rare_characters(value: str, kept: str) -> None:
    assert written("name", value) == (kept, "")


@pytest.mark.parametrize("value", ["", "123", "Wang", "王1", "·", "王<b>", "王" * 51])
def test_what_is_no_name_is_refused(value: str) -> None:
    assert written("name", value)[0] is None


@pytest.mark.parametrize("value", ["1985-03-02", "1985年3月2日", "1985.3.2", "1985/03/02", "19850302"])
def test_a_date_may_be_written_as_people_do(value: str) -> None:
    assert written("date", value) == ("1985-03-02", "")


@pytest.mark.parametrize("value", ["1985-02-30", "2026-03-03", "昨天", "", "1700-01-01", "1985"])
def test_a_day_that_is_none_or_not_yet_is_refused(value: str) -> None:
    assert written("date", value)[0] is None


def test_an_address_can_be_found() -> None:
    assert written("address", "通川区 西城街道某社区1号") == ("通川区西城街道某社区1号", "")
    for bad in ("", "这里", "12345678", "某" * 121):
        assert written("address", bad)[0] is None


def test_a_choice_is_one_of_those_shown_by_value_or_by_name(policy: Policy, tongchuan: Pack) -> None:
    ethnicity = fields(policy, tongchuan, HOLDER, "allowance.nursing")["ethnicity"]
    assert check(ethnicity, "汉", {}, TODAY) == ("汉族", "")
    assert check(ethnicity, "土家族", {}, TODAY) == ("土家族", "")
    assert check(ethnicity, "火星族", {}, TODAY)[0] is None
    paid = fields(policy, tongchuan, HOLDER, "medical.subsidy")["medical_paid"]
    assert check(paid, True, {}, TODAY) == (True, "")
    assert check(paid, 1, {}, TODAY)[0] is None
    assert check(paid, "还没有", {}, TODAY) == (False, "")


def test_the_same_stands_for_what_was_written_before(policy: Policy, tongchuan: Pack) -> None:
    facts = {**HOLDER, "card_lost": True, "delivery_choice": "post"}
    post = fields(policy, tongchuan, facts, "card.loss")["post_address"]
    assert check(post, "same", {"residence_address": "通川区某路1号"}, TODAY) == ("通川区某路1号", "")
    assert check(post, "same", {}, TODAY)[0] is None


BANK_CARD = "621700123456789012"
BANK_CARD += luhn.calc_check_digit(BANK_CARD)


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (BANK_CARD, BANK_CARD),
        (f"{BANK_CARD[:4]} {BANK_CARD[4:8]}-{BANK_CARD[8:]}", BANK_CARD),
        ("601234567890123456", "601234567890123456"),  # a passbook's account number has no check digit
        ("123456789012", "123456789012"),
    ],
)
def test_a_bank_card_or_a_passbook_is_taken(value: str, kept: str) -> None:
    assert written("bank_number", value) == (kept, "")


@pytest.mark.parametrize(
    ("value", "word"),
    [
        ("", "数字"),
        ("卡上的号", "数字"),
        ("12345678901", "11位"),
        ("1" * 20, "20位"),
        (BANK_CARD[:-1] + str((int(BANK_CARD[-1]) + 1) % 10), "对不上"),
        (BANK_CARD[:6] + BANK_CARD[7] + BANK_CARD[6] + BANK_CARD[8:], "对不上"),
    ],
)
def test_a_bank_number_that_cannot_be_is_told_with_what_to_do(value: str, word: str) -> None:
    taken, problem = written("bank_number", value)
    assert taken is None and word in problem


def test_a_guardian_has_a_number_of_their_own() -> None:
    assert written("id_number_of_another", WITH_X, {"id_number": MAN}) == (WITH_X, "")
    assert "监护人" in written("id_number_of_another", MAN, {"id_number": MAN})[1]
    assert "17位" in written("id_number_of_another", MAN[:-1])[1]


def test_a_household_that_has_moved_is_somewhere_else() -> None:
    old = {"transfer_old_household": "宛城区甲镇乙村1号"}
    assert written("moved_household", "卧龙区丙镇丁村2号", old) == ("卧龙区丙镇丁村2号", "")
    assert "一样" in written("moved_household", "宛城区 甲镇乙村1号", old)[1]
    assert written("moved_household", "那里", old)[0] is None


@pytest.mark.parametrize(
    "value", ["河南省南阳市宛城区甲镇乙村", "云南省昆明市五华区甲街道乙社区", "内蒙古某盟某旗某苏木某嘎查"]
)
def test_five_levels_of_divisions_go_down_to_the_village(value: str) -> None:
    assert written("division5", value) == (value, "")


@pytest.mark.parametrize("value", ["", "河南省南阳市宛城区", "南阳市宛城区甲镇", "甲镇乙村", "乙村甲镇宛城区"])
def test_a_division_that_stops_above_the_village_is_asked_again(value: str) -> None:
    assert written("division5", value)[0] is None


@pytest.mark.parametrize(
    ("rule", "value", "kept"),
    [
        ("postcode", " 473 000 ", "473000"),
        ("postcode", "邮编是031100", "031100"),
        ("postcode", "４７３０００", "473000"),
        ("amount", "3,000元", "3000"),
        ("amount", 2500, "2500"),
        ("amount", "0", "0"),
        ("diploma_number", "10673 1202605 001234", "106731202605001234"),
        ("diploma_number", "ab-123456", "AB123456"),
        ("text", " 推拿、按摩 ", "推拿、按摩"),
        ("text", "工商银行\n五华支行", "工商银行 五华支行"),
    ],
)
def test_the_other_rules_take_what_people_write(rule: str, value: Any, kept: str) -> None:
    assert written(rule, value) == (kept, "")


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        ("postcode", "47300"),
        ("postcode", "000000"),
        ("postcode", "473000或者473001"),
        ("postcode", "四七三〇〇〇"),
        ("amount", "很多"),
        ("amount", "-5"),
        ("amount", "3000.5"),
        ("diploma_number", "12345"),
        ("diploma_number", "没有"),
        ("diploma_number", "1" * 31),
        ("text", ""),
        ("text", "……"),
        ("text", "好" * 101),
        ("text", "a\u202eb"),
        ("text", "a\x00b"),
    ],
)
def test_the_other_rules_refuse_what_cannot_be(rule: str, value: str) -> None:
    taken, problem = written(rule, value)
    assert taken is None and problem


def test_every_rule_of_a_field_is_known_and_every_problem_is_short(policy: Policy) -> None:
    for name, text in policy.fields.items():
        assert text.rule in CHECKS or text.input == "choices", name
    for rule in CHECKS:
        for bad in ("", "?", "1", "1" * 20, "好" * 200):
            problem = written(rule, bad)[1]
            assert all(len(sentence) <= 25 for sentence in problem.split("。")), problem


def test_every_field_speaks_in_short_sentences(policy: Policy) -> None:
    for name, text in policy.fields.items():
        options = [one for option in text.options for one in (option.label, option.hint)]
        for said in (text.ask, text.ask_dead, text.hint, text.same_label, *text.explained.values(), *options):
            assert all(len(one) <= 25 for one in said.replace("{who}", "您").split("。")), (name, said)
        assert "您" not in text.ask_dead and "您" not in text.ask


def test_several_can_be_chosen_and_nothing_that_is_not_there(policy: Policy) -> None:
    course = "training_course"
    assert check_value(policy, course, ["embroidery", "刺绣", "剪纸"], {}, TODAY) == (
        ["embroidery", "paper_cutting"],
        "",
    )
    assert check_value(policy, course, "摄影", {}, TODAY) == (["photography"], "")
    for bad in ([], ["nonsense"], [["a"]], {"a": 1}, True):
        assert check_value(policy, course, bad, {}, TODAY)[0] is None


@pytest.mark.parametrize("blank", ["", "none", ["none"], [], "不填", "unsure"])
def test_what_may_stay_blank_can_be_left_out_and_the_rest_cannot(policy: Policy, blank: Any) -> None:
    for name in ("postcode", "job_type", "reason", "zero_employment_family"):
        assert check_value(policy, name, blank, {}, TODAY) == ("", "")
    for name in ("name", "bank_account", "training_course", "marital_status"):
        assert check_value(policy, name, blank, {}, TODAY)[0] is None


def test_a_number_is_looked_at_again_when_the_one_it_belongs_to_has_changed(policy: Policy, tongchuan: Pack) -> None:
    card = replace(fields(policy, tongchuan, HOLDER, "allowance.nursing")["id_number"], rule="card_number")
    assert still_stands(card, MAN + "42", {"id_number": MAN}, TODAY)
    assert not still_stands(card, MAN + "42", {"id_number": WITH_X}, TODAY)


@pytest.mark.parametrize(("number", "gender"), [("99010119800101001", "male"), ("99010119800101002", "female")])
def test_what_the_numbers_say_is_never_asked(policy: Policy, tongchuan: Pack, number: str, gender: str) -> None:
    known = complete(tongchuan, {"disability_card_no": f"{number}{mod_11_2.calc_check_digit(number)}23B1"}, TODAY)
    told = {name: known[name] for name in ("gender", "age", "card_level", "pension_special")}
    assert told == {"gender": gender, "age": 46, "card_level": 3, "pension_special": "moderate"}
    assert set(known["card_categories"]) == {"hearing"}


def test_only_what_the_card_holds_can_be_cancelled(policy: Policy) -> None:
    henan = policy.packs["henan"]
    facts = {"household_county": "411302", "holds_card": True, "card_categories": ["vision", "hearing"]}
    found = fields(policy, henan, {**facts, "no_longer_disabled": True, "wants_cancel": True}, "card.cancel")
    assert [option.value for option in found["cancel_categories"].options] == ["vision", "hearing"]
    assert found["cancel_reason"].value == "recovered"


@pytest.mark.parametrize("value", [None, 5, ["a"], {"a": 1}, True])
def test_what_is_no_text_is_refused_without_an_exception(value: Any) -> None:
    for rule in ("id_number", "phone", "name", "address", "date", "card_number"):
        assert written(rule, value)[0] is None


@given(value=st.text(max_size=60))
def test_nothing_written_breaks_a_check(value: str) -> None:
    for rule in CHECKS:
        taken, problem = written(rule, value)
        assert (taken is None) == bool(problem)


BASE = ["name", "id_number", "birth_date", "ethnicity", "phone", "residence_address", "household_nature"]


def test_an_allowance_at_the_window_needs_the_base_and_two_derived_boxes(policy: Policy, tongchuan: Pack) -> None:
    found = fields(policy, tongchuan, HOLDER, "allowance.nursing")
    assert list(found) == [*BASE, "allowance_kinds", "is_dibao"]
    assert {name for name, field in found.items() if field.derived} == {"birth_date", "allowance_kinds", "is_dibao"}
    assert found["is_dibao"].value is False


def test_what_goes_on_elsewhere_or_comes_by_itself_needs_no_form(policy: Policy, tongchuan: Pack) -> None:
    facts = {**HOLDER, "is_dibao": True}
    assert fields(policy, tongchuan, facts, "allowance.nursing", "pension.subsidy", "medical.subsidy") == {}


def test_a_minor_brings_the_guardian_block_and_a_number_is_enough_to_see_it(policy: Policy, tongchuan: Pack) -> None:
    facts = {**HOLDER, "card_categories": ["physical"], "card_lost": True}
    block = ["guardian_name", "guardian_relation", "guardian_phone"]
    assert not set(block) & fields(policy, tongchuan, {**facts, "age": 18}, "card.loss").keys()
    assert set(block) <= fields(policy, tongchuan, {**facts, "age": 17}, "card.loss").keys()
    child = {**facts, "id_number": number("99010120170601001")}
    found = fields(policy, tongchuan, child, "card.loss")
    assert set(block) <= found.keys()
    assert found["birth_date"].value == date(2017, 6, 1)


def test_a_mental_or_intellectual_category_brings_the_guardian_block(policy: Policy, tongchuan: Pack) -> None:
    for facts in ({**HOLDER, "age": 40, "card_categories": ["mental"], "card_lost": True},):
        assert "guardian_name" in fields(policy, tongchuan, facts, "card.loss")
    new = {"household_county": "511702", "holds_card": False, "age": 40, "applied_categories": ["intellectual"]}
    assert "guardian_name" in fields(policy, tongchuan, new, "card.new")
    assert "guardian_name" not in fields(policy, tongchuan, {**new, "applied_categories": ["vision"]}, "card.new")


def test_a_new_card_has_to_reach_the_person_and_by_post_it_needs_an_address(policy: Policy, tongchuan: Pack) -> None:
    facts = {**HOLDER, "card_lost": True, "age": 40, "card_categories": ["physical"]}
    assert "delivery" in fields(policy, tongchuan, facts, "card.loss")
    assert "delivery" not in fields(policy, tongchuan, HOLDER, "allowance.nursing")
    assert "post_address" not in fields(policy, tongchuan, {**facts, "delivery_choice": "self_pickup"}, "card.loss")
    posted = fields(policy, tongchuan, {**facts, "delivery_choice": "post"}, "card.loss")
    assert list(posted)[-4:] == ["delivery", "post_address", "post_name", "post_phone"]


def test_after_a_death_nothing_is_asked_of_the_dead(policy: Policy, tongchuan: Pack) -> None:
    found = fields(policy, tongchuan, {**HOLDER, "is_deceased": True}, "card.cancel")
    assert "phone" not in found
    assert "residence_address" not in found
    assert found["guardian_name"].label == "办理人姓名"
    assert all("您" not in field.question for field in found.values())


def test_the_answers_of_the_form_state_their_facts(policy: Policy) -> None:
    stated = facts_from_fields(policy, {"id_number": MAN, "delivery": "post", "name": "王小明", "medical_paid": True})
    assert stated == {"id_number": MAN, "delivery_choice": "post", "medical_fee_fully_paid": True}


def test_having_none_is_an_answer_where_the_form_is_taken_without(policy: Policy) -> None:
    for said in ("没有", "无", "跳过", " 不知道 "):
        assert check_value(policy, "household_postcode", said, {}, TODAY) == ("", "")
        assert check_value(policy, "skills", said, {}, TODAY) == ("", "")
