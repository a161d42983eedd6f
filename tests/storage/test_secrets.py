"""Secrets at rest: nothing unsealed in any column or file, nothing readable in another place, nothing left after deletion."""

from __future__ import annotations

import base64
import hashlib
import os
import pickle
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from backend.conversations import service
from backend.conversations.writer import Writer
from backend.jobs import House
from backend.people import happenings
from backend.people import service as people
from backend.settings import Settings
from backend.storage import KeyGone, Keys, Storage, WrongMasterKey, check_receipt, new_receipt
from backend.storage.schema import import_tables
from dialogs.messages import Message
from tests import searching
from tests.storage.tiny import STARTED, said, step

NAME, IDENTITY, PHONE, BANK = "欧阳测试", "990101199001011237", "19900001234", "6200000000000000005"
OPENID = "oPlantedOpenid0123456789"
ADDRESS = "无名县想象乡第三村十二号"
PLANTED = [NAME, IDENTITY, PHONE, BANK, OPENID, ADDRESS]


def new_master() -> str:
    return base64.b64encode(os.urandom(32)).decode()


def with_talk(store: Storage) -> Writer:
    """A house in which somebody has said everything that must not be readable."""
    writer = Writer(store, None, step)
    writer.start()
    writer.say_and_wait("wechat_oa", OPENID, said(f"draft:{NAME}", f"{OPENID}1700000000"))
    writer.say_and_wait("wechat_oa", OPENID, said(f"fact:{IDENTITY}", "m2"))
    writer.say_and_wait("wechat_oa", OPENID, said(f"kept:我叫{NAME}，电话{PHONE}", "m3"))
    writer.say_and_wait("wechat_oa", OPENID, said(f"ask:{ADDRESS}", "m4"))
    writer.say_and_wait("wechat_oa", OPENID, Message("m5", "answer", STARTED, value=[BANK, ADDRESS], text="ask:next"))
    return writer


def test_no_column_and_no_file_holds_what_a_person_has_said(store: Storage, settings: Settings) -> None:
    writer = with_talk(store)
    with store.work() as tx:
        person = tx.execute(sa.text("SELECT id FROM person")).scalar_one()
        store.blobs.put(store.keys.of(tx, person), "a-picture-01", f"JPEG of {NAME} {IDENTITY}".encode() * 50)
    assert searching.in_database(store, [*PLANTED, IDENTITY[:12]]) == []
    writer.stop()
    store.close()
    assert searching.in_files(settings.data_dir, PLANTED) == []


@pytest.mark.parametrize(
    "wrapped",
    [
        NAME.encode(),
        base64.b64encode(f"x{NAME}".encode()),
        pickle.dumps({"name": NAME}),
        base64.b64encode(pickle.dumps([NAME])),
        b'{"name": "\\u6b27\\u9633\\u6d4b\\u8bd5"}',
        NAME.encode("utf-16-le"),
        NAME.encode().hex().encode(),
    ],
)
def test_the_search_finds_a_value_however_it_is_wrapped(wrapped: bytes) -> None:
    assert searching.holds(b"before " + wrapped if wrapped[:1] != b"\x80" else wrapped, [NAME])


def test_a_value_copied_to_another_place_does_not_open(store: Storage) -> None:
    with store.work() as tx:
        zhou, lei = store.keys.new(tx, "zhou"), store.keys.new(tx, "lei")
    sealed = store.keys.seal(zhou, NAME, "draft.label:1")
    assert store.keys.unseal_text(zhou, sealed, "draft.label:1") == NAME
    for key, place in ((zhou, "draft.label:2"), (zhou, "draft.body:1"), (lei, "draft.label:1")):
        with pytest.raises(InvalidTag):
            store.keys.unseal(key, sealed, place)
    for at in (1, 8, len(sealed) - 1):
        broken = sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :]
        with pytest.raises(InvalidTag):
            store.keys.unseal(zhou, broken, "draft.label:1")


