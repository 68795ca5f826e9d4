"""The rendered pictures that the bundled models are measured on, as COCO datasets: none of them was trained on.

    python models/make_scenes.py OUT
    yolor-studio eval --data OUT/unseen.json --images OUT/unseen

`unseen`: 90 stills and 3 frames each of 20 clips, 640 x 360, of seeds far from those of the training; `demo`: every
12th frame of the demo clip. Things of which under 15 % is to be seen are crowds: neither missed nor made up.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from make_yolor_n import NAMES
from numpy.typing import NDArray

from yolor_studio.demo.clip import DEMO_SPEC
from yolor_studio.demo.scene import SceneSpec, Truth, render_frame, render_picture
from yolor_studio.media.write import save_png

Picture = tuple[NDArray[np.uint8], Sequence[Truth]]


def unseen() -> Iterator[Picture]:
    for seed in range(5000, 5090):
        yield render_picture(seed, 640, 360)
    for seed in range(300, 320):
        spec = SceneSpec(seed=seed, width=640, height=360, frames=144)
        for frame in (0, 60, 120):
            yield render_frame(spec, frame)


def demo() -> Iterator[Picture]:
    for frame in range(0, DEMO_SPEC.frames, 12):
        yield render_frame(DEMO_SPEC, frame)


def write(out: Path, name: str, pictures: Iterable[Picture]) -> None:
    (out / name).mkdir(parents=True, exist_ok=True)
    images, annotations = [], []
    for number, (rgb, truth) in enumerate(pictures, 1):
        file = f"{number:04d}.png"
        save_png(out / name / file, rgb)
        images.append({"id": number, "file_name": file, "width": rgb.shape[1], "height": rgb.shape[0]})
        for thing in truth:
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": number,
                    "category_id": NAMES.index(thing.category) + 1,
                    "bbox": [thing.box.x, thing.box.y, thing.box.w, thing.box.h],
                    "area": thing.box.w * thing.box.h,
                    "iscrowd": int(thing.barely_visible),
                    "segmentation": [],
                }
            )
    categories = [{"id": number, "name": called} for number, called in enumerate(NAMES, 1)]
    content = {"images": images, "annotations": annotations, "categories": categories}
    (out / f"{name}.json").write_text(json.dumps(content), "utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    folder = parser.parse_args().out
    write(folder, "unseen", unseen())
    write(folder, "demo", demo())
