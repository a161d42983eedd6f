"""The cellar of the house: engines, units of work, keys, blobs, the live stream, the schema.

It knows no table but its own keys and nothing of what the rows mean; every room above keeps its own tables and queries.
"""

from backend.storage.blobs import Blobs
from backend.storage.columns import Sealed, UtcTime, metadata, now
from backend.storage.ids import check_receipt, new_id, new_receipt
from backend.storage.keys import DataKey, KeyGone, Keys, WrongMasterKey
from backend.storage.live import Live
from backend.storage.store import Locked, Storage

__all__ = [
    "Blobs",
    "DataKey",
    "KeyGone",
    "Keys",
    "Live",
    "Locked",
    "Sealed",
    "Storage",
    "UtcTime",
    "WrongMasterKey",
    "check_receipt",
    "metadata",
    "new_id",
    "new_receipt",
    "now",
]
