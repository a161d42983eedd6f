"""What can be said at any moment: back, change, start over, go on, help, a person, how far it is, pause."""

from __future__ import annotations

import re
from collections.abc import Callable

from dialogs.aside import call_staff
from dialogs.desk import Desk
from dialogs.messages import Ask, ForgetDraft, ForgetMe, Review, ReviewSection
from dialogs.session import DraftName
from dialogs.steps import review
from dialogs.steps.progress import overview, refused_says
from dialogs.steps.signing import packet
from dialogs.view import Query, View

_NTH = re.compile(r"第\s*(\d{1,3})|^\s*(\d{1,3})\s*[条项个行]?$")
PENDING = "pending:"  # begins the names of questions that stand beside the path: sure?


def back(desk: Desk, argument: str = "") -> None:
    """The question before the open one is asked again."""
    before = _before(desk.view)
    if before is None or _submitted(desk):
        desk.say("nothing_before")
        return desk.stay("asked_again")
    ask_again(desk, before)


def change(desk: Desk, argument: str = "") -> None:
    """An answer is asked again: named by its key, by its line's number or by its label; else the page to choose
    from."""
    if _submitted(desk):
        desk.say("already_submitted")
        return desk.stay("answered_aside")
    query = _named(desk.view, argument)
    if query is None:
        return choose_what(desk)
    ask_again(desk, query)


def choose_what(desk: Desk) -> None:
    """Everything said so far, each line with its change."""
    view = desk.view
    lines = tuple(review.line_hidden(view, query) for query in _said_so_far(view))
    if lines:
        desk.replies.append(
            Review(view.words.say("change_which"), (ReviewSection(view.words.say("said_so_far"), lines),))
        )
    desk.stay("answered_aside")


def ask_again(desk: Desk, query: Query) -> None:
    desk.set_talk(changing=query.key, paused=False)
    desk.move("corrected" if desk.state == "progress/elsewhere" else "changed")


def restart(desk: Desk, argument: str = "") -> None:
    """Starting over is asked once more, unless this one has been submitted: then another one begins."""
    if desk.draft is None or _submitted(desk):
        return another(desk)
    _make_sure(desk, "restart")


def forget(desk: Desk, argument: str = "") -> None:
    """Deleting all that is kept of the person is asked once more."""
    _make_sure(desk, "forget")


def _make_sure(desk: Desk, what: str) -> None:
    desk.pend(sure_question(desk.view, what), {"what": what})


def sure_question(view: View, what: str) -> Ask:
    """“Are you sure?” before what cannot be taken back. `what`: the name of its command."""
    words, state = view.words.questions[what], view.session.talk.state
    return Ask(PENDING + what, state, words.title, words.text, "choice", view.words.options(what), about=view.about)


def confirmed(desk: Desk, what: str) -> None:
    """A plain yes to `sure_question`."""
    {"restart": _begin_again, "forget": _let_go}[what](desk)


def _let_go(desk: Desk) -> None:
    desk.effects.append(ForgetMe())
    desk.say("forgotten")
    desk.stay("paused", quiet=True)


def _begin_again(desk: Desk) -> None:
    """The draft and its pictures go; the talk begins again at whom it is for."""
    if desk.draft is None:
        return another(desk)
    gone = desk.draft.id
    desk.effects.append(ForgetDraft(gone))
    desk.set_talk(drafts=tuple(name for name in desk.talk.drafts if name.id != gone))
    another(desk)


def another(desk: Desk) -> None:
    desk.begin_draft()
    desk.say("begin_again")
    desk.move("switched")


def resume(desk: Desk, argument: str = "") -> None:
    """Go on, after a rest where the talk was; whoever had come back to an answer leaves it as it is."""
    desk.say("goes_on")
    if desk.talk.changing and not desk.talk.paused and desk.view.settled(desk.open):
        desk.set_talk(changing="")
        return desk.move("corrected" if desk.state == "progress/elsewhere" else "changed")
    desk.set_talk(paused=False)
    desk.stay("asked_again")


