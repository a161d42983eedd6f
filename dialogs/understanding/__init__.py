"""What a person meant: one text in the light of the open question becomes one `Reading`.

Pure: the dictionary, the tables, the FAQ and the places are texts and data that the caller hands to `load_reader` once per
process. Nothing here decides what the talk does with a reading, and nothing leaves the machine. Another reader (statistical,
a language model) can stand in for `Reader` behind the same `read`.
"""

from dialogs.understanding.places import Place
from dialogs.understanding.reader import Reader, load_reader, understand_lines
from dialogs.understanding.reading import Reading, Understands

__all__ = ["Place", "Reader", "Reading", "Understands", "load_reader", "understand_lines"]
