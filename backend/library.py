"""Fills the shelf that turns read from: package data, then the operator's files in `YIJIANSHI_DATA_DIR`, then
what the console keeps.

A file of the operator with the same name replaces the package's (a county's own pack, a longer dictionary). What
is broken there stops
the start with a message that names the file; while the server runs, the last good shelf stays.
"""

from __future__ import annotations

import gc
import logging
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from functools import cache, lru_cache
from importlib import resources
from pathlib import Path
from pkgutil import resolve_name
from typing import Any, TypeVar

import yaml
from stdnum import numdb

from backend.settings import Retention
from dialogs.directory import Directory
from dialogs.library import Library
from dialogs.papers import load_papers
from dialogs.policy import Policy, load_policy
from dialogs.policy.sheets import load_sheets
from dialogs.policy.source import as_text
from dialogs.understanding import Place, Reader, Understands, load_reader
from dialogs.wording import load_wording

T = TypeVar("T")

log = logging.getLogger(__name__)

_FOLDERS, _HOLIDAYS = ("policy", "wording", "understanding", "papers"), "holidays.yaml"
VERSION = "@"  # in the name of a file of packs: an earlier version of this region's
_YEARS = re.compile(r"(?:\[([^\]]*)\])?(.*)")
_NO_COUNTY = ("市辖区", "县", "市", "省直辖县级行政区划", "自治区直辖县级行政区划")  # headings of the table, not places


def load_library(
    data_dir: Path | None = None,
    directories: Mapping[str, Directory] | None = None,
    keeps: Mapping[str, int] | None = None,
    reads: bool = False,
    home: str = "",
    read_by: str = "",
    operator: str = "",
) -> Library:
    """A whole Library. `data_dir`: the operator's folder, with the sub-folders policy, wording, understanding,
    and holidays.yaml;
    `directories`: what the console keeps; `keeps`: the retention table in days; `reads`: whether pictures are read here; `home`:
    the address people reach the house at; `operator`: who answers for what is kept, as the notice
    names them; `read_by`: another reader than the rules ("package.module:factory"; which gets the
    rules' reader and gives what has its `read`), "" for the rules alone. ValueError names the file and what to do."""
    policy = _made(_policies, **policy_texts(data_dir))
    rules = _made(
        _reader,
        dictionary=_text("dialogs.understanding", "dictionary.txt", data_dir),
        tables=_texts("dialogs.understanding", "", data_dir),
        faq=_texts("dialogs.understanding", "faq", data_dir),
    )
    return Library(
        policy=policy,
        reader=rules,
        words=load_wording(_texts("dialogs.wording", "", data_dir)),
        directories=dict(directories or {}),
        holidays=_holidays(data_dir),
        keeps=dict(keeps or Retention().model_dump()),
        county_names={place.code: place.province + place.prefecture + place.name for place in divisions()},
        sheets=load_sheets(_texts("dialogs.policy", "sheets", data_dir), policy),
        papers=load_papers(_text("dialogs.papers", "papers.yaml", data_dir)),
        reads=reads,
        home=home,
        operator=operator,
        read_by=read_by,
        other_reader=_other_reader(read_by, rules) if read_by else None,
    )


def _other_reader(name: str, rules: Reader) -> Understands:
    """What the operator has named, made over the rules. ValueError says what is wrong with the name."""
    try:
        made: Understands = resolve_name(name)(rules)
    except (ImportError, AttributeError, ValueError, TypeError) as wrong:
        raise ValueError(
            f"YIJIANSHI_READER={name}: {wrong}. Write package.module:factory; factory(rules) gives an object with read()."
        ) from wrong
    return made


def _made(make: Callable[..., T], **texts: str | Mapping[str, str]) -> T:
    """What `make` makes of these texts. It is kept: where one file changed, only what reads that file is made again."""
    frozen = tuple((name, text if isinstance(text, str) else tuple(text.items())) for name, text in texts.items())
    made: T = _kept(make, frozen)
    return made


@lru_cache(maxsize=4)
def _kept(make: Callable[..., Any], frozen: tuple[tuple[str, str | tuple[tuple[str, str], ...]], ...]) -> Any:
    with _nothing_thrown_away():
        return make(**{name: text if isinstance(text, str) else dict(text) for name, text in frozen})


def _policies(**texts: Any) -> Policy:
    return load_policies(texts)


def _reader(**texts: Any) -> Reader:
    return load_reader(**texts, places=divisions())


@contextmanager
def _nothing_thrown_away() -> Iterator[None]:
    """All that is made while loading stays: looking through it for rubbish costs a sixth of the time."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def stamp(data_dir: Path | None) -> tuple[tuple[str, int, int], ...]:
    """What the operator's files look like from outside: name, time of change, size. Different: something was put there."""
    folders = [data_dir / name for name in _FOLDERS] if data_dir else []
    found = (path for folder in folders for path in folder.rglob("*") if path.suffix in (".yaml", ".txt"))
    files = sorted([*found, *(data_dir.glob(_HOLIDAYS) if data_dir else ())])
    return tuple((str(path), one.st_mtime_ns, one.st_size) for path in files if (one := _looked_at(path)))


