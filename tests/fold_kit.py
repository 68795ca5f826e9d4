"""What the tests of folding share: small networks, written down or branching, and how far a folded one is off."""

from __future__ import annotations

import numpy as np

from yolor_studio.yolor.cfg import parse_cfg
from yolor_studio.yolor.fold import Folded, fold
from yolor_studio.yolor.layers import IMAGE, Conv, Dwt, Norm
from yolor_studio.yolor.plan import Plan, build_plan
from yolor_studio.yolor.reference import activate, correlate, forward, random_weights, run_layer

HEAD = "[convolutional]\nfilters=6\nsize=1\nactivation=linear\n[yolo]\nanchors=8,8\nclasses=1\n"


def plan_of(body: str) -> Plan:
    return build_plan(parse_cfg(f"[net]\nwidth=32\nheight=32\n{body}{HEAD}"))


def conv(filters: int, *, size: int = 1, act: str = "linear", more: str = "") -> str:
    return f"[convolutional]\nbatch_normalize=1\nfilters={filters}\nsize={size}\npad=1\nactivation={act}\n{more}\n"


def run_folded(plan: Plan, folded: Folded, pixels: np.ndarray) -> list[np.ndarray]:
    """The heads' raw maps of what is left after folding, for pixels 0..255."""
    maps = dict(folded.constants)
    maps[IMAGE] = pixels if folded.scaled else pixels / 255
    for layer in folded.layers:
        inputs = [maps[folded.actual(i)] for i in layer.inputs if folded.actual(i) in maps]
        if isinstance(layer, Conv | Dwt):
            k = folded.kernels[layer.index]
            out = correlate(maps[folded.actual(k.source)], k.weight, step=k.step, pad=k.pad, groups=k.groups)
            out = out + k.bias[:, None, None]
            maps[layer.index] = activate(out, layer.activation) if isinstance(layer, Conv) else out
        elif isinstance(layer, Norm):
            affine = folded.affines.get(layer.index)
            out = inputs[0] * affine.factor[:, None, None] + affine.offset[:, None, None] if affine else inputs[0]
            maps[layer.index] = activate(out, layer.activation)
        else:
            maps[layer.index] = run_layer(layer, inputs, {}, 0.0)
    return [maps[folded.actual(head.index)] for head in plan.heads]


def difference(plan: Plan, *, seed: int = 0, shape: tuple[int, int] = (32, 64)) -> tuple[float, Folded]:
    weights = random_weights(plan, seed=seed, bn_eps=1e-4)
    folded = fold(plan, weights)
    pixels = np.random.default_rng(seed).integers(0, 256, (1, 3, *shape)).astype(np.float64)
    plain = forward(plan, weights, pixels / 255)
    kept = run_folded(plan, folded, pixels)
    return max(float(np.abs(a - b).max()) for a, b in zip(plain, kept, strict=True)), folded


BARE = "[convolutional]\nbatch_normalize=0\nbias=0\nfilters={}\nsize=1\nactivation=linear\n"
NORM = "[batchnorm]\nactivation={}\n"


def kinds(folded: Folded) -> set[type]:
    return {type(layer) for layer in folded.layers}


class Graph:
    """Writes networks that branch: every method appends layers that read the layer `source` and returns its index."""

    def __init__(self) -> None:
        self.text = ""
        self.shapes: list[tuple[int, int]] = []
        """(channels, stride) of every layer; stride 0 for a map of one cell."""

    def add(self, text: str, channels: int, stride: int) -> int:
        self.text += text
        self.shapes.append((channels, stride))
        return len(self.shapes) - 1

    def at(self, source: int) -> tuple[int, int]:
        if source != len(self.shapes) - 1:
            self.add(f"[route]\nlayers={source}\n", *self.shapes[source])
        return self.shapes[source]

    def conv(self, source: int, filters: int, *, size: int = 1, act: str = "linear", more: str = "") -> int:
        _, stride = self.at(source)
        return self.add(conv(filters, size=size, act=act, more=more), filters, stride)

    def bare(self, source: int, filters: int) -> int:
        _, stride = self.at(source)
        return self.add(BARE.format(filters), filters, stride)

    def same(self, source: int, text: str) -> int:
        return self.add(text, *self.at(source))

    def join(self, source: int, way: str) -> int:
        channels, stride = self.shapes[source]
        vector = self.add(f"[implicit_mul]\nfilters={channels}\n", channels, 0)
        self.at(source)
        wider = 2 * channels if way == "alternate" else channels
        return self.add(f"[{way}_channels]\nfrom={vector}\n", wider, stride)

    def cat(self, *sources: int) -> int:
        channels = sum(self.shapes[source][0] for source in sources)
        return self.add(f"[route]\nlayers={','.join(map(str, sources))}\n", channels, self.shapes[sources[0]][1])

    def halve(self, source: int, kind: str) -> int:
        channels, stride = self.at(source)
        return self.add(f"[{kind}]\n", 4 * channels, 2 * stride)

    def enlarge(self, source: int) -> int:
        channels, stride = self.at(source)
        return self.add("[upsample]\nstride=2\n", channels, stride // 2)

    def mean(self, source: int) -> int:
        channels, _ = self.at(source)
        return self.add("[avgpool]\n", channels, 0)

    def scale(self, source: int, factor: int) -> int:
        self.at(factor)
        return self.add(f"[scale_channels]\nfrom={source}\n", *self.shapes[source])

    def head(self, source: int) -> None:
        self.conv(source, 6)
        self.add("[yolo]\nanchors=8,8\nclasses=1\ndecode=yolor\n", 0, 1)

    def plan(self) -> Plan:
        return build_plan(parse_cfg(f"[net]\nwidth=32\nheight=32\n{self.text}"))
