"""What every process of tests/nursery.py has before it begins. Forks follow: no thread is started and no file kept open here."""

from __future__ import annotations

import importlib

from backend import app
from backend.library import load_library

for room in app._ROOMS:
    importlib.import_module(room)
load_library()
