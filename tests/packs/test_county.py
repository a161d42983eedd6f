"""A county of your own: from an empty folder, with two files and no Python."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from backend.cli import main
from backend.library import load_library
from dialogs.policy import PolicyError, decide_lines

COUNTY = Path(__file__).parent / "county"
PERSON = {
    "household_county": "990101",
    "holds_card": True,
    "card_level": 2,
    "is_dibao": False,
    "is_tekun": False,
    "age": 60,
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for kind in ("packs", "clauses"):
        (tmp_path / "policy" / kind).mkdir(parents=True)
    (tmp_path / "policy" / "packs" / "small.yaml").write_text((COUNTY / "pack.yaml").read_text())
    (tmp_path / "policy" / "clauses" / "small.yaml").write_text((COUNTY / "clauses.yaml").read_text())
    monkeypatch.setenv("YIJIANSHI_DATA_DIR", str(tmp_path))
    return tmp_path


def test_two_files_in_an_empty_folder_make_a_county_that_decides_and_asks(folder: Path) -> None:
    policy = load_library(folder).policy
    case = {"id": 1, "region": "small", "on": "2026-03-02", "facts": PERSON}
    told = json.loads(next(decide_lines(policy, [json.dumps(case)])))
    assert told["items"]["allowance.nursing"]["verdict"] == "eligible"
    assert told["items"]["card.new"]["verdict"] == "not_eligible"
    assert {one["clause"] for one in told["items"]["allowance.nursing"]["why"]} == {"第一条", "第二条"}
    younger = json.loads(next(decide_lines(policy, [json.dumps({**case, "facts": {**PERSON, "age": 59}})])))
    assert younger["items"]["allowance.nursing"]["verdict"] == "not_eligible"
    first = json.loads(next(decide_lines(policy, [json.dumps({**case, "facts": {}})])))
    assert first["next_question"] == "household_county"


def test_a_county_of_ones_own_is_walked_to_its_end_by_the_command_however_many_walk(folder: Path) -> None:
    alone, beside = (CliRunner().invoke(main, ["packs", "cover", "small", "--jobs", jobs]) for jobs in "12")
    assert alone.exit_code == beside.exit_code == 0, alone.output + beside.output
    assert "small, the living: " in alone.stdout
    assert " 0 faults" in alone.stdout
    assert alone.stdout == beside.stdout


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("fact: is_dibao", "fact: is_dibo", "no fact is called “is_dibo”"),
        ("clause: 第二条\n    holds: 是一级或二级。", "clause: 第三条\n    holds: 是一级或二级。", "第三条"),
        ("dated: 2026-01-05", "dated: 2026-13-05", "2026-13-05"),
        ("counties: [", "counties: &a [", "anchor"),
        ("name: 小河县\n", "name: 小河县\nparent: {region: small, says: 两边都有。}\n", "lies over itself"),
    ],
)
def test_a_bad_file_is_refused_with_its_name_its_line_and_what_to_do(
    folder: Path, old: str, new: str, says: str
) -> None:
    file = folder / "policy" / "packs" / "small.yaml"
    whole = file.read_text()
    assert old in whole
    file.write_text(whole.replace(old, new, 1))
    with pytest.raises(PolicyError, match=says) as caught:
        load_library(folder)
    line = whole[: whole.index(old)].count("\n") + 1
    assert caught.value.file == "packs/small.yaml"
    assert line - 6 <= caught.value.line <= line + 2
    assert caught.value.do


def test_two_counties_that_lie_over_each_other_are_refused(folder: Path) -> None:
    file = folder / "policy" / "packs" / "small.yaml"
    whole = file.read_text()

    def over(region: str) -> str:
        return whole.replace("name: 小河县\n", f"name: 小河县\nparent: {{region: {region}, says: 两边都有。}}\n", 1)

    file.write_text(over("other"))
    file.with_name("other.yaml").write_text(over("small").replace("region: small\n", "region: other\n", 1))
    with pytest.raises(PolicyError, match="lies over itself"):
        load_library(folder)
