"""Places from the county's directory, in words; what the directory does not know is said to be unknown."""

from __future__ import annotations

from dialogs.directory import Place
from dialogs.view import View


def place_says(view: View, place: Place) -> str:
    """One place in words; a blank address, phone or hour is named as unknown."""
    words = view.words
    parts = [
        place.name,
        words.say("place_at", address=place.address) if place.address else words.say("address_unknown"),
        words.say("place_hours", hours=place.hours) if place.hours else words.say("hours_unknown"),
    ]
    parts.append(words.say("place_phone", phone=place.phone) if place.phone else words.say("phone_unknown"))
    if place.text_route:
        parts.append(words.say("place_text", route=place.text_route))
    if place.note:
        parts.append(place.note)
    return "\n".join(parts)


def places_of(view: View, *kinds: str) -> tuple[str, ...]:
    """The county's places of these kinds, each in words."""
    directory = view.directory
    if directory is None:
        return ()
    invented = (view.words.say("invented"),) if directory.invented else ()
    places = tuple(place_says(view, place) for place in directory.of_kind(*kinds))
    return (*places, *invented) if places else ()


def places_say(view: View, known: str, unknown: str, *kinds: str) -> str:
    """A paragraph: `known` introduces the places, `unknown` is said when the directory has none."""
    places = places_of(view, *kinds)
    return "\n".join((view.words.say(known), *places)) if places else view.words.say(unknown)
