"""Runs of characters as values: what counts as proven, what a misread digit does, and how lines become rows and cells."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from stdnum import luhn

from backend.photos.reading import extract, values
from backend.photos.reading.layout import joined, rows
from backend.photos.reading.ocr import Line
from tests.photos.papers import Random, people

NUMBER = "99010119570512301X"


def line(text: str, x: float = 0, y: float = 0, tall: float = 30, score: float = 0.99) -> Line:
    """A line of square characters, half as wide where they are digits."""
    wide = sum(tall / 2 if char.isascii() else tall for char in text)
    quad = np.array([(x, y), (x + wide, y), (x + wide, y + tall), (x, y + tall)], np.float32)
    return Line(text, (score,) * len(text), quad)


def valid(number: str) -> str:
    from stdnum.iso7064 import mod_11_2

    return number[:17] + mod_11_2.calc_check_digit(number[:17])


def page(*lines: Line) -> dict[str, extract.ReadField]:
    kind, score = extract.kinds(lines)[0]
    return {field.name: field for field in extract.read(kind, score, lines).fields}


@given(st.integers(0, 10**6), st.integers(0, 17), st.sampled_from("0123456789X"))
def test_no_single_misread_digit_of_an_identity_number_is_proven(seed: int, at: int, wrong: str) -> None:
    number = people.invented(Random(seed)).id_number
    if number[at] == wrong:
        return
    read = values.read("id_number", joined([line(number[:at] + wrong + number[at + 1 :])]))
    assert read is None or read.text != number


@given(st.integers(0, 10**6), st.integers(0, 18), st.sampled_from("0123456789"))
def test_no_single_misread_or_lost_digit_of_a_bank_card_is_proven(seed: int, at: int, wrong: str) -> None:
    number = people.bank_number(Random(seed))
    at %= len(number)
    for spoilt in (number[:at] + wrong + number[at + 1 :], number[:at] + number[at + 1 :]):
        read = values.read("bank_number", joined([line(spoilt)]))
        assert (read is not None) == (spoilt == number)


def test_a_number_that_was_read_with_doubt_is_not_proven_though_its_check_digit_holds() -> None:
    number = valid(NUMBER)
    assert values.read("id_number", joined([line(number)])).checked
    assert not values.read("id_number", joined([line(number, score=0.5)])).checked


def test_letters_that_look_like_digits_count_where_the_check_digit_holds() -> None:
    number = valid(NUMBER)
    seen = number.replace("0", "O").replace("1", "l")
    assert values.read("id_number", joined([line(seen)])).text == number


def test_a_card_number_is_proven_only_by_the_level_and_category_beside_it() -> None:
    identity = people.invented(Random(1)).id_number
    title = line("中华人民共和国残疾人证", 200)
    number = line(f"残疾人证号:{identity}43", 0, 200)
    agreed = page(title, number, line("残疾类别:肢体", 0, 50), line("残疾等级:三级", 0, 100))
    assert (agreed["disability_card_no"].checked, agreed["card_level"].checked) == (True, True)
    for other in (line("残疾等级:二级", 0, 100), line("残疾等级", 0, 100)):
        unsure = page(title, number, line("残疾类别:肢体", 0, 50), other)
        assert not unsure["disability_card_no"].checked


def test_of_two_numbers_in_a_letter_each_belongs_to_whom_it_is_said_of() -> None:
    ward, guardian = (people.invented(Random(seed)) for seed in (3, 4))
    read = page(
        line("监护关系证明", 100),
        line(f"兹证明{ward.name},身份证号码{ward.id_number},系我村居", 0, 100),
        line(f"民.其监护人为{guardian.name},身份证号码{guardian.id_number}.", 0, 150),
    )
    assert read["guardian_id_number"].value == guardian.id_number
    assert read["guardian_name"].value == guardian.name


def test_an_address_goes_on_in_the_lines_below_it_and_ends_at_the_next_label() -> None:
    read = page(
        line("姓名", 0, 0),
        line("张家明", 90, 0),
        line("性别男民族汉", 0, 60),
        line("住址", 0, 120),
        line("天河省云溪市青石县三合镇", 90, 120),
        line("民族路12号", 90, 165),
        line("公民身份号码", 0, 260),
        line(valid(NUMBER), 220, 260),
    )
    assert read["household_address"].value == "天河省云溪市青石县三合镇民族路12号"
    assert read["name"].value == "张家明"
    assert read["id_number"].checked


def test_a_name_whose_label_is_too_pale_is_what_stands_over_the_next_row() -> None:
    read = page(
        line("张家明", 90, 0),
        line("性别男民族汉", 0, 60),
        line("出生1957年5月12日", 0, 90),
        line("公民身份号码", 0, 260),
        line(valid(NUMBER), 220, 260),
    )
    assert read["name"].value == "张家明"


def test_a_name_ends_at_the_next_label_also_where_that_is_misread_and_begins_behind_what_is_left_of_its_own() -> None:
    head, number = line("中华人民共和国残疾评定表", 0, -60), line("身份证号" + valid(NUMBER), 0, 60)
    assert page(head, line("姓名蔡琰浩", 0, 0), line("产主关系", 190, 0), number)["name"].value == "蔡琰浩"
    assert page(head, line("86马兰辉", 0, 0), line("性别女", 400, 0), number)["name"].value == "马兰辉"
    assert "name" not in page(head, line("尊名果运才", 0, 0), line("性别女", 400, 0), number)


def test_rows_of_a_paper_that_lies_askew_stay_rows() -> None:
    turn = np.radians(14)
    matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    flat = [line(text, x, y) for y in (0, 60, 120) for x, text in ((0, f"左{y}左左左"), (500, f"右{y}右右右"))]
    askew = [Line(one.text, one.scores, (one.quad @ matrix.T).astype(np.float32)) for one in flat]
    assert [row.text for row in rows(askew)] == [f"左{y}左左左右{y}右右右" for y in (0, 60, 120)]


def test_doubtful_characters_are_marked_where_they_stand() -> None:
    scores = (0.99, 0.99, 0.99, 0.99, 0.6, 0.99)
    quad = line("姓名:张忞明").quad
    read = page(
        Line("姓名:张忞明", scores, quad),
        line("性别男民族汉", 0, 60),
        line("公民身份号码", 0, 260),
        line(valid(NUMBER), 220, 260),
    )
    assert (read["name"].value, read["name"].doubtful, read["name"].score) == ("张忞明", (1,), 0.6)


def test_dates_of_validity_are_written_as_dates() -> None:
    for text, first, last in (
        ("2016.02.15-2036.02.15", "2016-02-15", "2036-02-15"),
        ("2016.02.15-长期", "2016-02-15", "长期"),
        ("2016年2月5日至2026年2月5日", "2016-02-05", "2026-02-05"),
        ("2016.13.15-2036.02.35", None, None),
    ):
        run = joined([line(text)])
        read = [values.read(as_, run) for as_ in ("from", "to")]
        assert [value.text if value else None for value in read] == [first, last], text


def test_the_check_digit_of_invented_cards_is_true() -> None:
    assert all(luhn.is_valid(people.bank_number(Random(seed))) for seed in range(20))