def _looked_at(path: Path) -> os.stat_result | None:
    """None: it went away between the listing and the look."""
    try:
        return path.stat()
    except FileNotFoundError:
        return None


def freshened(data_dir: Path | None, standing: Library) -> Library:
    """The shelf with the files as they are now; the one that stands, when one of them cannot be used, which the operator
    reads in the log with file and line."""
    try:
        return load_library(
            data_dir,
            standing.directories,
            standing.keeps,
            standing.reads,
            standing.home,
            standing.read_by,
            standing.operator,
        )
    except (ValueError, OSError) as broken:
        log.error("library_broken", extra={"error": str(broken)})
        return standing


def policy_texts(data_dir: Path | None) -> dict[str, Any]:
    """What `load_policies` reads, as texts."""
    return {
        "packs": _texts("dialogs.policy", "packs", data_dir),
        "clauses": _texts("dialogs.policy", "clauses", data_dir),
        **{name: _text("dialogs.policy", f"{name}.yaml", data_dir) for name in ("facts", "fields", "materials")},
    }


def load_policies(texts: Mapping[str, Any], instead: Mapping[str, str] | None = None) -> Policy:
    """Every pack, and the earlier versions that talks keep. `instead`: region -> text in the place of a pack's.
    PolicyError names file, line and what to do."""
    packs = {**texts["packs"], **(instead or {})}
    now = {region: text for region, text in packs.items() if VERSION not in region}
    return load_policy(**{**texts, "packs": now}, earlier=tuple(_earlier(packs)))


def _earlier(packs: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Versions that talks which began with them keep: `packs/henan@<version>.yaml`, and the package's own that a file of
    the operator has taken the place of."""
    for name, text in packs.items():
        if VERSION in name:
            yield name.split(VERSION)[0], text
    own = _texts("dialogs.policy", "packs", None)
    yield from ((region, text) for region, text in own.items() if VERSION not in region and packs[region] != text)


@cache
def divisions() -> tuple[Place, ...]:
    """Today's counties, districts and cities of the six-digit code table (GB/T 2260) that python-stdnum carries."""
    return tuple(place for province in numdb.get("cn/loc").prefixes for place in _counties(province))


def _counties(province: Any) -> Iterator[Place]:
    """The counties of one province of the table, each with its prefecture; what has been dissolved is left out."""
    _, head, _, properties, divisions = province
    names = {code: _named_today(entry.get("county", "")) for _, code, _, entry, _ in divisions}
    for code, name in names.items():
        if code.endswith("00") or not name or name in _NO_COUNTY:
            continue
        prefecture = names.get(code[:2] + "00", "")
        yield Place(head + code, name, "" if prefecture in _NO_COUNTY else prefecture, properties["province"])


def _named_today(entry: str) -> str:
    """The newest of the names, without the years in front of it; "" when those years have ended."""
    years, name = _YEARS.fullmatch(entry.rsplit(",", 1)[-1]).groups()  # type: ignore[union-attr]
    return name if years is None or years.endswith("-") else ""


def _text(package: str, name: str, data_dir: Path | None) -> str:
    own = data_dir / package.rsplit(".", 1)[-1] / name if data_dir else None
    if own is not None and own.is_file():
        return as_text(name, own.read_bytes())
    return resources.files(package).joinpath(name).read_text("utf-8")


def _texts(package: str, folder: str, data_dir: Path | None) -> dict[str, str]:
    """Every YAML file of a folder of package data by its stem, the operator's files laid over them."""
    root = resources.files(package).joinpath(folder) if folder else resources.files(package)
    found = {Path(f.name).stem: f.read_text("utf-8") for f in root.iterdir() if f.name.endswith(".yaml")}
    own = data_dir / package.rsplit(".", 1)[-1] / folder if data_dir else None
    if own is not None and own.is_dir():
        found |= {path.stem: as_text(f"{folder}/{path.name}", path.read_bytes()) for path in sorted(own.glob("*.yaml"))}
    return found


def _holidays(data_dir: Path | None) -> dict[date, bool]:
    """The operator's overrides: `2027-02-16: true` is a day off, `false` a day of work."""
    path = data_dir / _HOLIDAYS if data_dir else None
    if path is None or not path.is_file():
        return {}
    entries = yaml.safe_load(path.read_text("utf-8")) or {}
    if not all(isinstance(day, date) and isinstance(off, bool) for day, off in entries.items()):
        raise ValueError(f"{path}: every line is a date and true (day off) or false (work), like 2027-02-16: true")
    return dict(entries)
