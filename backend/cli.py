"""The `yijianshi` command: the operator's hand on the house. Each command is a few lines; what it does stands in
its room."""

from __future__ import annotations

import getpass
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click
from pydantic import ValidationError

from backend.packs import packs
from dialogs.policy import PolicyError

if TYPE_CHECKING:
    from dialogs.library import Library


class Explaining(click.Group):
    """A group whose commands say in one line which text of the house or of the operator's folder cannot be used."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except PolicyError as wrong:
            raise click.ClickException(str(wrong)) from None


@click.group(cls=Explaining, help="一件事: a conversational front desk for the disability one-stop service.")
def main() -> None:
    pass


main.add_command(packs)

# --- the server ---


@main.command()
def serve() -> None:
    """Serve people and staff (and run the background work, unless YIJIANSHI_ROLE says otherwise)."""
    from backend.app import serve as run

    run(_settings())


@main.command()
def migrate() -> None:
    """Bring the database up to date. A step of its own: a server refuses to start on an older or newer schema."""
    from backend.storage.schema import migrate as run

    run(_settings())
    click.echo("The database is up to date.")


@main.command()
def demo() -> None:
    """One command to see it: database, invented staff and county, the local WeChat stand-in, the server."""
    from backend.demo import run

    run()


@main.command()
@click.option("--server", default="http://127.0.0.1:8000", show_default=True, help="The address of a running server.")
def chat(server: str) -> None:
    """Talk to the desk in this terminal."""
    from bot.terminal import chat as run

    sys.exit(run(server))


# --- people of the staff ---


@main.group()
def staff() -> None:
    """Accounts of the staff."""


@staff.command("add")
@click.argument("name")
@click.option("--shown", required=True, help="The name that applicants see.")
@click.option(
    "--role", type=click.Choice(["clerk", "supervisor", "keeper", "admin"]), default="clerk", show_default=True
)
@click.option("--county", "counties", multiple=True, help="6-digit code; may be given several times.")
def staff_add(name: str, shown: str, role: str, counties: tuple[str, ...]) -> None:
    """Add an account; the password is asked for."""
    from backend.staff.service import add_account

    with _storage() as store:
        add_account(store, name, shown, role, counties, getpass.getpass("Password: "))
    click.echo(f"{name} can sign in.")


@staff.command("password")
@click.argument("name")
def staff_password(name: str) -> None:
    """Set a new password; every session of that account ends."""
    from backend.staff.service import set_password

    with _storage() as store:
        set_password(store, name, getpass.getpass("New password: "))
    click.echo("The password is set.")


# --- policy, understanding, the picture ---


def _library() -> Library:
    """The shelf of the house and of the operator's folder."""
    from backend.library import load_library

    return load_library(_data_dir())


@main.command()
def decide() -> None:
    """Decide cases: JSON lines in, JSON lines out. Exit status 1 if a line was bad; the others are answered all
    the same."""
    from dialogs.policy import decide_lines

    policy = _library().policy
    _lines(lambda lines: decide_lines(policy, lines))


@main.command()
def understand() -> None:
    """Read what people say: JSON lines in, JSON lines out."""
    from dialogs.understanding import understand_lines

    reader = _library().reader
    _lines(lambda lines: understand_lines(reader, lines))


@main.command("read-photo")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
def read_photo(files: tuple[Path, ...]) -> None:
    """Read pictures of papers: files in, one JSON line each out. A bad file gets a line too."""
    from backend.photos.reading.lines import read_files

    for line in read_files(files):
        click.echo(json.dumps(line, ensure_ascii=False))


@main.command()
@click.option("--region", required=True, help="A pack, e.g. henan.")
@click.option("--answers", type=click.File(encoding="utf-8"), required=True, help="JSON, as described above.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The PDF to write.")
def form(region: str, answers: TextIO, out: Path) -> None:
    """Try the paper form of a region: answers in, a filled PDF out.

    The answers are a JSON object: "facts" as for `decide`, "fields" by their names in fields.yaml; if wanted also "wants" (item
    ids; else all that can be had), "on" (YYYY-MM-DD) and "receipt"."""
    from backend.applications.forms import tried

    library = _library()
    try:
        drawn = tried(library, region, json.load(answers))
    except ValueError as wrong:
        click.echo(str(wrong), err=True)
        sys.exit(2)
    out.write_bytes(drawn.pdf)
    click.echo(f"{out}: {len(drawn.pdf)} bytes")
    if drawn.missing:
        click.echo(f"To be written by hand: {' '.join(drawn.missing)}", err=True)


@main.group()
def dialog() -> None:
    """The dialog's graph."""


@dialog.command("picture")
@click.option(
    "--write", "files", multiple=True, type=click.Path(path_type=Path, exists=True), help="Put it into this README."
)
def dialog_picture(files: tuple[Path, ...]) -> None:
    """The picture of the dialog (Mermaid), drawn from the one table that the machine runs."""
    from backend.picture import picture, put_into

    for path in files:
        put_into(path)
    if not files:
        click.echo(picture())


# --- keys ---


@main.group()
def keys() -> None:
    """The keys of the house."""


@keys.command("rotate")
def keys_rotate() -> None:
    """Wrap every person's key with the new master key (YIJIANSHI_MASTER_KEY; the old one in ..._MASTER_KEY_BEFORE)."""
    from tqdm import tqdm

    with _storage() as store:
        count = sum(1 for _ in tqdm(store.keys.rotate(store), unit="key", desc="rewrapping"))
    click.echo(f"{count} keys are wrapped with the new master key.")


# --- inside ---


def _settings():  # type: ignore[no-untyped-def]  # noqa: ANN202
    from backend.settings import Settings

    try:
        return Settings()
    except ValidationError as wrong:
        for error in wrong.errors():
            name = "_".join(str(part) for part in error["loc"]).upper()
            click.echo(f"{f'YIJIANSHI_{name}: ' if name else ''}{error['msg'].removeprefix('Value error, ')}", err=True)
        sys.exit(2)


def _storage():  # type: ignore[no-untyped-def]  # noqa: ANN202
    """The database of the settings, for one command; a running server on SQLite is not disturbed: this refuses
    instead."""
    from contextlib import closing

    from backend.storage import Locked, Storage

    try:
        return closing(Storage.open(_settings()))
    except Locked as held:
        click.echo(str(held), err=True)
        sys.exit(2)


def _data_dir() -> Path | None:
    """Policy commands need no secrets: only the folder of the operator's own files."""
    import os

    folder = os.environ.get("YIJIANSHI_DATA_DIR", "")
    return Path(folder) if folder else None


def _lines(answer: Callable[[Iterable[str]], Iterator[str]]) -> None:
    failed = False
    for line in answer(line for line in sys.stdin if line.strip()):
        failed |= '"error"' in line and '"items"' not in line and '"kind"' not in line
        sys.stdout.write(line + "\n")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
