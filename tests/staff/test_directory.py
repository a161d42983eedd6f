"""The county's own entries: whole, checked, versioned, read by the talk; and the demo's, which say that they are invented."""

from __future__ import annotations

from typing import Any

import pytest

from backend.staff import directory
from dialogs.directory import Directory
from tests.staff.world import HERE, Office

API = "/api/v1/staff/directory"


def opened(desk: Office, name: str = "hekezhang", county: str = HERE) -> Any:
    return desk.staff(name).get(f"{API}/{county}").json()


def save(desk: Office, entries: Any, version: int, name: str = "hekezhang", county: str = HERE) -> Any:
    return desk.staff(name).put(f"{API}/{county}", json={"version": version, "entries": entries})


def test_what_is_saved_is_what_the_talk_reads(each_desk: Office) -> None:
    kept = opened(each_desk)
    kept["entries"]["places"][0]["hours"] = ""
    kept["entries"]["answer_minutes"] = 25
    assert save(each_desk, kept["entries"], kept["version"]).json() == {"version": kept["version"] + 1}
    with each_desk.house.store.read() as tx:
        read = directory.read_directories(tx)
    assert read[HERE].places[0].hours == "" and read[HERE].answer_minutes == 25
    assert read[HERE] == Directory.model_validate(opened(each_desk)["entries"])


def test_of_two_who_save_the_same_version_the_second_is_told(desk: Office) -> None:
    kept = opened(desk)
    assert save(desk, kept["entries"], kept["version"]).status_code == 200
    answer = save(desk, kept["entries"], kept["version"], name="liuzhuren")
    assert (answer.status_code, answer.json()["code"]) == (409, "outdated")


@pytest.mark.parametrize(
    ("change", "at"),
    [
        ({"places": [{"name": ""}]}, "places.0.name"),
        ({"places": [{"address": "示例街"}]}, "places.0.name"),
        ({"duty": [{"days": [], "begins": "09:00", "ends": "12:00"}]}, "duty.0.days"),
        ({"duty": [{"days": [1], "begins": "9 o'clock", "ends": "12:00"}]}, "duty.0.begins"),
        ({"duty": [{"days": [1], "begins": "12:00", "ends": "09:00"}]}, "duty.0.ends"),
        ({"closed_on": ["2027-13-01"]}, "closed_on.0"),
        ({"contacts": [{"name": "求助", "source": "演示"}]}, "contacts.0.on"),
        ({"jump_url": "javascript:alert(1)"}, "jump_url"),
        ({"answer_minutes": 0}, "answer_minutes"),
        ({"secret": "x"}, "secret"),
    ],
)
def test_what_does_not_fit_is_named_with_its_place_and_nothing_is_saved(desk: Office, change: Any, at: str) -> None:
    kept = opened(desk)
    answer = save(desk, {**kept["entries"], **change}, kept["version"])
    assert answer.status_code == 422 and at in [place["at"] for place in answer.json()["places"]]
    assert opened(desk)["version"] == kept["version"]


def test_a_clerk_reads_and_does_not_write(desk: Office) -> None:
    kept = opened(desk, "chenyu")
    assert kept["may_save"] is False
    assert save(desk, kept["entries"], kept["version"], name="chenyu").status_code == 403


def test_another_county_s_entries_cannot_be_read_or_written(desk: Office) -> None:
    kept = opened(desk)
    assert desk.staff("hekezhang").get(f"{API}/140728").status_code == 404
    assert save(desk, kept["entries"], 1, county="140728").status_code == 404
    assert desk.staff("zhaomin").get(f"{API}/{HERE}").status_code == 404


def test_the_county_of_the_address_counts_not_one_in_the_body(desk: Office) -> None:
    kept = opened(desk)
    save(desk, {**kept["entries"], "county": "140728"}, kept["version"])
    assert opened(desk)["entries"]["county"] == HERE


def test_the_demo_s_entries_say_that_they_are_invented_and_are_not_written_over(desk: Office) -> None:
    assert all(one.invented for one in directory.demo_directories())
    kept = opened(desk)
    save(desk, {**kept["entries"], "name": "改过的"}, kept["version"])
    directory.seed_demo(desk.house.store)
    assert opened(desk)["entries"]["name"] == "改过的"
