"""The published models that can be downloaded by name, and what is known of their files.

A size or hash stands here only where it is certain. What is not known is learned at the first download, kept in the
user's data folder and held to from then on. Nothing here asks the network.
"""

from __future__ import annotations

import difflib
import json
from dataclasses import dataclass, replace
from typing import Any

from yolor_studio.core.errors import ModelError
from yolor_studio.core.paths import user_folder
from yolor_studio.yolor.files import write_atomically

_GITHUB = "https://github.com"
_YOLOR = f"{_GITHUB}/WongKinYiu/yolor/releases/download/weights"
_YOLOV5 = f"{_GITHUB}/ultralytics/yolov5/releases/download/v7.0"
_DARKNET = f"{_GITHUB}/AlexeyAB/darknet/releases/download"
_V4_PRE = f"{_DARKNET}/darknet_yolo_v4_pre"
_PJREDDIE = "https://pjreddie.com/media/files"
_GPL, _AGPL, _FREE = "GPL-3.0", "GPL-3.0, now AGPL-3.0", "public domain"


@dataclass(frozen=True, slots=True)
class Release:
    """A published model: where it lies, and what the file must be."""

    name: str
    """The model's name in the list once it is there."""
    url: str
    title: str
    """What a person knows it as."""
    licence: str
    """Of the weights, as their publishers state it."""
    network: str = ""
    """The zoo's name of the network, for files that do not say it themselves."""
    size: int | None = None
    """Exact bytes."""
    sha256: str | None = None
    """Hex."""
    about: int | None = None
    """Roughly how many bytes, where the exact number is not known."""

    @property
    def file(self) -> str:
        """The file's name."""
        return self.url.rsplit("/", 1)[-1]

    @property
    def bare(self) -> bool:
        """Whether the file says neither its network nor its classes (which are COCO's)."""
        return self.url.endswith(".weights")

    @property
    def expected(self) -> int | None:
        """Bytes to tell a person before the download."""
        return self.about if self.size is None else self.size


def _darknet(name: str, url: str, title: str, *, size: int, sha256: str | None = None, network: str = "") -> Release:
    return Release(name, url, title, _FREE, network=network or name, size=size, sha256=sha256)


def _yolor(name: str, title: str, about: int, *, network: str) -> Release:
    return Release(name, f"{_YOLOR}/{name}.pt", title, _GPL, network=network, about=about)


def _yolov5(letter: str, title: str, size: int, sha256: str) -> Release:
    name = f"yolov5{letter}"
    return Release(name, f"{_YOLOV5}/{name}.pt", f"YOLOv5 7.0 {title}, COCO, 640 px", _AGPL, size=size, sha256=sha256)