@given(value=st.binary(max_size=2000), place=st.text(max_size=40))
@hypothesis_settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@pytest.mark.parametrize("cipher", ["aes", "sm4"])
def test_what_is_sealed_opens_again_and_never_looks_the_same_twice(cipher: str, value: bytes, place: str) -> None:
    keys = Keys(Settings(_env_file=None, demo=True, cipher=cipher), sa.create_engine("sqlite://"))
    key, _ = keys.made("somebody")
    sealed = keys.seal(key, value, place)
    assert keys.unseal(key, sealed, place) == value and sealed != keys.seal(key, value, place)
    assert sealed[:1] == (b"\x01" if cipher == "aes" else b"\x02")


def test_what_one_cipher_sealed_is_read_after_the_setting_changes(store: Storage, settings: Settings) -> None:
    other = Keys(settings.model_copy(update={"cipher": "sm4"}), store.engines.pages)
    with store.work() as tx:
        key = store.keys.new(tx, "zhou")
    sealed = store.keys.seal(key, NAME, "a")
    with store.read() as tx:
        same = other.of(tx, "zhou")
    assert other.unseal_text(same, sealed, "a") == NAME
    assert store.keys.unseal_text(key, other.seal(same, NAME, "a"), "a") == NAME


def test_a_new_master_key_reads_everything_and_the_old_one_nothing_after_rewrapping(settings: Settings) -> None:
    store = Storage.open(settings)
    writer = with_talk(store)
    writer.stop()
    found = store.keys.find_hash("phone", PHONE)
    store.close()
    renewed = settings.model_copy(
        update={"master_key": Settings(_env_file=None, demo=True, master_key=new_master()).master_key}
    )
    with pytest.raises(WrongMasterKey):
        Storage.open(renewed)
    both = renewed.model_copy(update={"master_key_before": settings.master_key})
    store = Storage.open(both)
    assert list(store.keys.rotate(store)) == [0, 1, 2] and list(store.keys.rotate(store)) == []
    assert store.keys.find_hash("phone", PHONE) == found
    store.close()
    store = Storage.open(renewed)
    with store.read() as tx:
        person = tx.execute(sa.text("SELECT id FROM person")).scalar_one()
        log = people.export(store, person)["conversations"]["log"]
    assert NAME in str(log)
    store.close()
    with pytest.raises(WrongMasterKey):
        Storage.open(settings)


def rows_about(store: Storage, *ids: str) -> dict[str, int]:
    """How many rows of every table still name one of these, in any column."""
    left = {}
    with store.read() as tx:
        for table in import_tables().sorted_tables:
            texts = [column for column in table.columns if isinstance(column.type, sa.String)]
            named = (
                sa.select(sa.func.count())
                .select_from(table)
                .where(sa.or_(sa.false(), *(one.in_(ids) for one in texts)))
            )
            if texts and (count := tx.execute(named).scalar_one()):
                left[table.name] = count
    return left


def test_after_deletion_the_bytes_that_a_backup_holds_stay_unreadable(store: Storage) -> None:
    writer = with_talk(store)
    with store.work() as tx:
        person, conversation = tx.execute(sa.text("SELECT person_id, id FROM conversation")).one()
        key = store.keys.of(tx, person)
        happenings.tell(store.keys, tx, conversation, key, "photo_refused", {"photo_id": "x", "says": NAME})
        copied = tx.execute(sa.text("SELECT id, sealed_body FROM draft")).one()
        store.blobs.put(key, "a-picture-02", b"JPEG")
    other = Keys(store.settings, store.engines.pages)
    with store.read() as tx:
        assert NAME in other.unseal_text(other.of(tx, person), bytes(copied[1]), f"draft.body:{copied[0]}")
    people.forget(store, person)
    people.forget(store, person)
    for ring in (store.keys, other):
        with store.read() as tx, pytest.raises(KeyGone):
            ring.of(tx, person)
    assert rows_about(store, person, conversation) == {}
    again = writer.say_and_wait("wechat_oa", OPENID, said("你好", "m2"))
    assert again.person_id != person and [reply.text for reply in again.replies] == ["1:你好"]
    writer.stop()


