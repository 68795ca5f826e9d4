"""How the bundled YOLOR-N is made, from pictures to files; README.md beside it has the figures.

    python models/make_yolor_n.py prepare PICTURES --datasets DATASETS --scenes 1500
    python models/make_yolor_n.py train RUN --pictures PICTURES --stages 160:3000,224:700,320:300n
    python models/make_yolor_n.py tasks RUN --pictures PICTURES
    python models/make_yolor_n.py export RUN --size 320

`train` goes on where RUN was stopped, also with other stages (`n`: no mosaic); `--init` takes another run's weights,
`--taught` the soft classes that `teachers.py PICTURES` wrote.
`tasks` adds tags and embeddings to RUN's network (or that of `--boxes FILE`) and trains them alone; `export` then
writes all three.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import signal
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from teachers import TaughtObjective

from yolor_studio.core.resources import shipped
from yolor_studio.demo.scene import SceneSpec, Truth, render_frame, render_picture
from yolor_studio.jobs.training_coco import read_pictures, training_splits
from yolor_studio.train import checkpoint
from yolor_studio.train.batches import Batches, Stage
from yolor_studio.train.multitask import TaskObjective, only_tasks
from yolor_studio.train.pairs import FRAMES, PairBatches, Things
from yolor_studio.train.samples import Labels, NumberedBoxes, PictureStore, balanced_weights, write_store
from yolor_studio.train.trainer import Recipe, StepReport, Trainer
from yolor_studio.yolor.cfg import Description, format_cfg, parse_cfg
from yolor_studio.yolor.files import write_atomically
from yolor_studio.yolor.network import Network
from yolor_studio.yolor.onnx_graph import build_onnx
from yolor_studio.yolor.plan import MAIN_BN_EPS, build_plan
from yolor_studio.yolor.safetensors_io import load_network
from yolor_studio.yolor.tasks import with_tasks

log = logging.getLogger("yolor-n")
SOURCES = {"voc20/train.json": 1.3, "voc-more/full.json": 1.0, "voc-more/partial.json": 0.6}
"""How often a picture of a data set is drawn beside the others; scenes get a share of their own."""
SCENES = len(SOURCES)
NAMES: tuple[str, ...] = (
    "aeroplane",
    "bicycle",
    "bird",
    "boat",
    "bottle",
    "bus",
    "car",
    "cat",
    "chair",
    "cow",
    "diningtable",
    "dog",
    "horse",
    "motorbike",
    "person",
    "pottedplant",
    "sheep",
    "sofa",
    "train",
    "tvmonitor",
)
FIRST_SEED = 1_000_000
"""Of the scenes for training; demo, tests and the scenes for measuring use small seeds."""
TASKS = "tasks.safetensors"
"""The checkpoint of `tasks` in a run's folder."""
LICENCE = (
    "MIT (network and training code); trained in part on VOC and COCO pictures, which are for research use: "
    "see models/README.md"
)


def description() -> Description:
    return parse_cfg(shipped("resources", "networks", "yolor-n.cfg").read_text("utf-8"))


def prepare(args: argparse.Namespace) -> None:
    sources: list[int] = []
    failed: list[tuple[str, str]] = []

    def pictures() -> Iterator[tuple[NDArray[np.uint8], Labels]]:
        for number, file in enumerate(SOURCES):
            for split in training_splits(args.datasets / file):
                for picture in read_pictures(split, NAMES, failed=failed):
                    sources.append(number)
                    yield picture
        for seed in range(FIRST_SEED, FIRST_SEED + args.scenes):
            sources.append(SCENES)
            yield scene(seed)

    store = write_store(args.pictures, pictures(), side=416)
    np.save(args.pictures / "sources.npy", np.array(sources))
    counts = dict(zip(NAMES, store.class_counts().sum(0).tolist(), strict=True))
    log.info("%d pictures, %d not read, boxes %s", len(store), len(failed), counts)


def scene(seed: int) -> tuple[NDArray[np.uint8], Labels]:
    """A rendered street 416 px wide; what can hardly be seen is neither learned nor background."""
    rng = np.random.default_rng([7, seed])
    height, density = int(rng.integers(234, 313)), float(rng.uniform(0.6, 1.6))
    rgb, truth = render_picture(seed, 416, height, density=density)
    return rgb, labels_of(truth)


def labels_of(truth: Sequence[Truth]) -> Labels:
    boxes = [[t.box.x, t.box.y, t.box.right, t.box.bottom] for t in truth]
    return Labels(
        np.array(boxes, np.float32).reshape(-1, 4),
        np.array([NAMES.index(t.category) for t in truth], np.int64),
        np.array([t.barely_visible for t in truth], np.bool_),
        np.ones(len(NAMES), np.bool_),
        native=True,
    )


