"""`yijianshi packs ...`: for those who keep the policy. Checks, explains, draws, compares, tries out and walks through
packs; what it all means stands in dialogs/policy, and each tool is loaded when it is called, for the server is another command of
the same program. Nothing here needs the server or its secrets.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click
import yaml

from dialogs.policy import Pack, Policy, check_facts, facts_of, next_question
from dialogs.policy.source import as_text

if TYPE_CHECKING:
    from dialogs.policy.walk import Walked

THE_LIVING, THE_DEAD = "the living", "the dead"  # walks without a wish


@click.group(help="The policy: check, explain, draw, compare, try out, walk through.")
@click.pass_context
def packs(context: click.Context) -> None:
    context.obj = _data_dir()


@packs.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.pass_obj
def check(data_dir: Path | None, files: tuple[Path, ...]) -> None:
    """Check every pack, or these FILES in the place of those of the same name. Exit status 1 when something is wrong."""
    from tqdm import tqdm

    from dialogs.policy.soundness import findings

    policy = _policy(data_dir, {path.stem: _written(path) for path in files})
    names = [path.stem for path in files] or list(policy.packs)
    found = [
        (name, text)
        for name in tqdm(names, unit="pack", disable=None)
        for text in findings(policy, policy.packs[name], _today())
    ]
    for name, text in found:
        click.echo(f"packs/{name}.yaml: {text}")
    click.echo(f"{len(names)} packs, {len(found)} findings")
    sys.exit(1 if found else 0)


@packs.command("explain")
@click.argument("region")
@click.argument("item")
@click.argument("facts", default="")
@click.pass_obj
def explain_(data_dir: Path | None, region: str, item: str, facts: str) -> None:
    """Every condition of an ITEM with its clause; with FACTS (JSON) which holds, fails or is not known."""
    from dialogs.policy.plain import explain

    policy = _policy(data_dir)
    pack = _pack(policy, region)
    if item not in pack.rules:
        raise click.ClickException(f"no item is called “{item}”; there are: {', '.join(pack.ids)}")
    click.echo(explain(policy, pack, item, _facts(policy, (facts,)) if facts else None, _today()))


@packs.command("tree")
@click.argument("region")
@click.option("--write", "file", type=click.Path(path_type=Path), help="Write it there: .svg a picture, else Mermaid.")
@click.pass_obj
def tree_(data_dir: Path | None, region: str, file: Path | None) -> None:
    """The tree of questions of a REGION, and what each answer settles."""
    from dialogs.policy.tree import mermaid, svg, tree

    policy = _policy(data_dir)
    drawn = tree(policy, _pack(policy, region), _today())
    if file is None:
        click.echo(mermaid(drawn), nl=False)
    else:
        file.write_text(svg(drawn) if file.suffix == ".svg" else mermaid(drawn), "utf-8")
        click.echo(f"{file}: {len(drawn.boxes)} questions")


@packs.command()
@click.argument("old", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.argument("new", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.pass_obj
def diff(data_dir: Path | None, old: Path, new: Path) -> None:
    """What changes for whom between two files of one pack."""
    from tqdm import tqdm

    from dialogs.policy.compare import changes, moved
    from dialogs.policy.plain import valued

    versions = [(_policy(data_dir, {(name := _region(path)): _written(path)}), name) for path in (old, new)]
    (policy_old, region), (policy_new, _) = versions
    before, after = policy_old.packs[region], policy_new.packs[_region(new)]
    click.echo("【文字】")
    click.echo("\n".join(changes(policy_new, before, after)) or "没有变。")
    click.echo("\n【对谁有变化】")
    some = list(tqdm(moved(policy_old, before, policy_new, after, _today()), unit="group", disable=None))
    for one in some:
        told = "；".join(
            f"{policy_new.facts[name].title}={' 或 '.join(valued(policy_new, name, each) for each in values)}"
            for name, values in one.told
        )
        counted = f"{one.count}/{one.of} 种情况" + (f"，都有：{told}" if told else "")
        click.echo(f"{after.items[one.item].name}（{one.item}）：{one.what}。{counted}")
    if not some:
        click.echo("谁都没有变化。")


@packs.command("try")
@click.argument("region")
@click.argument("facts", nargs=-1)
@click.option("--wants", multiple=True, help="An item that is wanted; may be given several times.")
@click.option("--ask", is_flag=True, help="Ask for what is not known, one question after the other.")
@click.pass_obj
def try_(data_dir: Path | None, region: str, facts: tuple[str, ...], wants: tuple[str, ...], ask: bool) -> None:
    """The whole answer for one person of a REGION. FACTS: JSON, or name=value; without any, they are asked for."""
    from dialogs.policy.plain import answer

    policy = _policy(data_dir)
    pack, told = _pack(policy, region), _facts(policy, facts)
    if unknown := [item for item in wants if item not in pack.rules]:
        raise click.ClickException(f"no item is called “{unknown[0]}”; there are: {', '.join(pack.ids)}")
    if ask or not facts:
        told = _asked(policy, pack, told, wants or None)
    click.echo(answer(policy, pack, told, wants or None, _today()))


@packs.command()
@click.argument("region", required=False)
@click.option("--jobs", default=os.cpu_count() or 1, show_default="one a core", help="Processes; 1: in this one.")
@click.pass_obj
def cover(data_dir: Path | None, region: str | None, jobs: int) -> None:
    """Walk every talk to its end, with no wish and with each single one: all is decided, with a reason, and nothing is
    asked in vain. Exit status 1 if not."""
    policy = _policy(data_dir)
    wrong = False
    for name in [region] if region else list(policy.packs):
        wishes = [THE_LIVING, THE_DEAD, *_pack(policy, name).ids]
        walks = _walked_beside(data_dir, name, wishes, jobs) if jobs > 1 else _walked_here(policy, name, wishes)
        for wish, done in zip(wishes, walks, strict=True):
            who = wish if wish in (THE_LIVING, THE_DEAD) else f"wish {wish}"
            click.echo(
                f"{name}, {who}: {done.combinations} combinations, {done.states} distinct states; "
                f"questions: mean {done.mean:.2f}, longest talk {done.longest}; {len(done.faults)} faults"
            )
            for fault in done.faults:
                click.echo(f"  {fault}")
            wrong |= bool(done.faults)
    sys.exit(1 if wrong else 0)


def _walked(policy: Policy, region: str, wish: str, progress: Callable[[float], object]) -> Walked:
    """`progress`: is given the share of this walk that is done since the last call."""
    from dialogs.policy.walk import walk

    start = {"is_deceased": True} if wish == THE_DEAD else {}
    wants = None if wish in (THE_LIVING, THE_DEAD) else (wish,)
    return walk(policy, policy.packs[region], _today(), start=start, wants=wants, progress=progress)


def _walked_here(policy: Policy, region: str, wishes: Sequence[str]) -> list[Walked]:
    from tqdm import tqdm

    with tqdm(total=float(len(wishes)), desc=region, disable=None, bar_format="{l_bar}{bar}| {elapsed}") as bar:
        return [_walked(policy, region, wish, lambda share: bar.update(share)) for wish in wishes]


def _walked_beside(data_dir: Path | None, region: str, wishes: Sequence[str], jobs: int) -> list[Walked]:
    """The walks in several processes, each of which loads the packs for itself."""
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor, wait

    from tqdm import tqdm

    context = multiprocessing.get_context("spawn")
    walked, total = context.Value("d", 0.0), len(wishes)
    with (
        ProcessPoolExecutor(min(jobs, total), context, _begin_walking, (data_dir, walked)) as pool,
        tqdm(total=float(total), desc=region, disable=None, bar_format="{l_bar}{bar}| {elapsed}") as bar,
    ):
        # Benefits walk longest: they begin.
        running = [pool.submit(_walk_one, region, wish) for wish in reversed(wishes)]
        while wait(running, timeout=0.5).not_done:
            bar.update(walked.value - bar.n)
        return [one.result() for one in reversed(running)]


_walking: list[Any] = []  # in a process of `_walked_beside`: the packs, and what all have walked so far


def _begin_walking(data_dir: Path | None, walked: Any) -> None:
    _walking[:] = [_policy(data_dir), walked]


def _walk_one(region: str, wish: str) -> Walked:
    policy, walked = _walking

    def count(share: float) -> None:
        with walked.get_lock():
            walked.value += share

    return _walked(policy, region, wish, count)


# --- what is asked and given ---


def _asked(policy: Policy, pack: Pack, told: dict[str, Any], wants: Sequence[str] | None) -> dict[str, Any]:
    while question := next_question(policy, pack, told, wants, _today()):
        click.echo(question.text.replace("{who}", "本人") + (f"（{question.hint}）" if question.hint else ""))
        options = [option for option in question.options if option.value is not None]
        for at, option in enumerate(options, 1):
            click.echo(f"  {at} {option.label}")
        said = click.prompt("序号、数字或代码；不清楚就按回车", default="", show_default=False)
        told = {**facts_of(policy, question.key, _read(policy, question.key, question.input, options, said)), **told}
    return told


def _read(policy: Policy, key: str, input_: str, options: Sequence[Any], said: str) -> Any:
    """The answer's value; a list for several (“1 3”); None when nothing can be made of it."""
    numbers = [int(word) for word in said.replace("，", " ").replace(",", " ").split() if word.isdigit()]
    chosen = [options[at - 1].value for at in numbers if 0 < at <= len(options)]
    if input_ == "choices":
        return chosen or None
    if options and input_ != "place":
        return chosen[0] if chosen else None
    return said if input_ == "place" and len(said) == 6 else numbers[0] if numbers and input_ == "number" else None


