"""What the person can have and why, what they choose of it, which way it goes, and the assessment that may have
to come first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from dialogs.messages import Cite, Link, Offer, OfferedItem, Option, Reply, Say, Why
from dialogs.policy import Decision, ItemDecision
from dialogs.steps import screening
from dialogs.steps.asking import choice, put
from dialogs.steps.asking import said as said_by_option
from dialogs.steps.places import places_say
from dialogs.view import Asking, Problem, Query, Said, Taken, View, fingerprint

CHOOSABLE = ("eligible", "later")
TIMED = (*CHOOSABLE, "automatic")
_ORDER = ("eligible", "later", "automatic", "unknown", "not_eligible")


def queries(view: View) -> Iterator[Query]:
    if not view.is_served:
        yield Query("outside", "where/outside", stands=lambda value: False)
        return
    if not choosable(view):
        yield Query("nothing", "offer/nothing", stands=lambda value: False)
        return
    offered = offer_fingerprint(view)
    yield Query("wants", "offer/choosing", stands=lambda value: bool(value["of"] == offered))
    for item in jumps(view):
        yield Query(f"way:{item}", "offer/way", stands=lambda value: value in ("jump", "offline"))
    if not applied(view):
        yield Query("elsewhere", "progress/elsewhere", stands=lambda value: False)
        return
    yield from screening.after_choice(view, applied(view), view.facts_asked)


def ask(view: View, query: Query) -> Asking:
    if query.key == "wants":
        return _ask_wants(view, query)
    if query.key == "nothing":
        open_ = any(decided.verdict == "unknown" for decided in view.decision.items.values())
        return Asking(choice(view, query, "not_sure_yet" if open_ else "nothing"), (offer(view),))
    if query.key.startswith("way:"):
        item = query.key.removeprefix("way:")
        return Asking(choice(view, query, "way", item=item_name(view, item)))
    return Asking(choice(view, query, query.state.replace("/", "_")), in_hand_first(view))


def take(view: View, query: Query, value: Any) -> Taken | Problem:
    if query.key == "wants":
        return _take_wants(view, value)
    if query.key == "nothing":
        return Problem(view.words.say("nothing_stays"))
    if query.key.startswith("way:"):
        known = value in ("jump", "offline")
        return Taken({query.key: value}) if known else Problem(view.words.say("please_choose"))
    if value == "unsure":
        value = False
    return Taken({"assessment_done": value}) if isinstance(value, bool) else Problem(view.words.say("please_choose"))


def said(view: View, query: Query) -> Said:
    if query.key == "wants":
        return Said(view.words.name("labels", "wants"), "、".join(item_name(view, item) for item in view.wants))
    by_option = said_by_option(view, query)
    if query.key.startswith("way:"):
        return Said(item_name(view, query.key.removeprefix("way:")), by_option.words)
    return by_option


# --- what is offered ---


def choosable(view: View) -> tuple[str, ...]:
    """Items that can be applied for now or together with the card, in the policy's order. Where another place makes the
    card, what needs it first cannot be chosen yet."""
    decision = view.decision
    told = {i: decided.verdict for i, decided in decision.items.items() if i not in decision.quiet}
    card_here = any(i.startswith("card.") and verdict != "not_eligible" for i, verdict in told.items())
    open_now = CHOOSABLE if card_here else ("eligible",)
    return tuple(i for i, verdict in told.items() if verdict in open_now)


def offer_fingerprint(view: View) -> str:
    """Stands for what was offered: a choice made of another offer has to be made again."""
    return fingerprint(sorted((item, d.verdict) for item, d in view.decision.items.items()))


def wants(view: View) -> tuple[str, ...]:
    """The items chosen, as far as they are still offered."""
    chosen = (view.value("wants") or {}).get("items", ())
    return tuple(item for item in choosable(view) if item in chosen)


def jumps(view: View) -> tuple[str, ...]:
    """Chosen items that are done in another system online, and could go to the window instead."""
    return tuple(item for item in view.wants if view.decision.channel[item].mode == "jump")


def way_of(view: View, item: str) -> str:
    """How this item goes: online, jump, offline or auto, with the person's own choice where there is one."""
    chosen = view.value(f"way:{item}") if item in jumps(view) else None
    return str(chosen or view.decision.channel[item].mode)


def applied(view: View) -> tuple[str, ...]:
    """The chosen items that go through this desk: they need papers, a form and a signature."""
    return tuple(item for item in view.wants if way_of(view, item) in ("online", "offline"))


def item_name(view: View, item: str) -> str:
    assert view.pack is not None
    return view.pack.items[item].name


def offer(view: View) -> Offer:
    """The whole decision in plain words: what is possible first, what is not last, each with its reasons."""
    decision = view.decision
    items = sorted(decision.items.items(), key=lambda pair: _ORDER.index(pair[1].verdict))
    shown = [_offered(view, decision, item, decided) for item, decided in items if _worth_saying(view, item, decided)]
    return Offer(view.words.say("offer_dead" if view.is_dead else "offer", who=view.who), tuple(shown))


