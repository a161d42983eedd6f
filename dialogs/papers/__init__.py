"""What pictures can show, as the talk needs to know it: which place on the checklist a paper has, whose it is, what it tells.

The data stands in papers.yaml; how a picture is recognised and read is none of the dialog's business.
"""

from __future__ import annotations

import yaml
from pydantic import BaseModel, ConfigDict


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PaperKind(_Data):
    """One kind of paper. `places`: the pictures of the checklist that it is, the best first; `also`: those that it may serve for.

    `personal`: it belongs to one person, so it can be the wrong person's. `tells`: what the talk takes from it, by the names of
    facts and form fields. `of_guardian`: the same for the guardian, where it turns out to be theirs. `implies`: facts that follow
    from its being there. `valid_to`: the name of the date on which it ends.
    `cut`: it is shown as it will be printed.
    """

    name: str
    places: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    personal: bool = False
    tells: tuple[str, ...] = ()
    of_guardian: dict[str, str] = {}
    implies: dict[str, bool] = {}
    valid_to: str = ""
    cut: bool = False

    def fits(self, part: str) -> bool:
        return part in self.places or part in self.also


class Papers(_Data):
    """`kinds`: by their ids. `compared`: what is asked about when it differs from what was said before."""

    kinds: dict[str, PaperKind] = {}
    compared: tuple[str, ...] = ()

    def known(self, part: str) -> bool:
        """Whether a picture of this paper can be told from others at all."""
        return any(kind.fits(part) for kind in self.kinds.values())


def load_papers(text: str) -> Papers:
    """Papers from the text of papers.yaml. ValueError names what is wrong."""
    return Papers.model_validate(yaml.safe_load(text))
