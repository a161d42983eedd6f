"""Secrets at rest: one data key per person, wrapped by the master key; what is sealed with it dies when the row is destroyed.

Sealed bytes are `algorithm (1) | nonce (12) | ciphertext and tag`, bound to the place they belong to (`aad`) and to the
person, so that a value copied into another row or another column does not open. Unwrapped keys are remembered by their
wrapped bytes: a key that is destroyed in one process is never used by another, because its row has to be read first.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from functools import lru_cache
from typing import Any, Protocol

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlmodel import Field, Session, SQLModel

from backend.settings import Settings
from backend.storage.columns import Sealed

AES, SM4 = b"\x01", b"\x02"
HOUSE, FIND = "house", "find"  # the two keys that belong to no person: of the house itself, and of the keyed hashes
_NONCE = 12


class WrongMasterKey(Exception):
    """YIJIANSHI_MASTER_KEY does not open the keys of this database."""


class KeyGone(Exception):
    """The person's key has been destroyed: what was sealed with it can never be read again."""


class PersonKey(SQLModel, table=True):
    """The data key of one person (or of the house), wrapped by the master key whose fingerprint is `master`."""

    __tablename__ = "person_key"
    person_id: str = Field(primary_key=True, max_length=36)
    wrapped: bytes = Field(sa_type=Sealed)
    master: str = Field(max_length=16, index=True)


class _Works(Protocol):
    """A Storage, as far as keys need it."""

    def work(self) -> AbstractContextManager[Session]: ...


class _Aead(Protocol):
    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes: ...
    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes: ...


class _Sm4Gcm:
    """SM4-GCM (GB/T 32907-2016) with the same two verbs as `cryptography`'s AEAD classes, which do not know SM4."""

    def __init__(self, key: bytes) -> None:
        self._sm4 = algorithms.SM4(key)

    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes:
        run = Cipher(self._sm4, modes.GCM(nonce)).encryptor()
        run.authenticate_additional_data(associated_data or b"")
        return run.update(data) + run.finalize() + run.tag

    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes:
        run = Cipher(self._sm4, modes.GCM(nonce, data[-16:])).decryptor()
        run.authenticate_additional_data(associated_data or b"")
        return run.update(data[:-16]) + run.finalize()


class DataKey:
    """An unwrapped key. Never shown, never logged; `owner` is the person's id, "house" or "find"."""

    __slots__ = ("_material", "_open", "owner")

    def __init__(self, owner: str, material: bytes) -> None:
        self.owner = owner
        self._material = material
        self._open: dict[bytes, _Aead] = {}

    def __repr__(self) -> str:
        return f"DataKey({self.owner!r})"

    def aead(self, algorithm: bytes) -> _Aead:
        """The cipher of this key for one algorithm; each algorithm has a key of its own, derived from the material."""
        known = self._open.get(algorithm)
        if known is None:
            known = self._open[algorithm] = _aead(algorithm, self._material)
        return known

    def digest(self, text: str) -> str:
        """HMAC-SHA256 as 64 hexadecimal signs."""
        return hmac.new(self._material, text.encode(), hashlib.sha256).hexdigest()


def _aead(algorithm: bytes, material: bytes) -> _Aead:
    if algorithm == AES:
        return AESGCM(_derived(material, b"aes-256-gcm", 32))
    if algorithm == SM4:
        return _Sm4Gcm(_derived(material, b"sm4-gcm", 16))
    raise ValueError("these bytes were not sealed here: unknown algorithm")


def _derived(material: bytes, purpose: bytes, length: int) -> bytes:
    return HKDF(hashes.SHA256(), length, salt=None, info=b"yijianshi " + purpose).derive(material)


def _bound(owner: str, aad: str) -> bytes:
    return f"{owner}|{aad}".encode()