def weights_of(store: PictureStore, sources: NDArray[np.int64], scenes_share: float) -> NDArray[np.float64]:
    weights = balanced_weights(store) * np.array([*SOURCES.values(), 1.0])[sources]
    rendered = sources == SCENES
    weights[rendered] = scenes_share / max(rendered.sum(), 1)
    weights[~rendered] *= (1 - weights[rendered].sum()) / weights[~rendered].sum()
    return weights


def stages(text: str) -> tuple[Stage, ...]:
    parts = (part.split(":") for part in text.split(","))
    return tuple(Stage(int(size), int(steps.rstrip("n")), not steps.endswith("n")) for size, steps in parts)


def train(args: argparse.Namespace) -> None:
    torch.set_num_threads(1)
    torch.manual_seed(1)
    store = NumberedBoxes(args.pictures) if args.taught else PictureStore(args.pictures)
    weights = weights_of(store, np.load(args.pictures / "sources.npy"), args.scenes_share)
    network = Network(build_plan(description()))
    if args.init:
        network.load_weights(mean_weights(args.init))
    recipe = Recipe(stages(args.stages), lr=args.lr, warm_up=args.warm_up, ema=args.ema)
    taught = {"device": torch.device(args.device), "pictures": args.batch, "folder": args.pictures}
    trainer = Trainer(
        network,
        Batches(store, weights, batch=args.batch, seed=args.seed),
        recipe,
        device=args.device,
        workers=args.workers,
        objective=TaughtObjective(network.plan, recipe, **taught) if args.taught else None,
    )
    file = args.run / "last.safetensors"
    if file.exists():
        trainer.load(file)
    asked_to_stop: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: asked_to_stop.append(number))
    recent: list[StepReport] = []
    saved = began = time.monotonic()
    for report in trainer.run():
        recent.append(report)
        if report.step % 50 == 0:
            tell(recent, trainer.recipe.steps, args.batch * len(recent) / (time.monotonic() - began))
            recent, began = [], time.monotonic()
        if time.monotonic() - saved > 120 or asked_to_stop:
            trainer.save(file)
            saved = time.monotonic()
        if asked_to_stop:
            return
    trainer.save(file)


def tell(reports: list[StepReport], total: int, rate: float) -> None:
    parts = {part: np.mean([getattr(report, part) for report in reports]) for part in ("box", "objectness", "classes")}
    text = ", ".join(f"{part} {value:.3f}" for part, value in parts.items())
    log.info("%d/%d at %d px: %s; %.0f pictures/s", reports[-1].step, total, reports[-1].size, text, rate)


def tasks(args: argparse.Namespace) -> None:
    """Boxes, and all that they need, stay as they are to the last bit."""
    torch.set_num_threads(1)
    torch.manual_seed(1)
    known = load_network(args.boxes).weights.arrays if args.boxes else mean_weights(args.run)
    network = Network(build_plan(with_tasks(description())))
    network.load_weights({**network.export_weights(), **known})
    only_tasks(network)
    clips = args.run / "clips"
    if not (clips / "tracks.npz").exists():
        render_clips(clips, args.clips)
    with np.load(clips / "tracks.npz") as tracks:
        frames = Things(clips, groups=tracks["clips"], identities=tracks["things"], augment=FRAMES)
    stills = Things(args.pictures)
    weights = weights_of(stills.store, np.load(args.pictures / "sources.npy"), args.scenes_share)
    shares = (stills, weights * (1 - args.clips_share)), (frames, np.full(len(frames), args.clips_share / len(frames)))
    recipe = Recipe((Stage(args.size, args.steps, 0),), lr=args.lr, warm_up=args.warm_up, ema=args.ema)
    objective = TaskObjective(network.plan, recipe, device=torch.device(args.device), pictures=args.batch, boxes=False)
    trainer = Trainer(
        network,
        PairBatches(shares, batch=args.batch, seed=args.seed),
        recipe,
        device=args.device,
        workers=args.workers,
        objective=objective,
    )
    began = time.monotonic()
    for report in trainer.run():
        if report.step % 50 == 0:
            text = ", ".join(f"{task} {loss:.3f}" for task, loss in objective.balance.latest.items())
            rate = args.batch * report.step / (time.monotonic() - began)
            log.info("%d/%d: %s; %.0f pictures/s", report.step, recipe.steps, text, rate)
    trainer.save(args.run / TASKS)


