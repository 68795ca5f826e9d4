"""The reader of network descriptions: Darknet-style cfg text -> sections of options, nothing interpreted yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from yolor_studio.core.errors import ModelError
from yolor_studio.yolor.files import read_text

MAX_NUMBER = 1 << 20
"""No width, number of filters or layer index in a description is larger."""


@dataclass(frozen=True, slots=True)
class Section:
    """One `[kind]` block: its options as written, and the line (from 1) of its header."""

    kind: str
    options: Mapping[str, str]
    line: int

    def fail(self, what: str) -> NoReturn:
        """Raise ModelError about this section."""
        raise ModelError(f"Line {self.line}, [{self.kind}]: {what}")

    def text(self, key: str, default: str) -> str:
        """The option as text."""
        return self.options.get(key) or default

    def integer(self, key: str, default: int | None = None, *, low: int = 0, high: int = MAX_NUMBER) -> int:
        """The option as a whole number within [low, high]; ModelError if it is missing without a default, or bad."""
        found = self.options.get(key)
        if not found:
            if default is None:
                self.fail(f"the option '{key}' is missing.")
            return default
        return self._whole(key, found, low, high)

    def integers(self, key: str, default: str = "") -> tuple[int, ...]:
        """The option as whole numbers separated by commas; ModelError if one is bad."""
        return tuple(self._whole(key, item, -MAX_NUMBER, MAX_NUMBER) for item in self._items(key, default))

    def number(self, key: str, default: float) -> float:
        """The option as a finite number; ModelError if it is bad."""
        found = self.options.get(key)
        return self._finite(key, found) if found else default

    def numbers(self, key: str) -> tuple[float, ...]:
        """The option as finite numbers separated by commas; ModelError if one is bad."""
        return tuple(self._finite(key, item) for item in self._items(key, ""))

    def _items(self, key: str, default: str) -> list[str]:
        return [item.strip() for item in self.text(key, default).split(",") if item.strip()]

    def _whole(self, key: str, text: str, low: int, high: int) -> int:
        value = self._finite(key, text)
        if value != int(value) or not low <= value <= high:
            self.fail(f"'{key}' is {text}, but a whole number from {low} to {high} is needed.")
        return int(value)

    def _finite(self, key: str, text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not abs(value) < float("inf"):
            self.fail(f"'{key}' is '{text[:40]}', which is not a number.")
        return value


@dataclass(frozen=True, slots=True)
class Description:
    """A network as its cfg describes it: the options of [net] and one section per layer, in order."""

    net: Mapping[str, str]
    sections: tuple[Section, ...]
    net_line: int = 1
    """The line of the [net] header."""


def parse_cfg(text: str) -> Description:
    """Read cfg text; ModelError names the line that cannot be understood.

    Comments (`#` anywhere, `;` at the start) go before sections are looked for, because comments may contain brackets.
    Of an option written twice the first counts, as in Darknet.
    """
    sections: list[Section] = []
    for number, raw in enumerate(text.removeprefix("\ufeff").splitlines(), start=1):
        line = raw.split("#", 1)[0].strip()
        if not line or line.startswith(";"):
            continue
        if line.startswith("["):
            if not line.endswith("]") or not line[1:-1].strip():
                raise ModelError(f"Line {number}: '{line[:40]}' is not a section header like [convolutional].")
            sections.append(Section(line[1:-1].strip().lower(), {}, number))
            continue
        key, equals, value = line.partition("=")
        if not equals or not key.strip():
            raise ModelError(f"Line {number}: '{line[:40]}' is neither a [section] nor an option like key=value.")
        if not sections:
            raise ModelError(f"Line {number}: the option '{key.strip()[:40]}' stands before the first [section].")
        options = sections[-1].options
        assert isinstance(options, dict)
        options.setdefault(key.strip(), value.strip())
    if not sections:
        raise ModelError("The network description is empty: it has no [net] section.")
    if sections[0].kind not in ("net", "network"):
        raise ModelError(f"Line {sections[0].line}: a description begins with [net], not with [{sections[0].kind}].")
    return Description(sections[0].options, tuple(sections[1:]), sections[0].line)


def read_cfg(path: Path) -> Description:
    """Read a cfg file; ModelError if it cannot be read, is too long or is no text."""
    text = read_text(path, f"The network description {path.name}", errors="replace")  # comments may be of any encoding
    try:
        return parse_cfg(text)
    except ModelError as error:
        raise ModelError(f"{path.name}: {error}") from None


def format_cfg(description: Description) -> str:
    """The description as cfg text that parses back to the same sections (line numbers aside)."""
    blocks = [("net", description.net), *((section.kind, section.options) for section in description.sections)]
    lines = (
        "\n".join([f"[{kind}]", *(f"{key}={value}" for key, value in options.items())]) for kind, options in blocks
    )
    return "\n\n".join(lines) + "\n"
