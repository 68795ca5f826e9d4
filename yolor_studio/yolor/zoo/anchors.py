"""The anchors that the published networks were trained with: (width, height) in input pixels, from fine to coarse."""

from __future__ import annotations

Anchors = tuple[tuple[float, float], ...]


def pairs(text: str) -> Anchors:
    """Anchors written as "width,height width,height ..."."""
    return tuple((float(width), float(height)) for width, height in (pair.split(",") for pair in text.split()))


YOLOV3 = pairs("10,13 16,30 33,23 30,61 62,45 59,119 116,90 156,198 373,326")
"""YOLOv3, YOLOv5 and YOLOv7-tiny."""
TINY = pairs("10,14 23,27 37,58 81,82 135,169 344,319")
"""Two levels."""
YOLOV4 = pairs("12,16 19,36 40,28 36,75 76,55 72,146 142,110 192,243 459,401")
"""YOLOv4, its CSP networks, YOLOR's of three levels and YOLOv7."""
SCALED_P5 = pairs("13,17 31,25 24,51 61,45 48,102 119,96 97,189 217,184 171,384 324,451 616,618 800,800")
SCALED_P6 = pairs(
    "13,17 31,25 24,51 61,45 61,45 48,102 119,96 97,189 "
    "97,189 217,184 171,384 324,451 324,451 545,357 616,618 1024,1024"
)
SCALED_P7 = pairs(
    "13,17 22,25 27,66 55,41 57,88 112,69 69,177 136,138 136,138 287,114 134,275 268,248 "
    "268,248 232,504 445,416 640,640 812,393 477,808 1070,908 1408,1408"
)
YOLOR_P6 = pairs("19,27 44,40 38,94 96,68 86,152 180,137 140,301 303,264 238,542 436,615 739,380 925,792")
"""YOLOR's and YOLOv5's of four levels."""
