"""The modules of YOLOR's paper line and YOLOv5 in torch, written from their description: what checkpoints are tried by.

A checkpoint names its classes by module, so `installed` puts these ones under the names models.common and models.yolo.
"""

from __future__ import annotations

import copy
import math
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn

WAVELETS = "pytorch_wavelets.dwt.transform2d"
PACKAGES = ("pytorch_wavelets", "pytorch_wavelets.dwt", WAVELETS)


class Conv(nn.Module):
    """Convolution, batch norm, SiLU."""

    def __init__(self, a: int, b: int, k: int = 1, s: int = 1, p: int | None = None) -> None:
        super().__init__()
        self.conv = nn.Conv2d(a, b, k, s, k // 2 if p is None else p, bias=False)
        self.bn = nn.BatchNorm2d(b)
        self.act = nn.SiLU()

    def forward(self, x: Tensor) -> Tensor:
        return self.act(self.bn(self.conv(x)))

    def forward_fuse(self, x: Tensor) -> Tensor:
        return self.act(self.conv(x))


class ReOrg(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([x[..., i::2, j::2] for j in (0, 1) for i in (0, 1)], 1)


class DWTForward(nn.Module):
    """Haar's wavelets, with the filters that pytorch_wavelets keeps as buffers."""

    def __init__(self) -> None:
        super().__init__()
        share = 0.5**0.5
        for name in ("h0_col", "h0_row", "h1_col", "h1_row"):
            taps = torch.tensor([share, share if name.startswith("h0") else -share])
            self.register_buffer(name, taps.view(1, 1, 2, 1) if name.endswith("col") else taps.view(1, 1, 1, 2))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        low = [x[:, :, ::2] * tap[0] + x[:, :, 1::2] * tap[1] for tap in (self.h0_col.ravel(), self.h1_col.ravel())]
        mean, across = (low[0][..., ::2] * tap[0] + low[0][..., 1::2] * tap[1] for tap in self._rows())
        down, both = (low[1][..., ::2] * tap[0] + low[1][..., 1::2] * tap[1] for tap in self._rows())
        return mean, torch.stack([down, across, both], 2)

    def _rows(self) -> tuple[Tensor, Tensor]:
        return self.h0_row.ravel(), self.h1_row.ravel()


class DWT(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.xfm = DWTForward()

    def forward(self, x: Tensor) -> Tensor:
        mean, details = self.xfm(x)
        return torch.cat([mean / 2, details.flatten(1, 2) / 2 + 0.5], 1)


class Concat(nn.Module):
    def forward(self, maps: list[Tensor]) -> Tensor:
        return torch.cat(maps, 1)


class Bottleneck(nn.Module):
    def __init__(self, c: int, *, add: bool) -> None:
        super().__init__()
        self.cv1, self.cv2, self.add = Conv(c, c), Conv(c, c, 3), add

    def forward(self, x: Tensor) -> Tensor:
        y = self.cv2(self.cv1(x))
        return x + y if self.add else y


class Joining(nn.Module):
    """Batch norm and SiLU over maps side by side."""

    def over(self, *maps: Tensor) -> Tensor:
        return self.act(self.bn(torch.cat(maps, 1)))


class BottleneckCSPF(Joining):
    def __init__(self, a: int, b: int, n: int) -> None:
        super().__init__()
        c = b // 2
        self.cv1, self.cv2, self.cv4 = Conv(a, c), nn.Conv2d(a, c, 1, bias=False), Conv(2 * c, b)
        self.bn, self.act = nn.BatchNorm2d(2 * c), nn.SiLU()
        self.m = nn.Sequential(*(Bottleneck(c, add=True) for _ in range(n)))

    def forward(self, x: Tensor) -> Tensor:
        return self.cv4(self.over(self.m(self.cv1(x)), self.cv2(x)))


class BottleneckCSP(BottleneckCSPF):
    """The same with a convolution of its own behind the bottlenecks."""

    def __init__(self, a: int, b: int, n: int, add: bool = True) -> None:
        super().__init__(a, b, n)
        self.cv3 = nn.Conv2d(b // 2, b // 2, 1, bias=False)
        self.m = nn.Sequential(*(Bottleneck(b // 2, add=add) for _ in range(n)))

    def forward(self, x: Tensor) -> Tensor:
        return self.cv4(self.over(self.cv3(self.m(self.cv1(x))), self.cv2(x)))


class BottleneckCSP2(Joining):
    def __init__(self, a: int, b: int, n: int) -> None:
        super().__init__()
        self.cv1, self.cv2, self.cv3 = Conv(a, b), nn.Conv2d(b, b, 1, bias=False), Conv(2 * b, b)
        self.bn, self.act = nn.BatchNorm2d(2 * b), nn.SiLU()
        self.m = nn.Sequential(*(Bottleneck(b, add=False) for _ in range(n)))

    def forward(self, x: Tensor) -> Tensor:
        x = self.cv1(x)
        return self.cv3(self.over(self.m(x), self.cv2(x)))


class SPPCSP(Joining):
    def __init__(self, a: int, b: int, n: int) -> None:
        super().__init__()
        self.cv1, self.cv2 = Conv(a, b), nn.Conv2d(a, b, 1, bias=False)
        self.cv3, self.cv4, self.cv5, self.cv6 = Conv(b, b, 3), Conv(b, b), Conv(4 * b, b), Conv(b, b, 3)
        self.m = nn.ModuleList(nn.MaxPool2d(k, 1, k // 2) for k in (5, 9, 13))
        self.bn, self.act, self.cv7 = nn.BatchNorm2d(2 * b), nn.SiLU(), Conv(2 * b, b)

    def forward(self, x: Tensor) -> Tensor:
        y = self.cv4(self.cv3(self.cv1(x)))
        y = self.cv6(self.cv5(torch.cat([y, *(pool(y) for pool in self.m)], 1)))
        return self.cv7(self.over(y, self.cv2(x)))


class DownC(nn.Module):
    def __init__(self, a: int, b: int) -> None:
        super().__init__()
        self.cv1, self.cv2, self.cv3 = Conv(a, a), Conv(a, b // 2, 3, 2), Conv(a, b // 2)
        self.mp = nn.MaxPool2d(2, 2)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.cv2(self.cv1(x)), self.cv3(self.mp(x))], 1)


class C3(nn.Module):
    def __init__(self, a: int, b: int, n: int, add: bool = True) -> None:
        super().__init__()
        c = b // 2
        self.cv1, self.cv2, self.cv3 = Conv(a, c), Conv(a, c), Conv(2 * c, b)
        self.m = nn.Sequential(*(Bottleneck(c, add=add) for _ in range(n)))

    def forward(self, x: Tensor) -> Tensor:
        return self.cv3(torch.cat([self.m(self.cv1(x)), self.cv2(x)], 1))


class SPPF(nn.Module):
    def __init__(self, a: int, b: int, k: int = 5) -> None:
        super().__init__()
        self.cv1, self.cv2, self.m = Conv(a, a // 2), Conv(2 * a, b), nn.MaxPool2d(k, 1, k // 2)

    def forward(self, x: Tensor) -> Tensor:
        maps = [self.cv1(x)]
        for _ in range(3):
            maps.append(self.m(maps[-1]))
        return self.cv2(torch.cat(maps, 1))


class ImplicitA(nn.Module):
    def __init__(self, c: int, mean: float = 0.0) -> None:
        super().__init__()
        self.implicit = nn.Parameter(mean + 0.5 * torch.randn(1, c, 1, 1))


class ImplicitM(ImplicitA):
    pass


class Detect(nn.Module):
    """Gives the heads' raw maps."""

    def __init__(self, widths: list[int], classes: int, anchors: list[list[float]]) -> None:
        super().__init__()
        count = len(anchors[0]) // 2
        self.stride = torch.tensor([8.0 * 2**level for level in range(len(widths))])
        pixels = torch.tensor(anchors).view(len(widths), -1, 2)
        self.register_buffer("anchors", pixels / self.stride.view(-1, 1, 1))
        self.m = nn.ModuleList(nn.Conv2d(c, count * (5 + classes), 1) for c in widths)

    def forward(self, maps: list[Tensor]) -> list[Tensor]:
        return [conv(x) for conv, x in zip(self.m, maps, strict=True)]


class IDetect(Detect):
    def __init__(self, widths: list[int], classes: int, anchors: list[list[float]]) -> None:
        super().__init__(widths, classes, anchors)
        count = len(anchors[0]) // 2
        self.ia = nn.ModuleList(ImplicitA(c) for c in widths)
        self.im = nn.ModuleList(ImplicitM(count * (5 + classes), 1.0) for _ in widths)

    def forward(self, maps: list[Tensor]) -> list[Tensor]:
        shifted = [x + a.implicit for a, x in zip(self.ia, maps, strict=True)]
        return [y * m.implicit for m, y in zip(self.im, super().forward(shifted), strict=True)]


class Model(nn.Module):
    """A network as its yaml says."""

    def __init__(self, yaml: Mapping[str, Any], names: Any) -> None:
        super().__init__()
        self.yaml, self.names, self.nc = copy.deepcopy(dict(yaml)), names, yaml["nc"]
        rows = [*yaml["backbone"], *yaml["head"]]
        widths: list[int] = []
        modules = [_make(row, widths, yaml) for row in rows]
        self.sources = [row[0] for row in rows]
        self.model = nn.Sequential(*modules)
        self.stride = modules[-1].stride

    def forward(self, x: Tensor) -> list[Tensor]:
        outputs: list[Any] = []
        for sources, module in zip(self.sources, self.model, strict=True):
            several = isinstance(sources, list)
            read = [x if s == -1 and not outputs else outputs[s] for s in (sources if several else [sources])]
            outputs.append(module(read if several else read[0]))
        return outputs[-1]


class DetectionModel(Model):
    pass


def _make(row: list[Any], widths: list[int], yaml: Mapping[str, Any]) -> nn.Module:
    """One row's module; `widths` collects the channels that each gives."""
    sources, repeats, kind, arguments = row
    repeats = max(round(repeats * yaml["depth_multiple"]), 1) if repeats > 1 else 1
    read = [widths[s] if widths else 3 for s in (sources if isinstance(sources, list) else [sources])]
    a = read[0]
    b = math.ceil(arguments[0] * yaml["width_multiple"] / 8) * 8 if arguments and isinstance(arguments[0], int) else 0
    match kind:
        case "Conv":
            module, width = Conv(a, b, *arguments[1:]), b
        case "ReOrg" | "DWT":
            module, width = globals()[kind](), 4 * a
        case "Concat":
            module, width = Concat(), sum(read)
        case "nn.Upsample":
            module, width = nn.Upsample(None, 2, "nearest"), a
        case "DownC":
            module, width = DownC(a, b), b
        case "SPPF":
            module, width = SPPF(a, b, *arguments[1:]), b
        case "Detect" | "IDetect":
            module, width = globals()[kind](read, yaml["nc"], yaml["anchors"]), 0
        case _:
            module, width = globals()[kind](a, b, repeats, *arguments[1:]), b
    widths.append(width)
    return module


def randomised(model: nn.Module, *, seed: int, eps: float = 1e-3) -> nn.Module:
    """The network with batch norms that have seen something, ready to be used."""
    generator = torch.Generator().manual_seed(seed)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eps = eps
            module.weight.data.uniform_(0.7, 1.3, generator=generator)
            module.bias.data.normal_(0, 0.3, generator=generator)
            module.running_mean.normal_(0, 0.3, generator=generator)
            module.running_var.uniform_(0.7, 1.3, generator=generator)
    return model.eval()


def fused(model: nn.Module) -> nn.Module:
    """The network with the batch norms of its convolutions folded into them."""
    for module in model.modules():
        if type(module).__name__ == "Conv":
            bn = module.bn
            gain = bn.weight.data / torch.sqrt(bn.running_var + bn.eps)
            module.conv.weight.data *= gain.view(-1, 1, 1, 1)
            module.conv.bias = nn.Parameter(bn.bias.data - gain * bn.running_mean)
            del module.bn
            module.forward = module.forward_fuse
    return model


@contextmanager
def installed() -> Iterator[None]:
    """Within it these classes are found, and pickled, under the names that checkpoints have."""
    places = {
        "Model": "models.yolo",
        "DetectionModel": "models.yolo",
        "Detect": "models.yolo",
        "IDetect": "models.yolo",
        "DWTForward": WAVELETS,
    }
    own = {name: item for name, item in globals().items() if isinstance(item, type) and item.__module__ == __name__}
    modules = {name: ModuleType(name) for name in ("models", "models.common", "models.yolo", *PACKAGES)}
    for name, item in own.items():
        item.__module__ = places.get(name, "models.common")
        setattr(modules[item.__module__], name, item)
    before = {name: sys.modules.get(name) for name in modules}
    sys.modules.update(modules)
    try:
        yield
    finally:
        for item in own.values():
            item.__module__ = __name__
        for name, module in before.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module