RELEASES: tuple[Release, ...] = (
    _yolor("yolor-p6", "YOLOR-P6 (paper line), COCO, 1280 px", 75_000_000, network="yolor-p6"),
    _yolor("yolor-w6", "YOLOR-W6 (paper line), COCO, 1280 px", 160_000_000, network="yolor-w6"),
    _yolor("yolor-e6", "YOLOR-E6 (paper line), COCO, 1280 px", 232_000_000, network="yolor-e6"),
    _yolor("yolor-d6", "YOLOR-D6 (paper line), COCO, 1280 px", 304_000_000, network="yolor-d6"),
    _yolor("yolor-p6-paper-541", "YOLOR-P6, the paper's 54.1 AP", 75_000_000, network="yolor-p6"),
    _yolor("yolor-w6-paper-555", "YOLOR-W6, the paper's 55.5 AP", 160_000_000, network="yolor-w6"),
    _yolor("yolor-e6-paper-564", "YOLOR-E6, the paper's 56.4 AP", 232_000_000, network="yolor-e6"),
    _yolor("yolor-d6-paper-570", "YOLOR-D6, the paper's 57.0 AP", 304_000_000, network="yolor-d6"),
    _yolor("yolor_csp", "YOLOR-CSP (main line), COCO, 640 px", 212_000_000, network="yolor_csp"),
    _yolor("yolor_csp_star", "YOLOR-CSP* (main line), COCO, 640 px", 212_000_000, network="yolor_csp"),
    _yolor("yolor_csp_x", "YOLOR-CSP-X (main line), COCO, 640 px", 399_000_000, network="yolor_csp_x"),
    _yolor("yolor_csp_x_star", "YOLOR-CSP-X* (main line), COCO, 640 px", 399_000_000, network="yolor_csp_x"),
    _yolor("yolor_p6", "YOLOR-P6 (main line), COCO, 1280 px", 149_000_000, network="yolor_p6"),
    _yolor("yolor_w6", "YOLOR-W6 (main line), COCO, 1280 px", 320_000_000, network="yolor_w6"),
    _yolov5("n", "nano", 4_062_133, "4f180cf23ba0717ada0badd6c685026d73d48f184d00fc159c2641284b2ac0a3"),
    _yolov5("s", "small", 14_808_437, "8b3b748c1e592ddd8868022e8732fde20025197328490623cc16c6f24d0782ee"),
    _yolov5("m", "medium", 42_806_829, "61d933360ba5a7733a36764996c800287d973889d875227f5beedd2473a97a56"),
    _yolov5("l", "large", 93_622_629, "2f603b7354c25454d1270663a14d8ddc1eea98e5eebc1d84ce0c6e3150fa155f"),
    _yolov5("x", "extra large", 174_114_333, "9f27a794fa0308e2606f90565164571d6f0a0ba18a3ce2e5e5d323b71c157859"),
    _darknet(
        "yolov4",
        f"{_DARKNET}/darknet_yolo_v3_optimal/yolov4.weights",
        "YOLOv4, COCO, 608 px",
        size=257_717_640,
        sha256="e8a4f6c62188738d86dc6898d82724ec0964d0eb9d2ae0f0a9d53d65d108d562",
    ),
    _darknet(
        "yolov4-tiny",
        f"{_DARKNET}/yolov4/yolov4-tiny.weights",
        "YOLOv4-tiny, COCO, 416 px",
        size=24_251_276,
        sha256="cf9fbfd0f6d4869b35762f56100f50ed05268084078805f0e7989efe5bb8ca87",
    ),
    _darknet("yolov4-csp", f"{_V4_PRE}/yolov4-csp.weights", "YOLOv4-CSP, COCO, 512 px", size=211_944_840),
    _darknet(
        "yolov4-csp-swish", f"{_V4_PRE}/yolov4-csp-swish.weights", "YOLOv4-CSP with SiLU, COCO, 640 px",
        size=211_944_840,
    ),
    _darknet(
        "yolov4-csp-x-swish", f"{_V4_PRE}/yolov4-csp-x-swish.weights", "YOLOv4-CSP-X with SiLU, COCO, 640 px",
        size=399_388_168,
    ),
    _darknet("yolov4x-mish", f"{_V4_PRE}/yolov4x-mish.weights", "YOLOv4-CSP-X, COCO, 640 px", size=399_388_168),
    _darknet("yolov4-p5", f"{_V4_PRE}/yolov4-p5.weights", "Scaled-YOLOv4-P5, COCO, 896 px", size=283_669_892),
    _darknet("yolov4-p6", f"{_V4_PRE}/yolov4-p6.weights", "Scaled-YOLOv4-P6, COCO, 1280 px", size=510_868_180),
    _darknet("yolov7-tiny", f"{_DARKNET}/yolov4/yolov7-tiny.weights", "YOLOv7-tiny, COCO, 416 px", size=24_967_560),
    _darknet("yolov7", f"{_DARKNET}/yolov4/yolov7.weights", "YOLOv7, COCO, 640 px", size=147_898_248),
    _darknet(
        "yolov3",
        f"{_PJREDDIE}/yolov3.weights",
        "YOLOv3, COCO, 416 px",
        size=248_007_048,
        sha256="523e4e69e1d015393a1b0a441cef1d9c7659e3eb2d7e15f793f060a21b32f297",
    ),
    _darknet(
        "yolov3-spp",
        f"{_PJREDDIE}/yolov3-spp.weights",
        "YOLOv3-SPP, COCO, 608 px",
        size=252_209_544,
        sha256="87a1e8c85c763316f34e428f2295e1db9ed4abcec59dd9544f8052f50de327b4",
    ),
    _darknet(
        "yolov3-tiny",
        f"{_PJREDDIE}/yolov3-tiny.weights",
        "YOLOv3-tiny, COCO, 416 px",
        size=35_434_956,
        sha256="dccea06f59b781ec1234ddf8d1e94b9519a97f4245748a7d4db75d5b7080a42c",
    ),
)  # fmt: skip
"""Everything that `models download` knows by name."""


def find_release(name: str) -> Release:
    """The release of this name, with what was learned of it; ModelError if none is known."""
    for release in RELEASES:
        if release.name.casefold() == name.casefold():
            return with_learned(release)
    near = difflib.get_close_matches(name.casefold(), [release.name for release in RELEASES], n=1)
    hint = f"Did you mean {near[0]}?" if near else "'yolor-studio models download' without a name lists what there is."
    raise ModelError(f"No published model named {name[:60]} is known here. {hint}")


def with_learned(release: Release) -> Release:
    """The release with the size and hash of its first download, where the table has none."""
    known = _learned().get(release.url)
    if known is None or release.sha256 is not None:
        return release
    return replace(release, size=known["size"], sha256=known["sha256"])


def learn(release: Release, *, size: int, sha256: str) -> None:
    """Remember what came at the first download: later ones must be the same file. ModelError if it cannot be kept."""
    learned = _learned()
    if release.sha256 is None and release.url not in learned:
        learned[release.url] = {"size": size, "sha256": sha256}
        write_atomically(user_folder("releases.json"), json.dumps(learned, indent=1).encode())


def _learned() -> dict[str, Any]:
    """Address -> {"size", "sha256"}. A damaged file is told: reading it as empty would trust whatever comes next."""
    path = user_folder("releases.json")
    try:
        learned = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise ModelError(f"{path}, which keeps the hashes of downloads, cannot be read: {error}.") from error
    if not isinstance(learned, dict) or not all(_is_known(entry) for entry in learned.values()):
        raise ModelError(f"{path}, which keeps the hashes of downloads, is damaged. Delete it to learn them anew.")
    return learned


def _is_known(entry: Any) -> bool:
    return isinstance(entry, dict) and isinstance(entry.get("size"), int) and isinstance(entry.get("sha256"), str)