def _worth_saying(view: View, item: str, decided: ItemDecision) -> bool:
    """What nothing points to is not listed, nor as a refusal a card service that nobody asked for; a benefit always
    is, but not to those who have come to cancel the card of somebody who died."""
    if item in view.decision.quiet or (view.is_dead and decided.verdict == "not_eligible" and choosable(view)):
        return False
    return decided.verdict != "not_eligible" or not item.startswith("card.")


def _more_to_ask_for(view: View) -> str:
    """How to ask for what only the wider document has."""
    assert view.pack is not None
    parent = view.pack.written.parent
    return parent.hint if parent and view.pack.behind & view.decision.quiet else ""


def _offered(view: View, decision: Decision, item: str, decided: ItemDecision) -> OfferedItem:
    channel = decision.channel.get(item)
    deadline = decision.deadlines.get(item) or decision.deadlines.get("bundle")
    papers = tuple(m.name for m in decision.materials if item in m.for_items and m.need != "exempt")
    return OfferedItem(
        item=item,
        name=item_name(view, item),
        verdict=decided.verdict,
        headline=view.words.name("verdicts", decided.verdict),
        why=tuple(Why(r.says.format(who=view.who), r.holds, Cite(r.document, r.clause)) for r in decided.why),
        way=channel.mode if channel else "",
        where=_where(view, decision, item),
        limit=deadline.says if deadline and decided.verdict in TIMED else "",
        papers=papers if decided.verdict in CHOOSABLE else (),
        change=decided.nearest.format(who=view.who),
    )


def _where(view: View, decision: Decision, item: str) -> str:
    """Where this item goes, and beside it the way that the wider document opens: the window knows which holds."""
    channel, also = decision.channel.get(item), decision.also.get(item)
    if channel is None:
        return ""
    says = view.words.say("way", where=channel.where, says=channel.says.format(who=view.who))
    return says + also_where(view, decision, item) if also else says


def also_where(view: View, decision: Decision, item: str) -> str:
    """The way that the wider document opens beside this one, "" where it opens none."""
    assert view.pack is not None
    also, parent = decision.also.get(item), view.pack.written.parent
    return view.words.say("way_also", where=also.where, says=parent.says) if also and parent else ""


def _ask_wants(view: View, query: Query) -> Asking:
    words, items = view.words.questions["wants"], choosable(view)
    options = tuple(Option(i, item_name(view, i), _verdict_hint(view, i)) for i in items)
    put_so = put(
        view,
        query,
        words.title,
        words.text.format(who=view.who),
        "choices",
        options,
        words.hint + _more_to_ask_for(view),
    )
    return Asking(put_so, (offer(view),))


def _verdict_hint(view: View, item: str) -> str:
    return view.words.name("verdicts", view.decision.items[item].verdict)


def _take_wants(view: View, value: Any) -> Taken | Problem:
    items = choosable(view)
    chosen = value if isinstance(value, list) else [value]
    if chosen in ([], ["none"]):
        return Taken({}, (Say(view.words.say("none_wanted")),), pauses=True)
    if any(one not in items for one in chosen):
        return Problem(view.words.say("choose_items"))
    kept = [item for item in items if item in _with_prerequisites(view, set(chosen))]
    added = [item_name(view, item) for item in kept if item not in chosen]
    says = (Say(view.words.say("added_first", items="、".join(added))),) if added else ()
    return Taken({"wants": {"items": kept, "of": offer_fingerprint(view)}}, (*says, *before_cancelling(view, kept)))


def before_cancelling(view: View, items: Sequence[str]) -> tuple[Say, ...]:
    """What somebody who gives up a card is to know first, where the document says something; of the dead nothing."""
    assert view.pack is not None
    rule = view.pack.written.rules.get("before_cancel")
    if rule is None or view.is_dead or "card.cancel" not in items:
        return ()
    return (Say(rule.says, tone="notice", cites=(Cite(view.pack.region, rule.clause),)),)


def _with_prerequisites(view: View, chosen: set[str]) -> set[str]:
    """An item that is `later` brings along what has to come first."""
    later = {item for item in chosen if view.decision.items[item].verdict == "later"}
    assert view.pack is not None
    first = {row.written.item for row in view.pack.first if later & row.items}
    return chosen | (first & set(choosable(view)))


# --- what is needed in hand first ---


def in_hand_first(view: View) -> tuple[Reply, ...]:
    """What has to be in hand before the application goes on (the stamped assessment form): what it is, where it
    is had and in which
    order, and the institutions that the county's directory knows. G-SC-2: the talk waits for it."""
    says = [
        Say("\n".join((f"{one.name}：{one.what}", one.where, one.order)), cites=(Cite(one.document, one.clause),))
        for one in view.plan.before
    ]
    return (*says, Say(places_say(view, "assessment_known", "assessment_unknown", "assessment"))) if says else ()


# --- what goes on elsewhere ---


def elsewhere(view: View) -> tuple[Reply, ...]:
    """For each chosen item that is done in another system: where to go on and what to have at hand. Nothing is
    accepted here."""
    url = view.directory.jump_url if view.directory else ""
    replies: list[Reply] = []
    for item in view.wants:
        if way_of(view, item) == "jump":
            channel = view.decision.channel[item]
            replies.append(Link(f"{item_name(view, item)}：{channel.where}。{channel.says}", channel.url or url))
    return tuple(replies)
