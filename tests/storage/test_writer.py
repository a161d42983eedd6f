"""The one line through which every turn goes: nothing lost, nothing twice, and one message's failure is its own."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from backend.conversations import store as rows
from backend.conversations.writer import Answer, Away, Unknown, Writer
from backend.people import effects
from backend.settings import Settings
from backend.storage import Storage
from dialogs.messages import Message
from tests.storage.tiny import STARTED, said, step


@pytest.fixture
def writer(store: Storage) -> Iterator[Writer]:
    writer = Writer(store, None, step)
    writer.start()
    yield writer
    writer.stop()


def count(store: Storage, table: str) -> int:
    with store.read() as tx:
        return int(tx.execute(sa.text(f"SELECT count(*) FROM {table}")).scalar_one())


def texts(answer: Answer) -> list[str]:
    return [reply.text for reply in answer.replies]


def at_once(writer: Writer, *messages: tuple[str, Message]) -> list[Answer | BaseException]:
    """All of these in flight together: (who, message)."""

    async def everyone() -> list[Answer | BaseException]:
        return await asyncio.gather(*(writer.say("web", who, m) for who, m in messages), return_exceptions=True)

    return asyncio.run(everyone())


def test_the_same_message_three_times_at_once_has_one_effect_and_one_reply(store: Storage, writer: Writer) -> None:
    answers = at_once(writer, *[("zhou", said("你好", "m1"))] * 3)
    assert len({answer.body for answer in answers if isinstance(answer, Answer)}) == 1
    assert (count(store, "inbox"), count(store, "transcript"), count(store, "person")) == (1, 2, 1)
    again = writer.say_and_wait("web", "zhou", said("你好", "m1"))
    assert again.body == answers[0].body and texts(again) == ["1:你好"]


def test_two_events_in_one_second_are_both_handled_and_in_their_order(store: Storage, writer: Writer) -> None:
    answers = at_once(writer, ("zhou", said("一", "m1")), ("zhou", said("二", "m2")), ("lei", said("三", "m1")))
    assert [texts(answer) for answer in answers] == [["1:一"], ["2:二"], ["1:三"]]
    assert count(store, "conversation") == 2


def test_a_message_that_breaks_fails_alone(store: Storage, writer: Writer) -> None:
    answers = at_once(writer, ("zhou", said("一", "m1")), ("lei", said("poison", "m2")), ("ma", said("三", "m3")))
    assert isinstance(answers[1], ValueError)
    assert [texts(answers[0]), texts(answers[2])] == [["1:一"], ["1:三"]]
    assert count(store, "inbox") == 2 and count(store, "person") == 2
    assert texts(writer.say_and_wait("web", "lei", said("还在", "m4"))) == ["1:还在"]


def test_a_row_that_the_database_refuses_fails_alone(
    store: Storage, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def take(tx: sa.Connection, store: Storage, wanted: list[effects.Wanted]) -> None:
        if any(one.effect.text == "坏" for one in wanted):
            tx.execute(sa.text("INSERT INTO person (id, created_at) VALUES (NULL, NULL)"))

    monkeypatch.setitem(effects._handlers, "keep_question", take)
    answers = at_once(writer, ("zhou", said("kept:好", "m1")), ("lei", said("kept:坏", "m2")), ("ma", said("三", "m3")))
    assert [isinstance(one, Answer) for one in answers] == [True, False, True]
    assert count(store, "inbox") == 2 and count(store, "question_kept") == 1


def test_nothing_of_a_refused_system_message_is_kept_but_its_answer(store: Storage, writer: Writer) -> None:
    conversation = writer.say_and_wait("web", "zhou", said("你好", "m1")).conversation_id
    before = count(store, "transcript")
    answer = writer.system_and_wait(conversation, "refuse", {}, "e1")  # type: ignore[arg-type]
    assert answer.refused == "held" and count(store, "transcript") == before
    assert writer.system_and_wait(conversation, "refuse", {}, "e1").body == answer.body  # type: ignore[arg-type]


def test_a_system_message_for_nobody_says_so(writer: Writer) -> None:
    with pytest.raises(Unknown):
        writer.system_and_wait("no such conversation", "case_moved", {}, "e1")


def test_a_turn_that_needs_another_draft_gets_it(store: Storage, writer: Writer) -> None:
    for at, text in enumerate(("draft:儿子", "fact:610202", "draft:母亲", "fact:610203")):
        answer = writer.say_and_wait("web", "zhao", said(text, f"m{at}"))
    first = answer.shown["drafts"][0]["id"]
    switched = writer.say_and_wait("web", "zhao", Message("s1", "switch", STARTED, draft_id=first))
    assert texts(switched) == ["now 儿子"] and [one["current"] for one in switched.shown["drafts"]] == [True, False]
    with store.read() as tx:
        standing = rows.of_person(tx, answer.person_id)
        assert standing is not None and standing.region == "610202" and standing.draft_id == first
    writer.say_and_wait("web", "zhao", said("forget", "m9"))
    assert count(store, "draft") == 1


def test_the_open_question_moves_into_the_log_only_when_it_is_answered(store: Storage, writer: Writer) -> None:
    asked = writer.say_and_wait("web", "zhou", said("ask:有证吗", "m1"))
    assert asked.shown["open"]["question"] == "有证吗" and [e["from"] for e in asked.shown["entries"]] == [
        "person",
        "bot",
    ]
    again = writer.say_and_wait("web", "zhou", said("ask:有证吗", "m2"))
    assert all(block["kind"] != "ask" for entry in again.shown["entries"] for block in entry["blocks"])
    answered = Message("m3", "answer", STARTED, question="有证吗", value=False, text="ask:下一个")
    entries = writer.say_and_wait("web", "zhou", answered).shown["entries"]
    assert [entry["from"] for entry in entries] == ["bot", "person", "bot"]
    assert entries[0]["blocks"][0]["question"] == "有证吗" and entries[1]["blocks"][0]["text"] == "没有"


def test_what_was_agreed_to_is_a_row_of_its_own(store: Storage, writer: Writer) -> None:
    for at, text in enumerate(("agree:refuse", "你好", "agree:agree", "agree:agree")):
        writer.say_and_wait("web", "ma", said(text, f"m{at}"))
    with store.read() as tx:
        assert list(tx.execute(sa.text("SELECT value FROM consent ORDER BY id")).scalars()) == ["refuse", "agree"]


def test_two_hundred_turns_of_eight_people_are_all_there_in_order(store: Storage, writer: Writer) -> None:
    messages = [(f"p{at % 8}", said(str(at), f"m{at}")) for at in range(200)]
    answers = at_once(writer, *messages)
    assert [texts(one) for one in answers] == [[f"{at // 8 + 1}:{at}"] for at in range(200)]
    with store.read() as tx:
        versions = list(tx.execute(sa.text("SELECT version FROM conversation")).scalars())
        assert sum(versions) <= 200 and count(store, "transcript") == 400 and count(store, "inbox") == 200
        assert set(tx.execute(sa.text("SELECT last_seq FROM conversation")).scalars()) == {50}


def test_a_client_that_hangs_up_loses_nothing(store: Storage, writer: Writer) -> None:
    async def impatient() -> None:
        task = asyncio.create_task(writer.say("web", "zhou", said("你好", "m1")))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(impatient())
    assert texts(writer.say_and_wait("web", "zhou", said("你好", "m1"))) == ["1:你好"]
    assert count(store, "inbox") == 1


def test_two_writers_answer_the_same_messages_with_the_same_words(settings: Settings, store: Storage) -> None:
    """Two processes on PostgreSQL; on SQLite two writers behind one gate."""
    other = Storage.open(settings) if settings.on_postgres else store
    writers = [Writer(store, None, step), Writer(other, None, step)]
    for one in writers:
        one.start()
    heard: list[dict[tuple[int, int], bytes]] = [{}, {}]

    def talk(which: int) -> None:
        for at in range(25):
            asked = [(f"p{who}", said(f"{at}", f"m{at}")) for who in range(4)]
            answers = at_once(writers[which], *asked, *asked[:1])
            heard[which] |= {(who, at): a.body for who, a in enumerate(answers[:4]) if isinstance(a, Answer)}

    threads = [threading.Thread(target=talk, args=(which,)) for which in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one in writers:
        one.stop()
    if other is not store:
        other.close()
    assert len(heard[0]) == 100 and heard[0] == heard[1]
    assert (count(store, "inbox"), count(store, "transcript"), count(store, "person")) == (100, 200, 4)


def test_a_draft_of_somebody_else_cannot_be_brought_to_the_table(store: Storage, writer: Writer) -> None:
    writer.say_and_wait("web", "zhao", said("draft:儿子", "m1"))
    with store.read() as tx:
        theirs = tx.execute(sa.text("SELECT id FROM draft")).scalar_one()
    with pytest.raises(LookupError):
        writer.say_and_wait("web", "lei", Message("s1", "switch", STARTED, draft_id=theirs))


def test_what_is_kept_in_the_inbox_is_the_answer_itself(store: Storage, writer: Writer) -> None:
    answer = writer.say_and_wait("web", "zhou", said("kept:能报吗", "m1"))
    assert json.loads(answer.body) == answer.shown
    assert {"entries", "open", "about", "drafts", "floor", "needs"} <= answer.shown.keys()


def test_a_cut_connection_costs_nobody_a_turn(store: Storage, writer: Writer) -> None:
    writer.say_and_wait("web", "zhou", said("一", "m1"))
    if store.on_postgres:
        with store.engines.jobs.connect() as other:
            others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
            other.execute(sa.text(f"{others} AND pid <> pg_backend_pid()"))
    else:
        store.engines.turns.dispose()
    assert texts(writer.say_and_wait("web", "zhou", said("二", "m2"))) == ["2:二"]


def test_a_database_that_is_away_is_said_to_be_away_and_comes_back(store: Storage, writer: Writer) -> None:
    writer.say_and_wait("web", "zhou", said("一", "m1"))
    with store.turn() as tx:
        tx.execute(sa.text("ALTER TABLE inbox RENAME TO inbox_away"))
    missing = writer_error(writer, said("二", "m2"))
    assert isinstance(missing, Away if not store.on_postgres else sa.exc.ProgrammingError)
    with store.turn() as tx:
        tx.execute(sa.text("ALTER TABLE inbox_away RENAME TO inbox"))
    assert texts(writer.say_and_wait("web", "zhou", said("二", "m2"))) == ["2:二"]
    assert count(store, "inbox") == 2


def writer_error(writer: Writer, message: Message) -> BaseException:
    with pytest.raises(Exception) as met:
        writer.say_and_wait("web", "zhou", message)
    return met.value