def test_everything_a_person_said_is_in_what_they_take_away(store: Storage) -> None:
    writer = with_talk(store)
    writer.stop()
    with store.read() as tx:
        person = tx.execute(sa.text("SELECT id FROM person")).scalar_one()
    taken = str(people.export(store, person))
    for value in (NAME, IDENTITY, PHONE, BANK, ADDRESS):
        assert value in taken


def test_a_file_is_written_once_and_opens_only_with_its_owners_key(store: Storage) -> None:
    with store.work() as tx:
        zhou, lei = store.keys.new(tx, "zhou"), store.keys.new(tx, "lei")
    store.blobs.put(zhou, "0001", b"one")
    with pytest.raises(FileExistsError):
        store.blobs.put(zhou, "0001", b"two")
    assert store.blobs.get(zhou, "0001") == b"one"
    with pytest.raises(InvalidTag):
        store.blobs.get(lei, "0001")
    store.blobs.delete("0001")
    store.blobs.delete("0001")
    with pytest.raises(FileNotFoundError):
        store.blobs.get(zhou, "0001")


def test_a_file_moved_to_another_name_does_not_open(store: Storage, settings: Settings) -> None:
    with store.work() as tx:
        key = store.keys.new(tx, "zhou")
    store.blobs.put(key, "0001", b"one")
    folder: Path = settings.data_dir / "blobs"
    (folder / "02").mkdir()
    (folder / "01" / "0001").rename(folder / "02" / "0002")
    with pytest.raises(InvalidTag):
        store.blobs.get(key, "0002")


def test_hashes_for_search_are_keyed_and_differ_by_kind(store: Storage, tmp_path: Path) -> None:
    mine = store.keys.find_hash("phone", PHONE)
    assert mine == store.keys.find_hash("phone", PHONE) != store.keys.find_hash("identity", PHONE)
    assert re.fullmatch(r"[0-9a-f]{64}", mine)
    assert mine != hashlib.sha256(PHONE.encode()).hexdigest()


def test_a_sealed_column_refuses_what_was_not_sealed(store: Storage) -> None:
    from backend.people.models import Account

    with pytest.raises(sa.exc.StatementError), store.work() as tx:
        tx.add(Account(id="1", person_id="1", app="web", key_hash="h", sealed_key=OPENID.encode(), created_at=STARTED))


@given(st.integers(0, 10), st.sampled_from("23456789ABCDEFGHJKMNPQRSTVWXY"))
@hypothesis_settings(max_examples=60, deadline=None)
def test_a_misread_receipt_number_is_noticed(at: int, sign: str) -> None:
    receipt = new_receipt()
    signs = receipt.replace("-", "")
    assert check_receipt(f" {receipt.lower().replace('-', ' ')} ") == receipt
    if signs[at] != sign:
        assert check_receipt(signs[:at] + sign + signs[at + 1 :]) is None
    if signs[at] != signs[at + 1]:
        assert check_receipt(signs[:at] + signs[at + 1] + signs[at] + signs[at + 2 :]) is None


def test_the_page_shows_its_owner_what_was_said(store: Storage, settings: Settings) -> None:
    writer = with_talk(store)
    writer.stop()

    shelf = SimpleNamespace(policy=SimpleNamespace(packs={}))
    house = House(settings, store, library=shelf)
    person = service.person_at(house, "wechat_oa", OPENID)
    page = service.shown(house, person)
    assert [one["from"] for one in page["log"]][:2] == ["person", "bot"] and page["open"]["question"] == "next"
    assert page["drafts"] == [{"id": page["drafts"][0]["id"], "label": NAME, "submitted": False, "current": True}]
    assert service.shown(house, "")["log"] == []
