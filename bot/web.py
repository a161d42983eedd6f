"""The JSON door: the phone page, the plain page and the terminal. Message bodies in, blocks out as JSON.

Everything about a body is checked here, by pydantic, before anything else sees it. Who sends it (the cookie) and under
which key (the header) is the backend's business.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

from bot.base import BODY_LIMIT, BadMessage, Channel, Inbound, NoOptions, channel
from bot.text import clean
from bot.wording import words
from dialogs.messages import Command, Reply

TEXT_LIMIT = 2000
"""Characters of one message: three screens of a phone."""
_DEEP, _MANY = 4, 200

Text = Annotated[str, StringConstraints(max_length=TEXT_LIMIT), AfterValidator(clean)]
Name = Annotated[str, StringConstraints(max_length=120, pattern=r"^[^\x00-\x1f\x7f]*$")]
Id = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]


def _plain(value: Any, depth: int = 0) -> Any:
    """A value of an answer: texts, numbers, yes/no, lists and maps of them, of a modest size; texts cleaned."""
    match value:
        case None | bool():
            return value
        case str():
            return clean(value)
        case int() if abs(value) < 1 << 53:
            return value
        case float() if math.isfinite(value):
            return value
        case list() if depth < _DEEP and len(value) <= _MANY:
            return [_plain(one, depth + 1) for one in value]
        case dict() if depth < _DEEP and len(value) <= _MANY:
            return {clean(str(key))[:120]: _plain(one, depth + 1) for key, one in value.items()}
    raise ValueError("not a plain value")


Value = Annotated[Any, AfterValidator(_plain)]


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")


class _Text(_Body):
    kind: Literal["text"]
    text: Text
    question: Name = ""  # the one that was on the screen


class _Answer(_Body):
    kind: Literal["answer"]
    question: Name
    value: Value


class _Command(_Body):
    kind: Literal["command"]
    command: Command
    value: Value = None


class _Photo(_Body):
    kind: Literal["photo"]
    question: Name = ""
    photo_ids: Annotated[list[Id], Field(min_length=1, max_length=20)]


class _Switch(_Body):
    kind: Literal["switch"]
    draft_id: Id | Literal["new"]  # or: begin for another person


_BODY: TypeAdapter[_Text | _Answer | _Command | _Photo | _Switch] = TypeAdapter(
    Annotated[_Text | _Answer | _Command | _Photo | _Switch, Field(discriminator="kind")]
)
_BLOCKS: TypeAdapter[tuple[Reply, ...]] = TypeAdapter(tuple[Reply, ...])
_ANY_BLOCK: TypeAdapter[Annotated[Reply, Field(discriminator="kind")]] = TypeAdapter(
    Annotated[Reply, Field(discriminator="kind")]
)


class Posted(NamedTuple):
    """A POST as it came. `account`: whose cookie it carries. `key`: the Idempotency-Key, which becomes the message's id."""

    account: str
    key: str
    body: bytes


@channel
class Web(Channel[NoOptions, Posted, list[dict[str, Any]]]):
    """The phone page. It has buttons, and it shows the text of a block that it does not know."""

    name = "web"
    text_only = False

    def read(self, raw: Posted) -> Inbound:
        if len(raw.body) > BODY_LIMIT:
            raise BadMessage("too_big", words().web.too_big, 413)
        try:
            body = _BODY.validate_json(raw.body)
        except (ValidationError, RecursionError) as fault:
            raise _why(fault) from None
        return Inbound(raw.account, raw.key, **_parts(body))

    def render(self, replies: Sequence[Reply]) -> list[dict[str, Any]]:
        return to_json(replies)


@channel
class Plain(Web):
    """The page without JavaScript: the same door, filled in by forms."""

    name = "plain"


def _parts(body: _Text | _Answer | _Command | _Photo | _Switch) -> dict[str, Any]:
    parts = {name: getattr(body, name) for name in type(body).model_fields}
    if "photo_ids" in parts:
        parts["photo_ids"] = tuple(parts["photo_ids"])
    return parts


def _why(fault: Exception) -> BadMessage:
    """The one thing that people can do something about is length; the rest is a client's mistake."""
    errors = fault.errors(include_input=False, include_url=False) if isinstance(fault, ValidationError) else []
    if any(error["type"] == "string_too_long" and "text" in error["loc"] for error in errors):
        return BadMessage("too_long", words().web.too_long)
    return BadMessage("bad_body", words().web.not_read)


def to_json(replies: Iterable[Reply]) -> list[dict[str, Any]]:
    """Blocks as JSON values, for a response and for the store."""
    dumped: list[dict[str, Any]] = _BLOCKS.dump_python(tuple(replies), mode="json")
    return dumped


def from_json(blocks: Iterable[Any]) -> tuple[Reply, ...]:
    """Stored blocks as they were. Raises `pydantic.ValidationError` for a kind that this program does not know."""
    return tuple(_ANY_BLOCK.validate_python(block) for block in blocks)
