"""YOLOR-N with and without implicit knowledge: the same start, pictures, order and budget, several seeds.

    python models/ablate_implicit.py PICTURES --datasets DATASETS [--steps 1000] [--size 128] [--seeds 3]

PICTURES is what `make_yolor_n.py prepare` wrote; rendered scenes are left out. Without implicit knowledge, the added
vectors stay at exactly 0 and the multiplied ones at exactly 1, which is the network without them. AP is measured
on voc20/val, `ignore` boxes as crowds, with the mean of the weights. Prints one JSON line per run.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from make_yolor_n import NAMES, SCENES, SOURCES, description

from yolor_studio.core.cancel import CancelToken
from yolor_studio.jobs.training_coco import read_pictures, training_splits
from yolor_studio.jobs.validation import Validation
from yolor_studio.train.batches import Batches, Stage
from yolor_studio.train.recipe import Recipe
from yolor_studio.train.samples import PictureStore, balanced_weights, write_store
from yolor_studio.train.trainer import Trainer
from yolor_studio.yolor.layers import Implicit
from yolor_studio.yolor.network import Network
from yolor_studio.yolor.plan import build_plan


def network_of(seed: int, *, implicit: bool) -> Network:
    torch.manual_seed(seed)
    network = Network(build_plan(description()))
    if not implicit:
        for layer in network.plan.layers:
            if isinstance(layer, Implicit):
                vector = network.layers[layer.index].get_parameter("implicit")
                torch.nn.init.constant_(vector, layer.mean)
                vector.requires_grad_(False)
    return network


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pictures", type=Path)
    parser.add_argument("--datasets", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(1)
    store = PictureStore(args.pictures)
    sources = np.load(args.pictures / "sources.npy")
    weights = balanced_weights(store) * np.array([*SOURCES.values(), 0.0])[np.minimum(sources, SCENES)]
    stages = (
        Stage(args.size, args.steps * 17 // 20),
        Stage(args.size, args.steps - args.steps * 17 // 20, mosaic=False),
    )
    recipe = Recipe(stages, ema=0.98)
    with tempfile.TemporaryDirectory() as folder:
        failed: list[tuple[str, str]] = []
        (val,) = training_splits(args.datasets / "voc20" / "val.json")
        apart = write_store(Path(folder), read_pictures(val, NAMES, failed=failed), side=416)
        for seed in range(1, args.seeds + 1):
            for implicit in (True, False):
                network = network_of(seed, implicit=implicit)
                batches = Batches(store, weights / weights.sum(), batch=32, seed=seed)
                trainer = Trainer(network, batches, recipe, workers=args.workers)
                began = time.process_time()
                loss = [report.loss for report in trainer.run()]
                seconds = time.process_time() - began
                ap, ap50 = Validation(apart, network, size=args.size).measure(trainer.ema.values, CancelToken())
                row = {"seed": seed, "implicit": implicit, "AP": ap, "AP50": ap50}
                row |= {"loss": float(np.mean(loss[-100:])), "cpu_seconds": seconds}
                sys.stdout.write(json.dumps(row) + "\n")
                sys.stdout.flush()


if __name__ == "__main__":
    main()
