"""Every state and every edge of the dialog, in this one table.

Rule 1: whatever the talk can do stands here; a turn that wants to go where no edge leads is a fault, with event
and state named.
Rule 2: where the talk goes follows from the answers alone (`dialogs.path`): an edge is taken exactly when it
leads to the state
of the question that is open now. So a changed answer ends where the same answer would have led at first.

States are `phase/step`. The machine is one flat synchronous `transitions.Machine` per process, shared by all
turns and built
without a model (adding models costs 300 µs and leaks; async and hierarchical machines corrupt shared state under load).
The picture in the README, the picture in the console and the coverage report are drawn from this table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, Protocol

from transitions import EventData, Machine, MachineError

START = "consent/greeting"

PHASES = {
    "consent": ("consent/greeting", "consent/general", "consent/sensitive", "consent/refused"),
    "who": ("who/asking", "who/relation", "who/called", "who/mandate"),
    "where": ("where/household", "where/residence", "where/outside"),
    "screening": ("screening/asking",),
    "offer": ("offer/choosing", "offer/nothing", "offer/way", "offer/assessment", "offer/waiting"),
    "form": ("form/asking",),
    "photos": ("photos/asking", "photos/confirming"),
    "review": ("review/checking",),
    "signing": ("signing/commitment", "signing/signature", "signing/sending"),
    "progress": ("progress/following", "progress/elsewhere", "progress/supplement"),
    "rating": ("rating/asking",),
}
STATES = tuple(state for states in PHASES.values() for state in states)

_BEGUN = ("who/asking", "who/relation", "who/called", "who/mandate", "where/household")
_OFFER = ("offer/choosing", "offer/nothing")
_AFTER_OFFER = ("offer/way", "offer/assessment", "offer/waiting", "form/asking", "photos/asking", "review/checking")
_AFTER_REVIEW = ("signing/commitment", "signing/signature", "signing/sending")
_DONE = ("progress/following", "progress/elsewhere", "progress/supplement", "rating/asking")

# event -> from -> to. An answer leads on; the same state again means the next question of its kind.
ANSWERED: dict[str, tuple[str, ...]] = {
    "consent/greeting": ("consent/general",),
    "consent/general": ("consent/sensitive", "consent/refused"),
    "consent/sensitive": ("who/asking", "consent/refused"),
    "consent/refused": ("consent/refused", "consent/general", "consent/sensitive", "who/asking"),
    "who/asking": ("who/relation", "who/called", "where/household"),
    "who/relation": ("where/household",),
    "who/called": ("who/mandate",),
    "who/mandate": ("where/household", "who/relation"),
    "where/household": ("where/residence", "screening/asking", "where/outside", *_OFFER),
    "where/residence": ("screening/asking", *_OFFER),
    "where/outside": (),
    # asked before the offer, and once more for the papers of what was chosen
    "screening/asking": ("screening/asking", "where/outside", *_OFFER, *_AFTER_OFFER),
    "offer/choosing": (*_AFTER_OFFER, "screening/asking", "progress/elsewhere"),
    "offer/nothing": (),
    "offer/way": (
        "offer/way",
        "offer/assessment",
        "form/asking",
        "photos/asking",
        "review/checking",
        "progress/elsewhere",
    ),
    "offer/assessment": ("offer/waiting", "screening/asking", "form/asking", "photos/asking", "review/checking"),
    "offer/waiting": ("offer/waiting", "screening/asking", "form/asking", "photos/asking", "review/checking"),
    "form/asking": ("form/asking", "photos/asking", "review/checking"),
    "photos/asking": ("photos/asking", "photos/confirming", "review/checking"),
    # what a picture says that only the person can settle: asked wherever the talk stands, and back it goes
    "photos/confirming": ("photos/confirming", "form/asking", "photos/asking", "review/checking"),
    "review/checking": _AFTER_REVIEW,
    "signing/commitment": ("signing/signature", "signing/sending"),
    "signing/signature": ("signing/sending",),
    "signing/sending": ("progress/following",),
    "progress/following": (),
    "progress/elsewhere": (),
    "progress/supplement": ("progress/supplement", "progress/following"),
    "rating/asking": ("rating/asking", "progress/following"),
}

_TALKING = tuple(s for s in STATES if not s.startswith("consent/"))
_ASKING = tuple(s for s in _TALKING if s not in _DONE)

# What else moves the talk, wherever it stands.
ANYWHERE: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    # an earlier answer is asked again, said anew or taken back; its question is on the path, so any question may be
    # next
    "changed": (_ASKING, (*_ASKING, "progress/elsewhere")),
    "corrected": (("progress/elsewhere",), (*_ASKING, "progress/elsewhere")),
    # another applicant's draft, or a new one, comes to the table
    "switched": (_TALKING, _TALKING),
    # the office moved a case, asked for a paper, or finished
    "moved": (_TALKING, _TALKING),
}

# Nothing moves: the open question stays open (and is asked again where that helps).
STAYS = ("asked_again", "answered_aside", "called_staff", "paused", "held")


class Model(Protocol):
    """What a turn shows the machine: where it stands and where the open question leads."""

    state: str
    leads_to: str


def edges() -> Iterator[tuple[str, str, str]]:
    """Every edge of the table as (event, from, to), in the order in which they are tried."""
    for source, targets in ANSWERED.items():
        for target in targets:
            yield "answered", source, target
    for event, (sources, targets) in ANYWHERE.items():
        for source in sources:
            for target in targets:
                yield event, source, target


@cache
def machine() -> Machine:
    """The process's one machine. Immutable after it is built; safe to share between threads (measured)."""
    built = Machine(model=None, states=list(STATES), initial=START, auto_transitions=False, send_event=True)
    for event, source, target in edges():
        built.add_transition(event, source, target, conditions=_leads_to(target), after="arrived")
    for event in STAYS:
        built.add_transition(event, list(STATES), None)
    return built


def move(model: Any, event: str) -> None:
    """Take the edge of `event` that leads to where the open question is. MachineError names event and state if
    there is none."""
    if not machine().events[event].trigger(model):
        raise MachineError(f"no edge {event!r} leads from {model.state!r} to {model.leads_to!r}")


def _leads_to(target: str) -> Callable[[EventData], bool]:
    def leads(event: EventData) -> bool:
        model: Any = event.model
        return bool(model.leads_to == target)

    return leads


def mermaid(names: dict[str, str]) -> str:
    """The picture of the dialog for people: phases as boxes, answers as arrows. `names`: state -> plain name."""
    lines = ["stateDiagram-v2", "    direction TB", f"    [*] --> {_node(START)}"]
    for phase, states in PHASES.items():
        lines.append(f'    state "{names.get(phase, phase)}" as {phase} {{')
        lines += [f'        state "{names.get(state, state)}" as {_node(state)}' for state in states]
        lines.append("    }")
    for source, targets in ANSWERED.items():
        lines += [f"    {_node(source)} --> {_node(target)}" for target in targets]
    lines.append(f"    {_node('progress/following')} --> [*]")
    return "\n".join(lines) + "\n"


def _node(state: str) -> str:
    return state.replace("/", "_")
