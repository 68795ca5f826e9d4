"""The words of the product as frozen dataclasses; docs/glossary.md defines them.

Boxes are float pixels `x, y, w, h` of the displayed frame (after EXIF orientation, rotation and mirroring); frames are
0-based ordinals in presentation order; category ids start at 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Box",
    "Category",
    "Change",
    "ClassMap",
    "Fingerprint",
    "FrameBox",
    "FrameState",
    "Keyframe",
    "Layer",
    "Media",
    "MediaKind",
    "Object",
    "Origin",
    "Predictions",
    "Rejection",
    "ShownPredictions",
]


class MediaKind(StrEnum):
    """What a media is; a sequence behaves like a video."""

    IMAGE = "image"
    VIDEO = "video"
    SEQUENCE = "sequence"


class Origin(StrEnum):
    """Who set a keyframe."""

    HUMAN = "human"
    MODEL = "model"
    IMPORT = "import"


class FrameState(StrEnum):
    """What a person declared about a frame; "reviewed and empty" is derived, never stored."""

    UNTOUCHED = "untouched"
    REVIEWED = "reviewed"
    SKIPPED = "skipped"


class Box(NamedTuple):
    """A box in displayed pixels: left, top, width, height."""

    x: float
    y: float
    w: float
    h: float

    @property
    def right(self) -> float:
        """The x of the right edge."""
        return self.x + self.w

    @property
    def bottom(self) -> float:
        """The y of the bottom edge."""
        return self.y + self.h

    @property
    def area(self) -> float:
        """Width times height, in square pixels."""
        return self.w * self.h


class Fingerprint(NamedTuple):
    """How a moved file is known again: its size in bytes and the SHA-256 (hex) of its first and last MiB."""

    size: int
    digest: str


@dataclass(frozen=True, slots=True)
class Media:
    """An image, video or sequence that a project refers to; its pixels stay where they are."""

    id: int
    kind: MediaKind
    path: str
    """As stored: relative to the project's folder where possible, POSIX separators."""
    name: str
    """Unique within the project; what a person sees and what exports are named after."""
    width: int
    height: int
    frames: int
    fps: float | None
    """Mean frames per second; None for images."""
    fingerprint: Fingerprint
    verified: bool
    """Whether a background decode has proved the number of frames."""
    step: int = 1
    """The working step: every Nth frame is worked on."""
    files: tuple[str, ...] = ()
    """A sequence's file names, frozen in order; empty otherwise."""
    info: Mapping[str, Any] = field(default_factory=dict)
    """What was found: codec, rotation, notes and the like, as `info` prints it."""


@dataclass(frozen=True, slots=True)
class Category:
    """A kind of thing; its id never changes."""

    id: int
    name: str
    supercategory: str = ""
    colour: int = 0
    """Index into the data palette (`core.palette`); from the 13th on the colours repeat, with striped tags."""
    hotkey: str | None = None
    visible: bool = True


@dataclass(frozen=True, slots=True)
class Keyframe:
    """A box set on a frame of an object."""

    object_id: int
    frame: int
    box: Box
    occluded: bool = False
    interpolate: bool = False
    """Whether the object exists between this keyframe and the next."""
    origin: Origin = Origin.HUMAN
    attributes: Mapping[str, Any] = field(default_factory=dict)
    score: float | None = None
    """The accepted prediction's score, for statistics; None when a person drew it."""


@dataclass(frozen=True, slots=True)
class Object:
    """One thing in one media; it has at least one keyframe."""

    id: int
    media_id: int
    category_id: int
    track_id: int
    """Unique in the project, never reused."""
    ignore: bool = False
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FrameBox:
    """An object's box at a frame: the pure function of its keyframes."""

    object: Object
    frame: int
    box: Box
    occluded: bool
    origin: Origin
    """Of the keyframe at or before the frame."""
    keyframe: bool
    """Whether a keyframe stands on this very frame; otherwise the box is interpolated."""
    score: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """What a layer says about one frame; immutable.

    boxes: float32 [N, 4] as x, y, w, h in displayed pixels; classes: int16 [N, 3], the top three of the model's class
    indices, -1 where there are fewer; scores: float32 [N, 3], 0 where there are fewer; tracks: int32 [N], -1 for none.
    Rows are sorted by falling first score.
    """

    boxes: NDArray[np.float32]
    classes: NDArray[np.int16]
    scores: NDArray[np.float32]
    tracks: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.boxes)

    @classmethod
    def empty(cls) -> Predictions:
        """No predictions: the model looked and found nothing."""
        return cls(
            np.zeros((0, 4), np.float32),
            np.zeros((0, 3), np.int16),
            np.zeros((0, 3), np.float32),
            np.zeros(0, np.int32),
        )


ClassMap = Mapping[int, int | None]
"""A model's class index -> category id; None is "ignored"."""


@dataclass(frozen=True, slots=True)
class Layer:
    """What one model said about the media, by one run or its resumption."""

    id: int
    model: str
    model_hash: str
    class_names: tuple[str, ...]
    min_score: float
    """Predictions under this were not kept."""
    device: str
    created: str
    """ISO 8601, UTC."""
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class ShownPredictions:
    """The predictions of a frame that a person sees: mapped, over their score limit, not hidden. Row i of each array
    belongs together; `rows` are the indices into the stored Predictions."""

    layer_id: int
    rows: NDArray[np.int64]
    boxes: NDArray[np.float32]
    """[N, 4] x, y, w, h in displayed pixels."""
    categories: NDArray[np.int64]
    """[N] category ids."""
    scores: NDArray[np.float32]
    """[N] scores of the shown (first) class."""
    doubts: NDArray[np.bool_]
    """[N] True where an object of another category lies under the prediction with IoU 0.6 or more."""

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True, slots=True)
class Rejection:
    """A person's word that the model is wrong here; it lasts over re-runs."""

    id: int
    media_id: int
    frame: int
    category_id: int
    box: Box


@dataclass(frozen=True, slots=True)
class Change:
    """What a committed write touched; views refresh if they are concerned and visible."""

    tables: frozenset[str]
    """Of "media", "categories", "objects", "keyframes", "rejections", "frame_states", "layers", "predictions",
    "class_maps", "settings"."""
    media: frozenset[int] = frozenset()
    frames: frozenset[tuple[int, int]] | None = None
    """The (media id, frame) pairs concerned; None means any frame of `media`, and with `media` empty anything."""
    edit: str | None = None
    """The edit's name, as in the Undo menu; None for writes outside the history (predictions, settings)."""
    actor: str = "window"
    """Who did it: "window", "job", "import", "undo" or "redo"."""

    def concerns(self, media_id: int, frame: int) -> bool:
        """Whether this frame may look different now."""
        if self.media and media_id not in self.media:
            return False
        return self.frames is None or (media_id, frame) in self.frames