def render_clips(folder: Path, count: int) -> None:
    """Frames of rendered clips, 416 px wide, half a second apart, and which boxes are the same thing."""
    clips: list[int] = []
    things: list[int] = []

    def pictures() -> Iterator[tuple[NDArray[np.uint8], Labels]]:
        for number in range(count):
            seed = FIRST_SEED + number
            rng = np.random.default_rng([8, seed])
            height, density = int(rng.integers(234, 313)), float(rng.uniform(0.6, 1.6))
            spec = SceneSpec(seed=seed, width=416, height=height, frames=49, fps=24.0, density=density)
            for index in range(0, spec.frames, 12):
                rgb, truth = render_frame(spec, index)
                clips.append(number)
                things.extend(number << 16 | seen.track_id for seen in truth)
                yield rgb, labels_of(truth)

    write_store(folder, pictures(), side=416)
    np.savez(folder / "tracks.npz", clips=clips, things=things)


def mean_weights(run: Path, file: str = "last.safetensors") -> dict[str, NDArray[np.float32]]:
    """The EMA in a run's checkpoint."""
    tensors, _ = checkpoint.load(run / file)
    return {name[4:]: tensor.numpy() for name, tensor in tensors.items() if name.startswith("ema.")}


def export(args: argparse.Namespace) -> None:
    """The convolutions as float16, everything else as float32; the ONNX file is made of just that."""
    with_more = (args.run / TASKS).exists()
    described = with_tasks(description()) if with_more else description()
    plan, arrays = build_plan(described), mean_weights(args.run, TASKS if with_more else "last.safetensors")
    header: dict[str, Any] = {
        "__metadata__": {
            "yolor_studio.network": "1",
            "cfg": format_cfg(described),
            "names": json.dumps(NAMES),
            "size": str(args.size),
            "licence": LICENCE,
            "bn_eps": repr(MAIN_BN_EPS),
        }
    }
    blobs, start = [], 0
    for name, shape in plan.shapes().items():
        half = name.endswith("conv.weight")
        blobs.append(arrays[name].astype("<f2" if half else "<f4").tobytes())
        end = start + len(blobs[-1])
        header[name] = {"dtype": "F16" if half else "F32", "shape": list(shape), "data_offsets": [start, end]}
        start = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    file = args.out / "yolor-n.safetensors"
    write_atomically(file, len(text).to_bytes(8, "little") + text + b"".join(blobs))
    model = build_onnx(
        plan,
        load_network(file).weights,
        names=NAMES,
        licence=LICENCE,
        source_hash=hashlib.sha256(file.read_bytes()).hexdigest(),
        size=args.size,
        half_storage=True,
    )
    write_atomically(args.out / "yolor-n.onnx", model.SerializeToString())


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    made = commands.add_parser("prepare")
    made.set_defaults(command=prepare)
    made.add_argument("pictures", type=Path)
    made.add_argument("--datasets", type=Path, required=True)
    made.add_argument("--scenes", type=int, default=1500)
    run = commands.add_parser("train")
    run.set_defaults(command=train)
    run.add_argument("run", type=Path)
    run.add_argument("--pictures", type=Path, required=True)
    run.add_argument("--stages", required=True)
    run.add_argument("--init", type=Path)
    run.add_argument("--taught", action="store_true")
    run.add_argument("--scenes-share", type=float, default=0.2)
    run.add_argument("--lr", type=float, default=0.003)
    run.add_argument("--warm-up", type=int, default=200)
    run.add_argument("--ema", type=float, default=0.985)
    run.add_argument("--batch", type=int, default=64)
    run.add_argument("--workers", type=int, default=2)
    run.add_argument("--seed", type=int, default=1)
    run.add_argument("--device", default="cpu")
    more = commands.add_parser("tasks")
    more.set_defaults(command=tasks)
    more.add_argument("run", type=Path)
    more.add_argument("--boxes", type=Path)
    more.add_argument("--pictures", type=Path, required=True)
    more.add_argument("--clips", type=int, default=300)
    more.add_argument("--clips-share", type=float, default=0.35)
    more.add_argument("--scenes-share", type=float, default=0.1)
    more.add_argument("--size", type=int, default=320)
    more.add_argument("--steps", type=int, default=600)
    more.add_argument("--lr", type=float, default=0.006)
    more.add_argument("--warm-up", type=int, default=30)
    more.add_argument("--ema", type=float, default=0.98)
    more.add_argument("--batch", type=int, default=32)
    more.add_argument("--workers", type=int, default=2)
    more.add_argument("--seed", type=int, default=1)
    more.add_argument("--device", default="cpu")
    out = commands.add_parser("export")
    out.set_defaults(command=export)
    out.add_argument("run", type=Path)
    out.add_argument("--size", type=int, required=True)
    out.add_argument("--out", type=Path, default=Path(__file__).parent)
    return parser.parse_args()


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    chosen = arguments()
    chosen.command(chosen)
