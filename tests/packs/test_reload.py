"""The operator's files while the server runs: a good one takes effect, a bad one is told with file and line and leaves the last
good shelf standing."""

import logging
import os
from pathlib import Path

import pytest

from backend.library import freshened, stamp
from tests.packs.conftest import pack_texts
from tests.talks.runner import library


def put(folder: Path, text: str, region: str = "tongchuan") -> None:
    packs = folder / "policy" / "packs"
    packs.mkdir(parents=True, exist_ok=True)
    (packs / f"{region}.yaml").write_text(text, "utf-8")


def test_a_bad_file_leaves_the_last_good_shelf_and_says_what_to_do(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    standing = library()
    put(tmp_path, pack_texts()["tongchuan"].replace("fact: is_dibao", "fact: is_dibo", 1))
    with caplog.at_level(logging.ERROR):
        assert freshened(tmp_path, standing) is standing
    (told,) = [record for record in caplog.records if record.getMessage() == "library_broken"]
    assert "packs/tongchuan.yaml, line " in told.error and "is_dibo" in told.error  # type: ignore[attr-defined]


def test_a_good_file_takes_effect_and_the_version_before_is_kept(tmp_path: Path) -> None:
    standing = library()
    put(tmp_path, pack_texts()["tongchuan"].replace("version: 2022-12-22.1", "version: 2026-12-01.1"))
    fresh = freshened(tmp_path, standing)
    assert fresh.policy.packs["tongchuan"].version == "2026-12-01.1"
    assert standing.policy.packs["tongchuan"].key in fresh.policy.earlier
    assert fresh.directories == standing.directories


def test_a_talk_keeps_the_parent_and_the_neighbour_that_it_began_with(tmp_path: Path) -> None:
    """When only the province's document changes, a county's pack over it is another one too, and so is each pack that
    takes in what the province leaves to the residence."""
    standing = library().policy
    put(tmp_path, pack_texts()["sichuan"].replace("version: ", "version: 2030-01-01.1 #", 1), "sichuan")
    put(tmp_path, pack_texts()["yunnan"].replace("version: ", "version: 2030-01-01.1 #", 1), "yunnan")
    fresh = freshened(tmp_path, library()).policy
    assert fresh.packs["tongchuan"].key != standing.packs["tongchuan"].key
    began = [standing.packs[name] for name in ("tongchuan", "sichuan", "yunnan")]
    joined = [pack for regions, pack in standing.joined.items() if {"sichuan", "yunnan"} & {*regions}]
    assert joined
    for pack in (*began, *joined):
        assert fresh.earlier[pack.key].ids == pack.ids
    assert not {pack.key for pack in (*fresh.packs.values(), *fresh.joined.values())} & fresh.earlier.keys()
    assert fresh.packs["henan"].key not in fresh.earlier


def test_a_file_that_goes_away_while_it_is_looked_at_is_no_file(tmp_path: Path) -> None:
    put(tmp_path, "region: a")
    gone = tmp_path / "policy" / "packs" / "gone.yaml"
    gone.symlink_to(tmp_path / "nowhere.yaml")  # listed, and not there when it is looked at
    assert [Path(name).name for name, *_ in stamp(tmp_path)] == ["tongchuan.yaml"]


def test_a_change_is_seen_from_outside(tmp_path: Path) -> None:
    assert stamp(None) == stamp(tmp_path) == ()
    put(tmp_path, "region: a")
    seen = stamp(tmp_path)
    assert len(seen) == 1
    os.utime(tmp_path / "policy" / "packs" / "tongchuan.yaml", ns=(1, 1))
    assert stamp(tmp_path) != seen
    (tmp_path / "blobs").mkdir()
    (tmp_path / "blobs" / "note.txt").write_text("x")
    assert len(stamp(tmp_path)) == 1
