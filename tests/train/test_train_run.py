"""A run's measurements, what is kept of it, and data sets that are hardly any."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import orjson
import pytest

torch = pytest.importorskip("torch", reason="training needs torch: pip install 'yolor-studio[train]'")
pytestmark = pytest.mark.torch

from yolor_studio.core.cancel import CancelToken  # noqa: E402
from yolor_studio.core.errors import FormatError, UsageError  # noqa: E402
from yolor_studio.core.paths import user_folder  # noqa: E402
from yolor_studio.jobs import training_loop  # noqa: E402
from yolor_studio.jobs.curves import Curves, read_curves  # noqa: E402
from yolor_studio.jobs.evaluate import evaluate  # noqa: E402
from yolor_studio.jobs.events import CurvePoint, Event, Notice, Started  # noqa: E402
from yolor_studio.jobs.runner import run_now  # noqa: E402
from yolor_studio.jobs.training_request import TrainOutcome, TrainRequest  # noqa: E402
from yolor_studio.jobs.training_run import run_training  # noqa: E402
from yolor_studio.train import presets  # noqa: E402
from yolor_studio.train.predict import Seer  # noqa: E402
from yolor_studio.train.selection import Selection  # noqa: E402
from yolor_studio.yolor.cfg import parse_cfg  # noqa: E402
from yolor_studio.yolor.network import Network  # noqa: E402
from yolor_studio.yolor.plan import MAIN_BN_EPS, build_plan  # noqa: E402
from yolor_studio.yolor.reference import random_weights  # noqa: E402
from yolor_studio.yolor.safetensors_io import SavedNetwork, load_network, save_network  # noqa: E402


def conv(filters: int) -> str:
    return (
        f"[convolutional]\nbatch_normalize=1\nfilters={filters}\nsize=3\nstride=2\npad=1\nactivation=silu\n"
        f"[convolutional]\nbatch_normalize=1\nfilters={filters}\nsize=3\nstride=1\npad=1\nactivation=silu\n"
    )


CFG = (
    "[net]\nwidth=64\nheight=64\n"
    + "".join(map(conv, (16, 24, 32)))
    + "[implicit_mul]\nfilters=14\n[route]\nlayers=5\n[convolutional]\nfilters=14\nactivation=linear\n"
    + "[control_channels]\nfrom=6\n[yolo]\nmask=0,1\nanchors=12,12, 24,24\nclasses=2\ndecode=yolor\n"
)


@pytest.fixture
def base(tmp_path: Path) -> Path:
    description = parse_cfg(CFG)
    path = tmp_path / "tiny.safetensors"
    weights = random_weights(build_plan(description), seed=1, bn_eps=MAIN_BN_EPS)
    save_network(path, SavedNetwork(description, weights, ("dark", "line"), 64, "MIT"))
    return path


def squares(folder: Path, counts: dict[str, int], *, categories: tuple[str, ...] = ("bright", "dark")) -> Path:
    """Pictures of 64 x 48 with one bright or dark square of 16 px."""
    (folder / "annotations").mkdir(parents=True)
    (folder / "images").mkdir()
    number = 0
    rng = np.random.default_rng(3)
    for split, count in counts.items():
        images, records = [], []
        for _ in range(count):
            number += 1
            picture = np.full((48, 64, 3), 120, np.uint8)
            x, y = int(rng.integers(0, 48)), int(rng.integers(0, 32))
            picture[y : y + 16, x : x + 16] = 250 if number % 2 else 10
            cv2.imwrite(str(folder / "images" / f"{number}.png"), picture)
            images.append({"id": number, "file_name": f"{number}.png", "width": 64, "height": 48})
            if categories:
                kind = 1 + (number + 1) % 2
                records.append({"id": number, "image_id": number, "category_id": kind, "bbox": [x, y, 16, 16]})
        names = [{"id": n, "name": name} for n, name in enumerate(categories or ("bright", "dark"), 1)]
        content = {"images": images, "annotations": records, "categories": names}
        (folder / "annotations" / f"instances_{split}.json").write_bytes(orjson.dumps(content))
    return folder


def trained(base: Path, data: Path, **options: object) -> tuple[list[Event], TrainOutcome]:
    events: list[Event] = []
    run = run_training(TrainRequest((data,), **({"name": "new"} | options)), base, CancelToken())  # pyright: ignore
    while True:
        try:
            events.append(next(run))
        except StopIteration as stop:
            return events, stop.value


def test_what_is_measured_while_training_is_what_eval_measures_afterwards(base: Path, tmp_path: Path) -> None:
    data = squares(tmp_path / "squares", {"train": 24, "val": 12})
    events, outcome = trained(base, data, epochs=80)
    points = [event for event in events if isinstance(event, CurvePoint)]
    measured = [point for point in points if "AP" in point.values]
    losses = [point.values["loss"] for point in points if "loss" in point.values]
    assert losses[-1] < losses[0] / 2
    assert measured[0].step == 0
    assert measured[-1].step == outcome.planned_steps == outcome.steps
    best = max(measured, key=lambda point: point.values["AP"])
    assert outcome.ap == best.values["AP"]
    assert outcome.ap50 is not None
    assert outcome.ap50 > 0.5 > (outcome.ap50_before or 0)
    assert best.best
    assert outcome.best_step == best.step

    found = run_now(
        evaluate(data / "annotations" / "instances_val.json", data / "images", model=outcome.name, device="cpu")
    )
    assert found.scores.ap50 == pytest.approx(outcome.ap50, abs=0.05), "bfloat16 and float32"
    assert found.scores.ap == pytest.approx(outcome.ap, abs=0.05)
    record = json.loads(load_network(outcome.weights).notes["training"])
    assert record["AP"] == pytest.approx(outcome.ap, abs=1e-4)
    assert (record["epochs"], record["recipe"], record["measured on"]) == (80, "modern", 12)
    assert read_curves(outcome.curves) == points
    assert f"AP50 {outcome.ap50:.3f}" in "\n".join(outcome.lines())
    assert TrainOutcome.from_json(orjson.loads(orjson.dumps(outcome.as_json()))) == outcome


def test_patience_wears_out_and_the_best_weights_are_kept(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter([0.1, 0.4, *[0.3] * 40])
    monkeypatch.setattr(
        "yolor_studio.jobs.validation.Validation.measure", lambda *_: (ap := next(answers), min(ap * 2, 1.0))
    )
    monkeypatch.setattr(presets, "PRESETS", tuple(presets.replace(row, patience=3) for row in presets.PRESETS))
    data = squares(tmp_path / "squares", {"train": 16, "val": 2})
    events, outcome = trained(base, data, epochs=40)
    assert (outcome.ap, outcome.best_step, outcome.steps, outcome.planned_steps) == (0.4, 2, 18, 40)
    told = [event.text for event in events if isinstance(event, Notice)]
    assert (
        "Stopped early after 18 of 40 steps, no better AP in 3 measurements: "
        "the weights of step 2 were the best and are kept, AP 0.400." in told
    )
    assert [event.best for event in events if isinstance(event, CurvePoint) and "AP" in event.values] == [
        True,
        True,
        *[False] * 8,
    ]


def test_a_model_that_gets_no_better_keeps_its_weights_and_says_so(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter([0.4, 0.1, 0.3, *[0.2] * 40])
    monkeypatch.setattr(
        "yolor_studio.jobs.validation.Validation.measure", lambda *_: (ap := next(answers), min(ap * 2, 1.0))
    )
    data = squares(tmp_path / "squares", {"train": 4, "val": 2}, categories=("dark", "line"))
    events, outcome = trained(base, data, epochs=16)
    assert (outcome.best_step, outcome.steps, outcome.improved) == (0, 4, False)
    assert (outcome.ap50_before, outcome.ap50, outcome.ap50_learned, outcome.ap_learned) == (0.8, 0.8, 0.6, 0.3)
    told = [event.text for event in events if isinstance(event, Notice)]
    assert (
        "The model did not get better on the pictures kept apart: AP50 0.800 (AP 0.400) before, 0.600 (0.300) at best "
        "since. It has the weights of the start." in told
    )
    assert "no better than before on 2 pictures kept apart" in "\n".join(outcome.lines())
    assert orjson.loads(orjson.dumps(outcome.as_json()))["improved"] is False
    start, end = load_network(base).weights.arrays, load_network(outcome.weights).weights.arrays
    assert all(np.array_equal(start[name], end[name]) for name in start)


def test_classes_that_are_known_are_learned_gently_and_nothing_is_lost(base: Path, tmp_path: Path) -> None:
    data = squares(tmp_path / "squares", {"train": 24, "val": 12})
    _, first = trained(base, data, epochs=80)
    assert (first.new_boxes, first.improved) == (0.5, True)
    events, second = trained(first.weights, data, epochs=24, name="more")
    assert second.new_boxes == 0
    assert second.learning_rate == pytest.approx(presets.preset_for(24).lr * presets.KNOWN)
    (started,) = (event for event in events if isinstance(event, Started) and event.unit == "steps")
    assert "the model knows the classes of all boxes, so it learns gently (learning rate 0.0005)" in started.detail
    measured = [event.values["AP50"] for event in events if isinstance(event, CurvePoint) and "AP50" in event.values]
    assert second.ap50_before == pytest.approx(first.ap50, abs=0.01)
    assert min(measured) > measured[0] - 0.05
    assert second.ap is not None
    assert second.ap >= (second.ap_before or 0)


def test_selection_takes_the_latest_while_nothing_is_found_and_then_the_best() -> None:
    chosen = Selection(patience=2)
    weights = {"w": torch.zeros(1)}
    for step, ap in enumerate([0.0, 0.002, 0.001, 0.2, 0.1, 0.2]):
        weights["w"].fill_(step)
        chosen.offer(step, weights, ap=ap, ap50=ap)
    assert (chosen.step, chosen.ap, chosen.weights["w"].item()) == (3, 0.2, 3)
    assert chosen.exhausted
    assert chosen.learned == (0.2, 0.2)
    again = Selection(patience=2)
    again.restore(json.loads(json.dumps(chosen.state())), chosen.weights)
    assert (again.exhausted, again.ap, again.measured, again.learned) == (True, 0.2, 5, (0.2, 0.2))


@pytest.mark.parametrize("count", [1, 2, 3])
def test_one_to_three_pictures_are_enough_to_begin(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    monkeypatch.setattr(presets, "LEAST_STEPS", 5)
    events, outcome = trained(base, squares(tmp_path / "few", {"train": count}))
    assert outcome.pictures == count
    assert outcome.kept_apart == 0
    assert outcome.ap is None
    assert any("too few to keep some apart" in event.text for event in events if isinstance(event, Notice))


def test_classes_without_a_box_and_pictures_without_any_are_learned_from(base: Path, tmp_path: Path) -> None:
    data = squares(tmp_path / "empty", {"train": 4}, categories=("bright", "dark", "never"))
    _, outcome = trained(base, data, epochs=2)
    assert outcome.classes == ("bright", "dark", "never")
    nothing = squares(tmp_path / "nothing", {"train": 4, "val": 2}, categories=())
    events, outcome = trained(base, nothing, epochs=2, name="background")
    assert outcome.ap is None, "there is no box to measure by"
    assert all(np.isfinite(array).all() for array in load_network(outcome.weights).weights.arrays.values())
    assert any("no box" in event.text for event in events if isinstance(event, Notice))


def test_what_is_going_to_happen_is_told_first(base: Path, tmp_path: Path) -> None:
    events, _ = trained(
        base, squares(tmp_path / "few", {"train": 2}), epochs=1, recipe="official", freeze="neck", assignment="simota"
    )
    (started,) = (event for event in events if isinstance(event, Started) and event.unit == "steps")
    assert (
        started.detail == "1 epoch of 2 pictures on cpu; official recipe, simota; 16 pictures of 64 px a step; "
        "the model does not know the classes of 50% of the boxes, so it learns at the whole rate "
        "(learning rate 0.005); neck frozen"
    )


@pytest.mark.parametrize(
    ("new", "why", "pace"),
    [
        (0.0, "the model knows the classes of all boxes", "gently (learning rate 0.0005)"),
        (0.2, "the model does not know the classes of 20% of the boxes", "less gently (learning rate 0.0019)"),
        (1.0, "the model does not know the class of any box", "at the whole rate (learning rate 0.004)"),
    ],
)
def test_how_gently_it_learns_is_told_with_the_reason(new: float, why: str, pace: str) -> None:
    rate = presets.recipe_of(presets.preset_for(50), pictures=50, size=64, new=new).lr
    assert training_loop._pace(new, rate) == f"{why}, so it learns {pace}"


def test_a_dataset_without_categories_is_told(base: Path, tmp_path: Path) -> None:
    data = squares(tmp_path / "few", {"train": 2})
    file = data / "annotations" / "instances_train.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"categories": []}))
    with pytest.raises(FormatError, match="has no categories"):
        trained(base, data)


def test_curves_that_were_cut_off_are_read_as_far_as_they_go(tmp_path: Path) -> None:
    curves = Curves(tmp_path / "curves.jsonl")
    points = [curves.add(CurvePoint(step, {"loss": 1.5 / step}, step == 2)) for step in (1, 2, 3)]
    with (tmp_path / "curves.jsonl").open("ab") as file:
        file.write(b'{"step":4,"lo')
    assert read_curves(tmp_path / "curves.jsonl") == points
    again = Curves(tmp_path / "curves.jsonl")
    again.cut_after(2)
    assert again.points == read_curves(tmp_path / "curves.jsonl") == points[:2]
    assert read_curves(tmp_path / "none") == []


def test_one_training_of_a_name_at_a_time_and_no_model_is_overwritten(base: Path, tmp_path: Path) -> None:
    data = squares(tmp_path / "few", {"train": 2})
    running = run_training(TrainRequest((data,), name="new", epochs=100), base, CancelToken())
    next(running)
    with pytest.raises(UsageError, match="A training named new is running"):
        trained(base, data)
    running.close()
    models = user_folder("models")
    models.mkdir(parents=True)
    (models / "NEW.onnx").write_bytes(b"somebody's")
    events, outcome = trained(base, data, epochs=1)
    assert outcome.name == "new-2"
    assert (models / "NEW.onnx").read_bytes() == b"somebody's"
    assert any("added meanwhile" in event.text for event in events if isinstance(event, Notice))


def test_measuring_goes_on_in_halves_where_memory_runs_out(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    saved = load_network(base)
    network = Network(build_plan(saved.description), bn_eps=saved.weights.bn_eps)
    network.load_weights(saved.weights.arrays)
    pixels = np.random.default_rng(1).integers(0, 255, (5, 64, 64, 3), np.uint8)
    seer = Seer(network)
    whole = list(seer.candidates(pixels, min_score=0.005))
    real = seer._network.forward

    def forward(images: torch.Tensor) -> list[torch.Tensor]:
        if len(images) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return real(images)

    monkeypatch.setattr(seer._network, "forward", forward)
    halves = list(seer.candidates(pixels, min_score=0.005))
    assert [len(scores) for _, scores in halves] == [len(scores) for _, scores in whole]
    for (boxes, _), (expected, _) in zip(halves, whole, strict=True):
        np.testing.assert_allclose(boxes, expected, atol=0.05)
