"""The policy as the backend reads it, for every test of this room."""

from functools import cache
from pathlib import Path
from typing import Any

import pytest

from dialogs.policy import Pack, Policy, load_policy

FOLDER = Path(__file__).parents[2] / "dialogs" / "policy"


def texts() -> dict[str, Any]:
    """What packs share, and the clause indexes."""
    return {
        **{name: (FOLDER / f"{name}.yaml").read_text() for name in ("facts", "fields", "materials")},
        "clauses": clause_texts(),
    }


def clause_texts() -> dict[str, str]:
    return {path.stem: path.read_text() for path in sorted((FOLDER / "clauses").glob("*.yaml"))}


def pack_texts() -> dict[str, str]:
    return {path.stem: path.read_text() for path in sorted((FOLDER / "packs").glob("*.yaml"))}


@cache
def whole() -> Policy:
    """The policy with every pack of the house; the same for all tests of a process."""
    return load_policy(packs=pack_texts(), **texts())


@pytest.fixture(scope="session")
def policy() -> Policy:
    return whole()


@pytest.fixture(scope="session")
def tongchuan(policy: Policy) -> Pack:
    return policy.packs["tongchuan"]
