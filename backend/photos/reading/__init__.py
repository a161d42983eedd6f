"""Reading papers: what a picture shows, what it says, and why it cannot be read where it cannot.

Pictures come in as this room keeps them (JPEG, made new by `decode`); a `ReadPhoto` goes out. The work is done by `Readers`, in
processes of their own without keys, database or network. Nothing here asks, tells or stores anything.
"""

from backend.photos.reading.papers import fits, material_for
from backend.photos.reading.readers import Readers
from backend.photos.reading.result import Box, Kind, Portrait, Problem, ReadField, ReadPhoto, Unreadable

__all__ = [
    "Box",
    "Kind",
    "Portrait",
    "Problem",
    "ReadField",
    "ReadPhoto",
    "Readers",
    "Unreadable",
    "fits",
    "material_for",
]
