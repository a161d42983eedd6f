"""What an applicant can fetch of an application: its paper form, filled in, to print or to show at the window."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from backend.applications import forms
from backend.jobs import House
from backend.people.identity import PersonDep
from backend.web import Pace

router = APIRouter(prefix="/api/v1/applications")

_PACE = Pace(10)  # drawings of one person in a minute
FILE_NAME = "application-form.pdf"  # says nothing of the person: downloads are seen by others


@router.get("/{receipt}/form.pdf")
def form(request: Request, person_id: PersonDep, receipt: Annotated[str, Path(max_length=20)]) -> Response:
    """One's own filled form. Somebody else's is answered like one that is not there."""
    house: House = request.app.state.house
    _PACE.check(person_id)
    return pdf(forms.of_person(house, person_id, receipt))


def pdf(data: bytes) -> Response:
    """A form as an answer that no cache keeps. For every room that shows one."""
    headers = {"cache-control": "private, no-store", "content-disposition": f'inline; filename="{FILE_NAME}"'}
    return Response(data, media_type="application/pdf", headers=headers)
