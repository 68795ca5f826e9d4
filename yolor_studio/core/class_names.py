"""Which class of a model is which category of a dataset, by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

_SYNONYMS = (
    ("aeroplane", "airplane", "plane"),
    ("bicycle", "bike", "cycle"),
    ("cellphone", "mobilephone"),
    ("diningtable", "table"),
    ("motorbike", "motorcycle"),
    ("person", "pedestrian", "people"),
    ("pottedplant", "plant"),
    ("sofa", "couch"),
    ("tvmonitor", "tv", "television"),
)
_FIRST = {name: group[0] for group in _SYNONYMS for name in group}


def match_classes(classes: Sequence[str], categories: Mapping[int, str]) -> dict[int, int]:
    """Class index -> category key where the names are the same but for case, spaces, hyphens and underscores, or else
    where they are the words of VOC and COCO for one thing. A category that two classes fit goes to the first."""
    matched: dict[int, int] = {}
    for spell in (_plain, common_name):
        taken = set(matched.values())
        free = {spell(name): key for key, name in reversed(list(categories.items())) if key not in taken}
        for index, name in enumerate(classes):
            key = free.get(spell(name))
            if index not in matched and key is not None and key not in matched.values():
                matched[index] = key
    return matched


def common_name(name: str) -> str:
    """One spelling for all words of VOC and COCO for a thing: "Airplane" and "aero plane" give "aeroplane"."""
    return _FIRST.get(_plain(name), _plain(name))


def _plain(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter not in " -_")