def pause(desk: Desk, argument: str = "") -> None:
    """Nothing is lost and nothing times out; the question stays open without being put again now."""
    desk.set_talk(paused=True)
    desk.say("paused", tone="warm")
    desk.stay("paused", quiet=True)


def help_(desk: Desk, argument: str = "") -> None:
    """`argument`: what help is asked for ("large", "photos"), as commands.yaml names it; else what helps in this phase."""
    own = f"help_{argument or desk.state.split('/')[0]}"
    desk.say(own if own in desk.view.words.says else "help")
    desk.stay("answered_aside")


def progress(desk: Desk, argument: str = "") -> None:
    """How far it is; `argument` "todo": what there is left to do."""
    if argument == "todo":
        return _left_to_do(desk)
    if desk.draft is not None and desk.draft.submitted:
        desk.replies.extend((overview(desk.view), *refused_says(desk.view)))
    else:
        desk.say("not_submitted_yet", where=desk.view.words.name("states", desk.state))
    others = [one for one in desk.talk.drafts if one.submitted and one.id != desk.talk.draft_id]
    if others:
        desk.say("others_submitted", names="、".join(_name(desk, one) for one in others))
    desk.stay("answered_aside")


def _left_to_do(desk: Desk) -> None:
    """After the submission the packet once more; before it, the open question is what comes next."""
    done = desk.draft.submitted if desk.draft else None
    if done is not None:
        desk.replies.append(packet(desk.view, done.receipt))
    else:
        desk.say("next_is_this")
    desk.stay("answered_aside")


def _name(desk: Desk, draft: DraftName) -> str:
    """What somebody else is called; one's own by its number."""
    return draft.receipt if draft.label == desk.view.words.say("myself") else draft.label


def human(desk: Desk, argument: str = "") -> None:
    call_staff(desk, "asked")


COMMANDS: dict[str, Callable[[Desk, str], None]] = {
    "back": back,
    "change": change,
    "restart": restart,
    "resume": resume,
    "pause": pause,
    "forget": forget,
    "help": help_,
    "progress": progress,
    "human": human,
}


def _submitted(desk: Desk) -> bool:
    return desk.draft is not None and desk.draft.submitted is not None


def _before(view: View) -> Query | None:
    """The question before the open one on the path, consent left out."""
    asked = [query for query in view.path if not query.state.startswith("consent/")]
    here = next((n for n, query in enumerate(asked) if query.key == view.open.key), len(asked) - 1)
    return asked[here - 1] if here > 0 else None


def _said_so_far(view: View) -> list[Query]:
    """What can be changed, in the order in which it is shown: “第3条” is the third of these."""
    return [query for query in view.path if view.settled(query) and not _beside(query)]


def _beside(query: Query) -> bool:
    """What is confirmed rather than told: nothing to be changed by itself."""
    return query.state.startswith(("consent/", "review/", "signing/"))


def _named(view: View, argument: str) -> Query | None:
    """The question meant by a key, “3” or “第3条”, or a label (the whole of it, or a piece that only one label has)."""
    if not argument:
        return None
    found = view.find(argument) or view.find(f"field:{argument}") or view.find(f"photo:{argument}")
    if found is not None:
        return found if view.settled(found) else None
    said = [(q, review.line(view, q).label) for q in _said_so_far(view)]
    numbers = [one.question for one in review.lines(view)] if view.open.key == "reviewed" else [q.key for q, _ in said]
    nth = _NTH.search(argument)
    if nth and 1 <= int(nth[1] or nth[2]) <= len(numbers):
        return view.find(numbers[int(nth[1] or nth[2]) - 1])
    argument = view.words.names["also_called"].get(argument, argument)
    exact = [q for q, label in said if label == argument] or [
        q for q, label in said if argument in label or label in argument
    ]
    return exact[0] if len({q.key for q in exact}) == 1 else None