def _facts(policy: Policy, words: Sequence[str]) -> dict[str, Any]:
    """Facts as one JSON object or as name=value (YAML values: true, 3, [mental]; of several choices also physical,mental)."""
    told: dict[str, Any] = {}
    try:
        for word in words:
            name, given, value = word.partition("=")
            told |= (
                json.loads(word) if word.lstrip().startswith("{") or not given else {name: _plain(policy, name, value)}
            )
        return check_facts(policy, told)
    except (ValueError, yaml.YAMLError) as wrong:
        raise click.ClickException(f"{wrong} (facts are JSON, or name=value)") from None


def _plain(policy: Policy, name: str, value: str) -> Any:
    fact = policy.facts.get(name)
    if fact and fact.type == "set" and not value.lstrip().startswith("["):
        return [one.strip() for one in value.replace("，", ",").split(",") if one.strip()]
    return value if fact and fact.type in ("county", "text", "date", "enum") else yaml.safe_load(value)


def _written(path: Path) -> str:
    return as_text(path.name, path.read_bytes())


def _region(path: Path) -> str:
    """The region that a file says it is of, whatever the file is called."""
    try:
        return str(yaml.safe_load(_written(path))["region"])
    except (yaml.YAMLError, TypeError, KeyError):
        return path.stem


def _pack(policy: Policy, region: str) -> Pack:
    if region not in policy.packs:
        raise click.ClickException(f"no pack is called “{region}”; there are: {', '.join(policy.packs)}")
    return policy.packs[region]


def _policy(data_dir: Path | None, instead: dict[str, str] | None = None) -> Policy:
    """The packs of the house and of the operator's folder, some of them replaced."""
    from backend.library import load_policies, policy_texts

    return load_policies(policy_texts(data_dir), instead or {})


def _today() -> date:
    return datetime.now(ZoneInfo("Asia/Shanghai")).date()


def _data_dir() -> Path | None:
    folder = os.environ.get("YIJIANSHI_DATA_DIR", "")
    return Path(folder) if folder else None
