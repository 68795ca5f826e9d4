"""The networks by name, each with what writes its description."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any

from yolor_studio.core.resources import shipped
from yolor_studio.yolor.cfg import Description, read_cfg
from yolor_studio.yolor.zoo import csp, large, paper_line, yolov3, yolov4, yolov5, yolov7

_P6 = (128, 256, 384, 512, 640)
_P6_HEADS = (256, 384, 512, 640)
_W6 = (128, 256, 512, 768, 1024)
_W6_HEADS = (256, 512, 768, 1024)


class Family(StrEnum):
    """Where a network comes from, which decides what its weights look like."""

    YOLOR_N = "YOLOR-N"
    """Ours."""
    MAIN_LINE = "YOLOR, main line"
    """Checkpoints hold arrays by the number of their section."""
    PAPER_LINE = "YOLOR, paper line"
    """Checkpoints hold modules."""
    YOLOV5 = "YOLOv5"
    """Checkpoints hold modules."""
    SCALED_YOLOV4 = "Scaled-YOLOv4"
    """Darknet's .weights."""
    YOLOV7 = "YOLOv7"
    """Darknet's .weights."""
    YOLOV4 = "YOLOv4"
    """Darknet's .weights."""
    YOLOV3 = "YOLOv3"
    """Darknet's .weights."""


DARKNET = frozenset({Family.SCALED_YOLOV4, Family.YOLOV7, Family.YOLOV4, Family.YOLOV3})
"""Families whose weights are Darknet's `.weights` files."""


@dataclass(frozen=True, slots=True)
class Network:
    """One network: its family, and its description or the modules that become one."""

    family: Family
    sections: Callable[[], Description] | None = None
    modules: Callable[[], Mapping[str, Any]] | None = None


def _sections(family: Family, make: Callable[..., Description], *arguments: Any, **options: Any) -> Network:
    return Network(family, sections=partial(make, *arguments, **options))


def _modules(family: Family, make: Callable[..., Mapping[str, Any]], *arguments: Any, **options: Any) -> Network:
    return Network(family, modules=partial(make, *arguments, **options))


def _yolor_n() -> Description:
    return read_cfg(shipped("resources", "networks", "yolor-n.cfg"))


NETWORKS: Mapping[str, Network] = {
    "yolor-n": _sections(Family.YOLOR_N, _yolor_n),
    "yolor_csp": _sections(Family.MAIN_LINE, csp.yolor, csp.CSP),
    "yolor_csp_x": _sections(Family.MAIN_LINE, csp.yolor, csp.CSP_X),
    "yolor_p6": _sections(Family.MAIN_LINE, large.yolor, _P6, _P6_HEADS),
    "yolor_w6": _sections(Family.MAIN_LINE, large.yolor, _W6, _W6_HEADS),
    "yolov4_csp": _sections(Family.MAIN_LINE, csp.baseline, csp.CSP),
    "yolov4_csp_x": _sections(Family.MAIN_LINE, csp.baseline, csp.CSP_X),
    "yolov4_p6": _sections(Family.MAIN_LINE, large.baseline, large.P6),
    "yolov4_p7": _sections(Family.MAIN_LINE, large.baseline, large.P7),
    "yolor-p6": _modules(Family.PAPER_LINE, paper_line.p6, _P6, _P6_HEADS),
    "yolor-w6": _modules(Family.PAPER_LINE, paper_line.p6, _W6, _W6_HEADS),
    "yolor-e6": _modules(Family.PAPER_LINE, paper_line.p6, _W6, _W6_HEADS, width=1.25, down="DownC"),
    "yolor-d6": _modules(
        Family.PAPER_LINE, paper_line.p6, _W6, _W6_HEADS, repeats=(3, 15, 15, 7, 7), width=1.25, down="DownC"
    ),
    "yolor-ssss-s2d": _modules(Family.PAPER_LINE, paper_line.ssss, "ReOrg"),
    "yolor-ssss-dwt": _modules(Family.PAPER_LINE, paper_line.ssss, "DWT"),
    **{f"yolov5{letter}": _modules(Family.YOLOV5, yolov5.p5, *scale) for letter, scale in yolov5.SCALES.items()},
    **{f"yolov5{letter}6": _modules(Family.YOLOV5, yolov5.p6, *scale) for letter, scale in yolov5.SCALES.items()},
    "yolov4-csp": _sections(Family.SCALED_YOLOV4, csp.darknet, csp.CSP, 512),
    "yolov4-csp-swish": _sections(Family.SCALED_YOLOV4, csp.darknet_heads_last, csp.CSP, "swish"),
    "yolov4-csp-x-swish": _sections(Family.SCALED_YOLOV4, csp.darknet_heads_last, csp.CSP_X, "swish"),
    "yolov4-csp-x-mish": _sections(Family.SCALED_YOLOV4, csp.darknet_heads_last, csp.CSP_X, "mish"),
    "yolov4x-mish": _sections(Family.SCALED_YOLOV4, csp.darknet, csp.CSP_X, 640),
    "yolov4-p5": _sections(Family.SCALED_YOLOV4, large.darknet, large.P5),
    "yolov4-p6": _sections(Family.SCALED_YOLOV4, large.darknet, large.P6),
    "cspx-p7-mish": _sections(Family.SCALED_YOLOV4, large.darknet_attentive_p7),
    "yolov7": _sections(Family.YOLOV7, yolov7.yolov7),
    "yolov7-tiny": _sections(Family.YOLOV7, yolov7.tiny),
    "yolov4": _sections(Family.YOLOV4, yolov4.yolov4),
    "yolov4-tiny": _sections(Family.YOLOV4, yolov4.tiny),
    "yolov4-tiny-3l": _sections(Family.YOLOV4, yolov4.tiny_3l),
    "yolov3": _sections(Family.YOLOV3, yolov3.yolov3, pyramid=False),
    "yolov3-spp": _sections(Family.YOLOV3, yolov3.yolov3, pyramid=True),
    "yolov3-tiny": _sections(Family.YOLOV3, yolov3.tiny),
}
