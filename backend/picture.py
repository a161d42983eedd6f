"""The picture of the dialog, made from `dialogs.graph` alone: for the README and for whoever asks `yijianshi
dialog picture`."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path

from dialogs import graph
from dialogs.wording import load_wording

_PLACE = re.compile(r"(<!-- dialog picture -->\n)(.*?)(<!-- end of dialog picture -->)", re.DOTALL)


def picture() -> str:
    """The whole dialog as a Mermaid state diagram with plain Chinese names."""
    text = resources.files("dialogs.wording").joinpath("talk.yaml").read_text("utf-8")
    return graph.mermaid(load_wording({"talk": text}).names["states"])


def put_into(path: Path) -> None:
    """Write the picture between the two marks of a README. ValueError if the marks are not there."""
    text = path.read_text("utf-8")
    if not _PLACE.search(text):
        raise ValueError(f"{path} has no <!-- dialog picture --> ... <!-- end of dialog picture -->")
    path.write_text(_PLACE.sub(lambda found: f"{found[1]}```mermaid\n{picture()}```\n{found[3]}", text), "utf-8")
