"""The .yolor file: one SQLite database that holds everything but the pixels. All SQL lives here."""

from yolor_studio.project.box_tables import BoxTable
from yolor_studio.project.bulk import BulkEdit
from yolor_studio.project.class_maps import ClassMapReport, plain_name
from yolor_studio.project.edits import EditBuilder
from yolor_studio.project.other_file import TakenOver
from yolor_studio.project.project import Project
from yolor_studio.project.queries import Counts
from yolor_studio.project.renumber import Renumbering
from yolor_studio.project.states import CODES, StateTable
from yolor_studio.project.whole_tables import ObjectTable, WholeTable, rows_of

__all__ = [
    "CODES",
    "BoxTable",
    "BulkEdit",
    "ClassMapReport",
    "Counts",
    "EditBuilder",
    "ObjectTable",
    "Project",
    "Renumbering",
    "StateTable",
    "TakenOver",
    "WholeTable",
    "plain_name",
    "rows_of",
]
