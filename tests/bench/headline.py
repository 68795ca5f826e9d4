"""The paper's headline in this program's runtime: YOLOR-D6 against Scaled-YOLOv4-P7, which is as accurate.

    python tests/bench/headline.py [--rounds 3] [--device auto] [NETWORK:SIZE ...]

Random weights do: the time does not depend on them. Each network sees the same picture at its published size, turn by
turn, through the program's own detector. Prints one JSON line per network: seconds a picture by the clock and, where
the CPU runs it, of CPU time, which other work on the machine does not change.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from yolor_studio.detect.detector import Detector
from yolor_studio.detect.library import find_model
from yolor_studio.yolor import zoo
from yolor_studio.yolor.onnx_graph import build_onnx
from yolor_studio.yolor.plan import build_plan
from yolor_studio.yolor.reference import random_weights


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("networks", nargs="*", default=["yolor-d6:1280", "yolov4_p7:1536"])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--device", default="auto")
    args = parser.parse_args()
    picture = np.random.default_rng(1).integers(0, 256, (720, 1280, 3), np.uint8)
    seconds: dict[str, list[tuple[float, float]]] = {written: [] for written in args.networks}
    device = ""
    with tempfile.TemporaryDirectory() as folder:
        for number, written in enumerate(args.networks):
            name, size = written.split(":")
            plan = build_plan(zoo.description(name))
            model = build_onnx(
                plan,
                random_weights(plan, seed=0, bn_eps=1e-3),
                names=[str(index) for index in range(plan.classes)],
                licence="",
                source_hash="0" * 64,
                size=int(size),
            )
            Path(folder, f"{number}.onnx").write_bytes(model.SerializeToString())
            del model
        for turn in range(args.rounds + 1):
            for number, written in enumerate(args.networks):
                # One at a time: two of these at once would not fit into a small machine's memory.
                detector = Detector(find_model(str(Path(folder, f"{number}.onnx"))), device=args.device)
                detector.predict(picture)
                began, spent = time.perf_counter(), time.process_time()
                detector.predict(picture)
                if turn:
                    seconds[written].append((time.perf_counter() - began, time.process_time() - spent))
                device = detector.device
                del detector
    for written, times in seconds.items():
        clock, cpu = (statistics.median(column) for column in zip(*times, strict=True))
        row = {"network": written, "device": device, "seconds": clock, "cpu_seconds": cpu, "all": times}
        sys.stdout.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    main()
