"""The whole loop on BCCD's blood cells: label, correct, export, train, label better.

    python tests/bench/loop_bccd.py BCCD FOLDER [--pictures 100] [--implicit-only] [--epochs N]

BCCD is a folder with ImageSets/Main/{train,test}.txt, JPEGImages and Annotations (VOC's form). Everything goes
through the command line, as a user would type it; the corrections are the data set's own boxes. Prints one JSON line.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

CELLS = ("RBC", "WBC", "Platelets")


def coco(bccd: Path, stems: list[str]) -> dict[str, Any]:
    """The pictures' boxes in COCO form; a box of no size, of which BCCD has two, is left out."""
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for stem in stems:
        root = ET.parse(bccd / "Annotations" / f"{stem}.xml").getroot()
        width, height = (int(root.findtext(f"size/{side}", "0")) for side in ("width", "height"))
        images.append({"id": len(images) + 1, "file_name": f"{stem}.jpg", "width": width, "height": height})
        for one in root.iter("object"):
            x1, y1, x2, y2 = (float(one.findtext(f"bndbox/{edge}", "0")) for edge in ("xmin", "ymin", "xmax", "ymax"))
            if x2 > x1 and y2 > y1:
                annotations.append(
                    {
                        "id": len(annotations) + 1,
                        "image_id": images[-1]["id"],
                        "category_id": CELLS.index(one.findtext("name", "")) + 1,
                        "bbox": [x1 - 1, y1 - 1, x2 - x1, y2 - y1],
                        "area": (x2 - x1) * (y2 - y1),
                        "iscrowd": 0,
                    }
                )
    categories = [{"id": number, "name": name} for number, name in enumerate(CELLS, 1)]
    return {"images": images, "annotations": annotations, "categories": categories}


def split(bccd: Path, name: str, folder: Path, *, first: int | None = None) -> Path:
    """Links to a split's pictures in `folder`, and its boxes beside it; returns the JSON file."""
    stems = sorted((bccd / "ImageSets" / "Main" / f"{name}.txt").read_text().split())[:first]
    folder.mkdir(parents=True)
    for stem in stems:
        (folder / f"{stem}.jpg").symlink_to((bccd / "JPEGImages" / f"{stem}.jpg").resolve())
    file = folder.with_suffix(".json")
    file.write_text(json.dumps(coco(bccd, stems)))
    return file


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bccd", type=Path)
    parser.add_argument("folder", type=Path, help="must not exist")
    parser.add_argument("--pictures", type=int, default=100)
    parser.add_argument("--implicit-only", action="store_true")
    parser.add_argument("--epochs", type=int)
    args = parser.parse_args()
    args.folder.mkdir(parents=True)
    environment = {**os.environ, "YOLOR_STUDIO_HOME": str((args.folder / "home").resolve())}

    def studio(*words: str | Path) -> dict[str, Any]:
        command = [sys.executable, "-m", "yolor_studio", *map(str, words), "--json"]
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
        return json.loads(done.stdout)

    truth = split(args.bccd, "train", args.folder / "train", first=args.pictures)
    test = split(args.bccd, "test", args.folder / "test")
    project = args.folder / "cells.yolor"
    before = studio("label", args.folder / "train", "--project", project)
    studio("import", project, truth)
    studio("review", project)
    studio("export", project, "--format", "coco", "--out", args.folder / "dataset")
    options = ["--implicit-only"] if args.implicit_only else []
    options += ["--epochs", str(args.epochs)] if args.epochs else []
    began = time.monotonic()
    trained = studio("train", args.folder / "dataset", "--name", "cells", *options)
    minutes = (time.monotonic() - began) / 60
    after = studio("label", args.folder / "test", "--project", args.folder / "test.yolor", "--model", "cells")
    scores = studio("eval", "--data", test, "--images", args.folder / "test", "--model", "cells")
    row = {
        "pictures": args.pictures,
        "implicit_only": args.implicit_only,
        "minutes": round(minutes, 1),
        "steps": trained["steps"],
        "before": before,
        "relabelled": after,
        "scores": scores,
    }
    sys.stdout.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    main()
