"""What PaddleDetection writes beside an export: infer_cfg.yml, with the normalisation and the class names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from yolor_studio.core.errors import ModelError
from yolor_studio.detect.foreign.reading import Picture
from yolor_studio.yolor.files import read_text

FILE = "infer_cfg.yml"
_KEYS = ("mean", "std", "norm_type", "is_scale", "label_list", "type")


@dataclass(frozen=True, slots=True)
class Config:
    """The parts of it that matter here."""

    picture: Picture | None
    """None where it says nothing of normalisation."""
    names: tuple[str, ...]
    """() where it lists none."""


def settings_beside(file: Path) -> Path | None:
    """The settings file beside a model file, if there is one."""
    path = file.absolute().parent / FILE
    return path if path.is_file() else None


def config_beside(file: Path) -> Config | None:
    """What it says, None where there is none; ModelError if that makes no sense."""
    path = settings_beside(file)
    if path is None:
        return None
    called = f"{FILE} beside {file.name}"
    values = _values(read_text(path, called))
    try:
        return Config(_picture(values), tuple(values.get("label_list", ())))
    except ValueError as error:
        raise ModelError(f"{called} does not say how pictures are normalised: {error}.") from error


def _picture(values: dict[str, list[str]]) -> Picture | None:
    if "NormalizeImage" not in values.get("type", ()):
        return None
    scale = 1.0 if values.get("is_scale", ["true"])[0].lower() == "false" else 1 / 255
    if values.get("norm_type", ["mean_std"])[0] == "none":
        return Picture(scale=scale)
    mean, std = (tuple(float(number) for number in values.get(key, ())) for key in ("mean", "std"))
    if len(mean) != 3 or len(std) != 3 or not min(std) > 0:
        raise ValueError(f"mean {list(mean)}, std {list(std)}")
    return Picture(scale=scale, mean=mean, std=std)


def _values(text: str) -> dict[str, list[str]]:
    """Key -> its values, of the keys that matter, wherever they stand: the file is written by a program, and in it each
    of them but `type` stands once."""
    found: dict[str, list[str]] = {}
    open_key = ""
    for line in text.splitlines():
        match = re.fullmatch(r"\s*(?:-\s+)?(\w+):(?:\s+(.*?))?\s*", line)
        if match is None:
            item = re.fullmatch(r"\s*-\s+(.*?)\s*", line)
            if item is not None and open_key:
                found[open_key].append(_plain(item[1]))
            continue
        key, value = match[1], match[2] or ""
        open_key = key if key in _KEYS else ""
        if open_key:
            values = found.setdefault(key, [])
            inner = value[1:-1].split(",") if value.startswith("[") and value.endswith("]") else [value]
            values += [_plain(part) for part in inner if part.strip()]
    return found


def _plain(text: str) -> str:
    text = text.strip()
    return text[1:-1] if len(text) >= 2 and text[0] == text[-1] and text[0] in "'\"" else text
