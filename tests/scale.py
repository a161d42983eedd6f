"""How large a test is: small enough for every `make test`, and at the figures the issues name in `make proof`.

A test that takes its figures from here bears the mark `proof`: `make proof` runs all that bear it, and no others.
"""

from __future__ import annotations

import os
from typing import TypeVar

T = TypeVar("T")
PROOF = os.environ.get("YIJIANSHI_PROOF") == "1"


def sized(small: T, whole: T) -> T:
    """`whole` in `make proof`, else `small`."""
    return whole if PROOF else small
