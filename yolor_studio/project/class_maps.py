"""Which of the project's categories a model's classes lead to."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from yolor_studio.core.class_names import common_name
from yolor_studio.project import layers, queries
from yolor_studio.project.edits import EditBuilder


@dataclass(frozen=True, slots=True)
class ClassMapReport:
    """How a model's classes met the project's categories."""

    adopted: tuple[str, ...]
    """Class names that became new categories, because the project had none."""
    matched: tuple[str, ...]
    """Class names that map to a category."""
    ignored: tuple[str, ...]
    """Class names without a category; their predictions are not shown."""


def adopt(
    connection: sqlite3.Connection, edit: EditBuilder, layer_id: int, class_names: Sequence[str]
) -> tuple[ClassMapReport, bool]:
    """Map the classes that are not mapped yet, by name or by VOC's and COCO's other word for the thing, with new
    categories where the project has none; returns what came of it and whether anything was written."""
    model = layers.one_layer(connection, layer_id).model
    known = layers.class_map(connection, model)
    categories = queries.all_categories(connection)
    ids = {plain_name(category.name): category.id for category in reversed(categories)}
    synonyms = {common_name(category.name): category.id for category in reversed(categories)}
    adopted: list[str] = []
    unmapped = [(index, name) for index, name in enumerate(class_names) if index not in known]
    for index, name in unmapped:
        if not categories and name.strip() and plain_name(name) not in ids:
            ids[plain_name(name)] = edit.add_category(name)
            adopted.append(name)
        edit.set_class(layer_id, index, ids.get(plain_name(name), synonyms.get(common_name(name))))
    mapped = layers.class_map(connection, model)
    found = tuple(name for index, name in enumerate(class_names) if mapped.get(index) is not None)
    rest = tuple(name for index, name in enumerate(class_names) if mapped.get(index) is None)
    return ClassMapReport(adopted=tuple(adopted), matched=found, ignored=rest), bool(unmapped)


def plain_name(name: str) -> str:
    """The name as names are compared: without regard to case and spaces."""
    return " ".join(name.casefold().split())
