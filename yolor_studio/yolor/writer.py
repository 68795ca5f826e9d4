"""Writes a network's sections one after the other: what composes descriptions in code, instead of in a cfg file."""

from __future__ import annotations

from collections.abc import Sequence

from yolor_studio.yolor.cfg import Description, Section

_NET_LINES = 5
"""Lines that `format_cfg` gives to [net] with its three options and the empty line behind it."""


class Writer:
    """Collects sections; every method returns the index of the layer that it wrote.

    `activation` is the one of the convolutions that name none.
    """

    def __init__(self, activation: str = "silu") -> None:
        self.activation = activation
        self._sections: list[Section] = []
        self._line = _NET_LINES + 1

    @property
    def last(self) -> int:
        """The index of the layer written last; -1 before the first."""
        return len(self._sections) - 1

    def add(self, kind: str, **options: object) -> int:
        """Any section; an option that is a Python keyword is written with a trailing underscore (`from_`)."""
        written = {key.rstrip("_"): str(value) for key, value in options.items()}
        self._sections.append(Section(kind, written, self._line))
        self._line += len(written) + 2
        return self.last

    def conv(self, filters: int, size: int, step: int = 1, *, groups: int = 1, activation: str | None = None) -> int:
        """A convolution with batch norm that keeps the map's size at step 1."""
        grouped = {"groups": groups} if groups > 1 else {}
        return self.add(
            "convolutional",
            batch_normalize=1,
            filters=filters,
            size=size,
            stride=step,
            pad=1,
            **grouped,
            activation=activation or self.activation,
        )

    def plain_conv(self, filters: int, activation: str = "linear") -> int:
        """A 1x1 convolution with bias and without batch norm: what gives a head its numbers."""
        return self.add("convolutional", filters=filters, size=1, stride=1, pad=1, activation=activation)

    def route(self, *layers: int) -> int:
        """The channels of these layers one after the other; a negative number counts back from here."""
        return self.add("route", layers=",".join(map(str, layers)))

    def shortcut(self, back: int = -3) -> int:
        """The layer before plus the one `back` from here."""
        return self.add("shortcut", from_=back, activation="linear")

    def max_pool(self, size: int, step: int = 1) -> int:
        """The maximum over size x size cells, in a map of the same size at step 1."""
        return self.add("maxpool", size=size, stride=step)

    def upsample(self) -> int:
        """Every cell twice in both directions."""
        return self.add("upsample", stride=2)

    def yolo(
        self, mask: Sequence[int], anchors: Sequence[tuple[float, float]], *, classes: int, **options: object
    ) -> int:
        """A head over the layer before: `mask` picks from the anchors (width, height in pixels of all heads)."""
        return self.add(
            "yolo",
            mask=",".join(map(str, mask)),
            anchors=", ".join(f"{width:g},{height:g}" for width, height in anchors),
            classes=classes,
            num=len(anchors),
            **options,
        )

    def description(self, width: int, height: int | None = None) -> Description:
        """What was written, as a description for pictures of this size (square without a height)."""
        net = {"width": str(width), "height": str(width if height is None else height), "channels": "3"}
        return Description(net, tuple(self._sections))
