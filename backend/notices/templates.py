"""Template messages as data, checked against the platform's table of parameter kinds when read, not when sent."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, field_validator

from backend.settings import Settings
from dialogs.days import day_says
from dialogs.directory import SHANGHAI

# Kind of parameter -> what it may be. The platform's table; a value that breaks it is refused with 47003.
_KINDS = {
    "thing": re.compile(r"[^\n]{1,20}"),
    "phrase": re.compile(r"[\u4e00-\u9fff]{1,5}"),
    "const": re.compile(r"[^\n]{1,20}"),
    "time": re.compile(r"\{time\}"),
    "date": re.compile(r"\{time\}"),
}


class Template(BaseModel):
    """One account's template. `template`: "" when the operator has not set one up."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    template: str = ""
    demo: str = ""
    fields: dict[str, str]

    @field_validator("fields")
    @classmethod
    def _fit(cls, fields: dict[str, str]) -> dict[str, str]:
        for name, value in fields.items():
            kind = _KINDS.get(name.rstrip("0123456789"))
            if kind is None or not kind.fullmatch(value):
                raise ValueError(f"{name}: {value!r} is not what this kind of parameter may hold")
        return fields

    def filled(self, at: datetime) -> dict[str, str]:
        """The values to send, with the time as it is in China."""
        local = at.astimezone(SHANGHAI)
        time = f"{day_says(local.date())} {local:%H:%M}"
        return {name: value.replace("{time}", time) for name, value in self.fields.items()}


def template_of(settings: Settings, app: str) -> tuple[str, Template] | None:
    """(id, template) for this account's app; None where none is set up. ValueError names a broken file."""
    found = _read(settings.data_dir / "notices" / "templates.yaml", Path(__file__).with_name("templates.yaml")).get(app)
    if found is None:
        return None
    template_id = found.template or (found.demo if settings.demo else "")
    return (template_id, found) if template_id else None


def _read(own: Path, packaged: Path) -> dict[str, Template]:
    """The operator's file over the package's."""
    merged: dict[str, dict[str, object]] = yaml.safe_load(packaged.read_text("utf-8"))
    if own.is_file():
        for app, given in (yaml.safe_load(own.read_text("utf-8")) or {}).items():
            merged[app] = {**merged.get(app, {}), **given}
    return {app: Template.model_validate(given) for app, given in merged.items()}
