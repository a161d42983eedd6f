"""The policy: what a document gives to whom, why, with which papers, where and how fast, and what still has to be asked."""

from dialogs.policy.decide import decide
from dialogs.policy.pack import load_policy

__all__ = ["decide", "load_policy"]
