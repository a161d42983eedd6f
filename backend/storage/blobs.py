"""Files: photos, signatures, packets. Each is sealed with a key of its own, which the person's key wraps, at its head.

A file is written once and never changed; a second write under the same id is refused by the store itself. The place is a
folder or any S3, as obstore knows it.
"""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import unquote, urlparse

import obstore
from obstore.exceptions import AlreadyExistsError
from obstore.store import ObjectStore, from_url

from backend.settings import Settings
from backend.storage.keys import DataKey, Keys


class Blobs:
    """The store of files of one process."""

    def __init__(self, settings: Settings, keys: Keys) -> None:
        url = urlparse(settings.blobs)
        if url.scheme == "file":
            Path(unquote(url.path)).mkdir(parents=True, exist_ok=True, mode=0o700)
        self._store: ObjectStore = from_url(settings.blobs)
        self._keys = keys

    def put(self, key: DataKey, blob_id: str, data: bytes) -> None:
        """Keep a file under a fresh id. FileExistsError if the id has been used."""
        material = os.urandom(32)
        head = self._keys.seal(key, material, f"blob.key:{blob_id}")
        body = self._keys.seal(DataKey(blob_id, material), data, "blob")
        try:
            obstore.put(self._store, _path(blob_id), len(head).to_bytes(2, "big") + head + body, mode="create")
        except AlreadyExistsError as exists:
            raise FileExistsError(blob_id) from exists

    def get(self, key: DataKey, blob_id: str) -> bytes:
        """The file. FileNotFoundError if it is not there; InvalidTag if the key is not its owner's."""
        kept = bytes(obstore.get(self._store, _path(blob_id)).bytes())
        cut = 2 + int.from_bytes(kept[:2], "big")
        material = self._keys.unseal(key, kept[2:cut], f"blob.key:{blob_id}")
        return self._keys.unseal(DataKey(blob_id, material), kept[cut:], "blob")

    def delete(self, blob_id: str) -> None:
        """Forget a file. Nothing happens if it is gone already: deleting is repeated after a crash."""
        try:
            obstore.delete(self._store, _path(blob_id))
        except FileNotFoundError:
            return


def _path(blob_id: str) -> str:
    """Spread over 256 folders by the random end of the id: its beginning is the time, alike for a whole day."""
    return f"{blob_id[-2:]}/{blob_id}"
