"""The published networks of YOLOR's main line, written out: layers, counts and places to the digit."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from yolor_studio.yolor.cfg import parse_cfg
from yolor_studio.yolor.layers import Head, Implicit
from yolor_studio.yolor.plan import Plan, build_plan


class Writer:
    """Writes a cfg layer by layer; every method returns the index of the layer that it wrote."""

    def __init__(self) -> None:
        self.text = "[net]\nwidth=640\nheight=640\n"
        self.count = 0

    def add(self, kind: str, **options: object) -> int:
        self.text += f"[{kind}]\n" + "".join(f"{key.rstrip('_')}={value}\n" for key, value in options.items())
        self.count += 1
        return self.count - 1

    def conv(self, filters: int, size: int, *, stride: int = 1) -> int:
        return self.add(
            "convolutional", batch_normalize=1, filters=filters, size=size, stride=stride, pad=1, activation="silu"
        )

    def route(self, *layers: int) -> int:
        return self.add("route", layers=",".join(map(str, layers)))

    def stage(self, c: int, repeats: int, *, transition: bool) -> int:
        """Halve the map, then a cross-stage block of `repeats` residuals."""
        self.conv(c, 3, stride=2)
        split = self.conv(c // 2, 1)
        self.route(-2)
        self.conv(c // 2, 1)
        for _ in range(repeats):
            self.conv(c // 2, 1)
            self.conv(c // 2, 3)
            self.add("shortcut", from_=-3)
        if transition:
            self.conv(c // 2, 1)
        self.route(-1, split)
        return self.conv(c, 1)

    def spp(self, c: int, *, deep: bool) -> int:
        split = self.conv(c, 1)
        self.route(-2)
        self.conv(c, 1)
        self.conv(c, 3)
        self.conv(c, 1)
        for size, back in ((5, -2), (9, -4), (13, None)):
            self.add("maxpool", size=size, stride=1)
            if back is not None:
                self.route(back)
        self.route(-1, -3, -5, -6)
        for _ in range(1 + deep):
            self.conv(c, 1)
            self.conv(c, 3)
        self.route(-1, split)
        return self.conv(c, 1)

    def block(self, c: int, repeats: int) -> int:
        self.conv(c, 1)
        split = self.conv(c, 1)
        self.route(-2)
        for _ in range(repeats):
            self.conv(c, 1)
            self.conv(c, 3)
        self.route(-1, split)
        return self.conv(c, 1)

    def top_down(self, c: int, lateral: int, repeats: int) -> int:
        self.conv(c, 1)
        self.add("upsample", stride=2)
        self.route(lateral)
        self.conv(c, 1)
        self.route(-1, -3)
        return self.block(c, repeats)

    def bottom_up(self, c: int, lateral: int, repeats: int) -> int:
        self.conv(c, 3, stride=2)
        self.route(-1, lateral)
        return self.block(c, repeats)

    def heads(self, sources: list[int], widths: list[int]) -> None:
        adds = [self.add("implicit_add", filters=width) for width in widths]
        muls = [self.add("implicit_mul", filters=255) for _ in widths]
        for level, (source, width) in enumerate(zip(sources, widths, strict=True)):
            self.route(source)
            self.conv(width, 3)
            self.add("shift_channels", from_=adds[level])
            self.add("convolutional", filters=255, size=1, stride=1, pad=1, activation="linear")
            self.add("control_channels", from_=muls[level])
            mask = ",".join(str(3 * level + i) for i in range(3))
            self.add("yolo", mask=mask, anchors=",".join(["10,10"] * 3 * len(widths)), classes=80)


def csp(width: float, repeats: tuple[int, ...], *, k: int, deep: bool) -> Plan:
    w = Writer()
    w.conv(32, 3)
    c = [int(x * width) for x in (64, 128, 256, 512, 1024)]
    w.conv(c[0], 3, stride=2)
    w.conv(c[0] // 2, 1)
    w.conv(c[0], 3)
    w.add("shortcut", from_=-3)
    _, low, middle, _ = (w.stage(x, n, transition=True) for x, n in zip(c[1:], repeats, strict=True))
    top = w.spp(c[4] // 2, deep=deep)
    fourth = w.top_down(c[3] // 2, middle, k)
    third = w.top_down(c[2] // 2, low, k)
    up = w.bottom_up(c[3] // 2, fourth, k)
    w.heads([third, up, w.bottom_up(c[4] // 2, top, k)], c[2:])
    return build_plan(parse_cfg(w.text))


def p6(c: tuple[int, ...], heads: list[int]) -> Plan:
    w = Writer()
    w.add("reorg")
    w.conv(64, 3)
    repeats = (3, 7, 7, 3, 3)
    _, low, middle, high, _ = (w.stage(x, n, transition=False) for x, n in zip(c, repeats, strict=True))
    half = [x // 2 for x in c]
    top = w.spp(half[4], deep=False)
    fifth = w.top_down(half[3], high, 3)
    fourth = w.top_down(half[2], middle, 3)
    levels = [w.top_down(half[1], low, 3)]
    for width, lateral in ((half[2], fourth), (half[3], fifth), (half[4], top)):
        levels.append(w.bottom_up(width, lateral, 3))
    w.heads(levels, heads)
    return build_plan(parse_cfg(w.text))


def places(plan: Plan, kind: type) -> list[int]:
    return [layer.index for layer in plan.layers if isinstance(layer, kind)]


P6 = (128, 256, 384, 512, 640)
W6 = (128, 256, 512, 768, 1024)


@dataclass(frozen=True)
class Published:
    plan: Plan
    size: int
    layers: int
    parameters: int
    implicit: int
    gflops: float
    first_implicit: int
    heads: list[int]


PUBLISHED = {
    "csp": Published(csp(1, (2, 8, 8, 4), k=2, deep=False), 640, 188, 52_923_994, 2557, 120.2, 164, [175, 181, 187]),
    "csp_x": Published(
        csp(1.25, (3, 10, 10, 5), k=3, deep=True), 640, 216, 99_754_058, 3005, 221.9, 192, [203, 209, 215]
    ),
    "p6": Published(p6(P6, [256, 384, 512, 640]), 1280, 235, 37_265_016, 2812, 325.1, 203, [216, 222, 228, 234]),
    "w6": Published(p6(W6, [256, 512, 768, 1024]), 1280, 235, 79_873_400, 3580, 452.6, 203, [216, 222, 228, 234]),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_published_network_counts_to_the_digit(name: str):
    wanted = PUBLISHED[name]
    plan = wanted.plan
    assert len(plan.layers) == wanted.layers
    assert plan.parameters == wanted.parameters
    assert plan.implicit == wanted.implicit
    assert round(plan.gflops(wanted.size), 1) == wanted.gflops
    assert places(plan, Implicit)[0] == wanted.first_implicit
    assert places(plan, Head) == wanted.heads
    assert plan.boxes(wanted.size, wanted.size) == (25_200 if wanted.size == 640 else 102_000)
