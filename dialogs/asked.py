"""A person's own question about one item, answered from the pack for this very person: its limit, its papers, where it is done,
who decides, whether it can be had and why. What is asked is read by the table `pack_questions.yaml`; whatever names no single
item is left to the FAQ.
"""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from dialogs.messages import Cite, Say
from dialogs.policy import Decision
from dialogs.steps.offer import also_where
from dialogs.view import View

FEW = 3  # more conditions than these are not read out
MOST = 2  # more items than these are not told apart in one breath


def from_the_pack(view: View, text: str, entry: str) -> Say | None:
    """The answer with its clause; None where the question is not of this kind, or the document leaves it open. `entry`: the FAQ's
    own answer to it, which stands where the document has no such item and the FAQ says so."""
    if not view.is_served:
        return None
    about, patterns = view.library.reader.asked_about(text)
    if about == "can" and _of_another(view, text):
        return None
    if about and not _named(view, patterns):
        families = {pattern.split(".")[0] for pattern in patterns}
        return None if any(family in entry for family in families) else Say(view.words.say("asked_none"))
    answers = [(item, *_ANSWERS[about](view, view.decided_for(item), item)) for item in _items(view, patterns)]
    if not about or not answers or not all(says for _, says, _ in answers):
        return None
    names = "、".join(_spoken(view, item) for item, _, _ in answers)
    told = dict.fromkeys(says for _, says, _ in answers)
    if len(told) == 1:
        text = view.words.say(f"asked_{about}", item=names, says=next(iter(told)))
    else:
        text = "\n".join(view.words.say(f"asked_{about}", item=_spoken(view, i), says=says) for i, says, _ in answers)
    cited = {(_document(view, item), clause) for item, _, clause in answers if clause}
    return Say(text, cites=tuple(Cite(document, clause) for document, clause in sorted(cited)))


def _items(view: View, patterns: tuple[str, ...]) -> list[str]:
    """The items that are meant: of several with such a name, those that this person can have; none where it is too many."""
    named = _named(view, patterns)
    open_ = [item for item in named if view.decision.items[item].verdict in ("eligible", "later", "automatic")]
    meant = named if len(named) == 1 else open_ or named
    return meant if len(meant) <= MOST else []


def _named(view: View, patterns: tuple[str, ...]) -> list[str]:
    """The items of the pack with this name, else those of its family (培训 where a document speaks of employment alone)."""
    assert view.pack is not None
    items = view.pack.items
    families = [f"{pattern.split('.')[0]}.*" for pattern in patterns]
    return next((found for ways in (patterns, families) if (found := [i for i in items if _any(i, ways)])), [])


def _any(item: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(item, pattern) for pattern in patterns)


def _spoken(view: View, item: str) -> str:
    assert view.pack is not None
    return view.pack.items[item].short


def _document(view: View, item: str) -> str:
    channel = view.decided_for(item).channel.get(item)
    return channel.document if channel and channel.document else view.region


def _limit(view: View, plan: Decision, item: str) -> tuple[str, str]:
    deadline = plan.deadlines.get(item) or plan.deadlines.get("bundle")
    return (deadline.says, deadline.clause) if deadline else ("", "")


def _papers(view: View, plan: Decision, item: str) -> tuple[str, str]:
    needs = [need for need in plan.materials if item in need.for_items and need.need != "exempt"]
    return "、".join(dict.fromkeys(need.name for need in needs)), needs[0].clause if needs else ""


def _way(view: View, plan: Decision, item: str) -> tuple[str, str]:
    channel = plan.channel.get(item)
    return (channel.where + also_where(view, plan, item), channel.clause) if channel else ("", "")


def _who(view: View, plan: Decision, item: str) -> tuple[str, str]:
    assert view.pack is not None
    channel = plan.channel.get(item)
    return view.pack.departments[view.pack.items[item].department].full, channel.clause if channel else ""


def _can(view: View, plan: Decision, item: str) -> tuple[str, str]:
    """The verdict so far with its reasons; where it hangs on what has not been asked yet, on what."""
    decided = view.decision.items[item]
    asked = [view.policy.facts[one].title for one in decided.needs if one in view.policy.facts]
    if decided.verdict == "unknown" and asked:
        few, more = list(dict.fromkeys(asked)), view.words.say("and_more")
        return view.words.say("can_depends", facts="、".join(few[:FEW]) + more * (len(few) > FEW)), ""
    fails = [one for one in decided.why if not one.holds]
    reasons = fails or decided.why
    says = [view.words.name("verdicts", decided.verdict) + "。", *(one.says.format(who=view.who) for one in reasons)]
    if decided.nearest:
        says.append(decided.nearest.format(who=view.who))
    return "\n".join(says), reasons[0].clause if reasons else ""


def _of_another(view: View, text: str) -> bool:
    """Whether it is asked of a relative (“我妈能领吗”) who is not the person of this talk."""
    names = view.words.names
    called = names["grown_up_kin"] | names["young_kin"]
    spoken = {kin for kin, name in called.items() if name in (view.label, view.value("relation"))}
    return bool(view.library.reader.kin(text) - spoken)


_ANSWERS = {"limit": _limit, "papers": _papers, "way": _way, "who": _who, "can": _can}
