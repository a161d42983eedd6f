"""The policy as the backend reads it, for every test of this room."""

from pathlib import Path

import pytest

from dialogs.policy import Pack, Policy, load_policy

FOLDER = Path(__file__).parents[2] / "dialogs" / "policy"


def texts() -> dict[str, str]:
    return {name: (FOLDER / f"{name}.yaml").read_text() for name in ("facts", "fields", "materials", "clauses")}


def pack_texts() -> dict[str, str]:
    return {path.stem: path.read_text() for path in sorted((FOLDER / "packs").glob("*.yaml"))}


@pytest.fixture(scope="session")
def policy() -> Policy:
    return load_policy(packs=pack_texts(), **texts())


@pytest.fixture(scope="session")
def tongchuan(policy: Policy) -> Pack:
    return policy.packs["tongchuan"]
