"""A new version of a document reaches a talk that began with the one before: at a safe point the talk moves on to it, and
the person hears what changed for them.

Safe is every point before the check page: what somebody has in front of them to confirm is not changed under their
hands. Answers stay; what no longer stands is simply asked again, because the path is derived anew.
"""

from __future__ import annotations

from collections.abc import Iterator

from dialogs.days import day_says
from dialogs.desk import Desk
from dialogs.messages import Say
from dialogs.policy import Decision, decide
from dialogs.view import View

_CONFIRMING = ("review/", "signing/")


def renew(desk: Desk) -> None:
    """Move this draft to today's version of its document, if there is a newer one and the point is safe."""
    draft, today = desk.draft, desk.view.pack_today
    if draft is None or draft.submitted or today is None or not draft.pack_version or draft.pack != today.region:
        return
    known = draft.pack_version in desk.view.policy.earlier
    if draft.pack_version == today.key or (known and desk.state.startswith(_CONFIRMING)):
        return
    before = desk.view
    desk.set_draft(pack_version=today.key)
    if _names(draft.pack_version) != _names(today.key):
        return  # the residence has brought another document in: no new version of one
    desk.say("pack_renewed", on=day_says(today.written.dated))
    if known:
        changes = tuple(_changes(before, desk.view)) or (desk.view.words.say("renewed_same", who=desk.view.who),)
        desk.replies.append(Say("\n".join(changes)))


def _names(key: str) -> list[str]:
    """The regions whose documents a pack's key names."""
    return [part.split("@")[0] for part in key.split("+")]


def _changes(before: View, now: View) -> Iterator[str]:
    """What is different for this person, in words, on what they have told so far."""
    assert before.pack is not None and now.pack is not None
    facts = before.facts_chosen if before.wants else before.facts
    old = decide(before.pack, facts, before.wants or None, before.today)
    new = decide(now.pack, facts, before.wants or None, now.today)
    yield from _verdicts(now, old, new)
    yield from _limits(now, old, new)
    yield from _papers(now, old, new)


def _verdicts(view: View, old: Decision, new: Decision) -> Iterator[str]:
    assert view.pack is not None
    headline = {name: view.words.name("verdicts", name) for name in view.words.names["verdicts"]}
    for item, decided in new.items.items():
        was = old.items[item].verdict if item in old.items else "not_eligible"
        if was != decided.verdict:
            name = view.pack.items[item].name
            yield view.words.say("renewed_verdict", item=name, before=headline[was], now=headline[decided.verdict])


def _limits(view: View, old: Decision, new: Decision) -> Iterator[str]:
    assert view.pack is not None
    for item, limit in new.deadlines.items():
        if item in old.deadlines and item in view.pack.items and old.deadlines[item].says != limit.says:
            yield view.words.say("renewed_limit", item=view.pack.items[item].name, now=limit.says)


def _papers(view: View, old: Decision, new: Decision) -> Iterator[str]:
    was, are = ({need.id: need.name for need in one.materials if need.need != "exempt"} for one in (old, new))
    for says, more, than in (("renewed_more_papers", are, was), ("renewed_fewer_papers", was, are)):
        papers = "、".join(name for paper, name in more.items() if paper not in than)
        if papers:
            yield view.words.say(says, papers=papers)
