"""The policy: what a document gives to whom, why, with which papers, where and how fast, and what still has to be
asked."""

from dialogs.policy.ask import Question, facts_of, next_question, question_for
from dialogs.policy.clocks import deadline_date, is_working_day
from dialogs.policy.decide import decide
from dialogs.policy.decision import Channel, Deadline, Decision, InHandFirst, ItemDecision, MaterialNeed
from dialogs.policy.fields import Checked, Field, check, facts_from_fields, form_fields
from dialogs.policy.lines import check_facts, decide_lines
from dialogs.policy.loading import load_policy
from dialogs.policy.logic import PERSON, Reason
from dialogs.policy.pack import Pack, Policy
from dialogs.policy.source import PolicyError
from dialogs.policy.where import outside, pack_for

__all__ = [
    "PERSON",
    "Channel",
    "Checked",
    "Deadline",
    "Decision",
    "Field",
    "InHandFirst",
    "ItemDecision",
    "MaterialNeed",
    "Pack",
    "Policy",
    "PolicyError",
    "Question",
    "Reason",
    "check",
    "check_facts",
    "deadline_date",
    "decide",
    "decide_lines",
    "facts_from_fields",
    "facts_of",
    "form_fields",
    "is_working_day",
    "load_policy",
    "next_question",
    "outside",
    "pack_for",
    "question_for",
]