class Keys:
    """The key ring of one process."""

    def __init__(self, settings: Settings, engine: sa.Engine, *, remembered: int = 20_000) -> None:
        self._algorithm = AES if settings.cipher == "aes" else SM4
        given = (settings.master_key, settings.master_key_before)
        ring = [_master(secret.get_secret_value()) for secret in given if secret.get_secret_value()]
        self._masters: dict[str, DataKey] = {_fingerprint(key): key for key in ring}
        self._master = _fingerprint(ring[0])
        self._engine = engine
        self._houses: dict[str, DataKey] = {}
        self._unwrap = lru_cache(maxsize=remembered)(self._unwrap_now)

    # --- sealing ---

    def seal(self, key: DataKey, value: str | bytes, aad: str) -> bytes:
        """Encrypt for one place: `aad` names it, as in "draft.body:<id>"; `unseal` has to name the same."""
        data = value.encode() if isinstance(value, str) else value
        nonce = os.urandom(_NONCE)
        return self._algorithm + nonce + key.aead(self._algorithm).encrypt(nonce, data, _bound(key.owner, aad))

    def unseal(self, key: DataKey, sealed: bytes, aad: str) -> bytes:
        """The bytes that were sealed. InvalidTag when key, place or bytes are not the ones."""
        nonce, data = sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :]
        return key.aead(sealed[:1]).decrypt(nonce, data, _bound(key.owner, aad))

    def unseal_text(self, key: DataKey, sealed: bytes, aad: str) -> str:
        return self.unseal(key, sealed, aad).decode()

    def find_hash(self, kind: str, value: str) -> str:
        """The keyed hash by which a value is found without being kept: kinds are "identity", "phone", "wechat_oa", ..."""
        return self._house(FIND).digest(f"{kind}:{value}")

    @property
    def house(self) -> DataKey:
        """The key for what belongs to no person."""
        return self._house(HOUSE)

    # --- the keys themselves ---

    def new(self, tx: Session | sa.Connection, person_id: str) -> DataKey:
        """Make this person's key. Its row is written in the caller's unit of work."""
        key, row = self.made(person_id)
        tx.execute(sa.insert(PersonKey), [row])
        return key

    def made(self, person_id: str) -> tuple[DataKey, dict[str, Any]]:
        """A new key and the row to insert into `person_key`: for callers that write whole sets."""
        material = os.urandom(32)
        return DataKey(person_id, material), self._row(person_id, material)

    def load(self, tx: Session | sa.Connection, person_ids: Iterable[str]) -> dict[str, DataKey]:
        """The keys of these persons. Who has none (deleted) is not in the answer."""
        rows = tx.execute(sa.select(_T.person_id, _T.wrapped).where(_T.person_id.in_(list(person_ids))))
        return {person: self.unwrap(person, wrapped) for person, wrapped in rows}

    def of(self, tx: Session | sa.Connection, person_id: str) -> DataKey:
        """One person's key, or KeyGone."""
        found = self.load(tx, [person_id])
        if person_id not in found:
            raise KeyGone(person_id)
        return found[person_id]

    def unwrap(self, person_id: str, wrapped: bytes) -> DataKey:
        """The key in these wrapped bytes; WrongMasterKey if they were wrapped by a master that is not set."""
        return self._unwrap(person_id, bytes(wrapped))

    def destroy(self, tx: Session | sa.Connection, person_id: str) -> None:
        """Delete the row: everything sealed with it is noise from the commit on, also in backups made after it."""
        tx.execute(sa.delete(PersonKey).where(_T.person_id == person_id))

    def rewrap(self, tx: Session | sa.Connection, *, limit: int = 500) -> int:
        """Wrap up to `limit` keys anew that an older master wrapped; returns how many. Call until it returns 0."""
        old = sa.select(_T.person_id, _T.wrapped).where(_T.master != self._master).limit(limit)
        rows = [self._row(person, self.unwrap(person, wrapped)._material) for person, wrapped in tx.execute(old)]
        if rows:
            renewed = [{"b_id": row["person_id"], "wrapped": row["wrapped"], "master": row["master"]} for row in rows]
            tx.connection().execute(_RENEW, renewed) if isinstance(tx, Session) else tx.execute(_RENEW, renewed)
        return len(rows)

    def rotate(self, store: _Works) -> Iterator[int]:
        """Wrap every key anew with the master key of today, some hundred in a unit of work; gives each one's number when done.

        Before: YIJIANSHI_MASTER_KEY is the new key and YIJIANSHI_MASTER_KEY_BEFORE the old one. May be broken off and repeated.
        """
        done = 0
        while True:
            with store.work() as tx:
                count = self.rewrap(tx)
            if not count:
                return
            yield from range(done, done := done + count)

    def prepare(self, tx: sa.Connection) -> None:
        """Make the two keys of the house, once, when the schema is new."""
        there = set(tx.execute(sa.select(_T.person_id).where(_T.person_id.in_([HOUSE, FIND]))).scalars())
        for name in {HOUSE, FIND} - there:
            self.new(tx, name)

    def _house(self, name: str) -> DataKey:
        key = self._houses.get(name)
        if key is None:
            with self._engine.connect() as tx:
                key = self._houses[name] = self.of(tx, name)
        return key

    def _row(self, person_id: str, material: bytes) -> dict[str, Any]:
        wrapped = self.seal(self._masters[self._master], material, f"person_key:{person_id}")
        return {"person_id": person_id, "wrapped": wrapped, "master": self._master}

    def _unwrap_now(self, person_id: str, wrapped: bytes) -> DataKey:
        for master in self._masters.values():
            try:
                return DataKey(person_id, self.unseal(master, wrapped, f"person_key:{person_id}"))
            except InvalidTag:
                continue
        raise WrongMasterKey("YIJIANSHI_MASTER_KEY does not open the keys of this database (is it the right one?)")


_T: Mapping[str, Any] | Any = PersonKey.__table__.c  # type: ignore[attr-defined]
_RENEW = (
    sa.update(PersonKey.__table__)  # type: ignore[attr-defined]
    .where(_T.person_id == sa.bindparam("b_id"))
    .values(wrapped=sa.bindparam("wrapped"), master=sa.bindparam("master"))
)


def _master(encoded: str) -> DataKey:
    return DataKey("master", base64.b64decode(encoded))


def _fingerprint(key: DataKey) -> str:
    return key.digest("fingerprint")[:16]
