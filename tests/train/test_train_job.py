"""The training job from COCO folders to a model that the program runs."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import signal
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import orjson
import pytest

from yolor_studio.cli.main import run
from yolor_studio.core.cancel import CancelToken
from yolor_studio.core.entities import Box, FrameState, MediaKind
from yolor_studio.core.errors import Cancelled, FormatError, ModelError, StudioError, UsageError
from yolor_studio.core.paths import user_folder
from yolor_studio.jobs import train as job
from yolor_studio.jobs.curves import read_curves
from yolor_studio.jobs.events import CurvePoint, Event, ItemFailed, Notice, Progress, Result, Started
from yolor_studio.jobs.train import TrainOutcome, TrainRequest, can_resume, train
from yolor_studio.jobs.training_request import training_folder
from yolor_studio.jobs.training_run import run_training
from yolor_studio.media import fingerprint
from yolor_studio.project import Project
from yolor_studio.yolor.cfg import parse_cfg
from yolor_studio.yolor.plan import MAIN_BN_EPS, build_plan
from yolor_studio.yolor.reference import random_weights
from yolor_studio.yolor.safetensors_io import SavedNetwork, load_network, save_network

CFG = """
[net]
width=64
height=64
[convolutional]
batch_normalize=1
filters=8
size=6
stride=2
padding=2
activation=silu
[convolutional]
batch_normalize=1
filters=16
size=3
stride=2
pad=1
activation=silu
[convolutional]
batch_normalize=1
filters=16
size=3
stride=2
pad=1
activation=silu
[implicit_mul]
filters=14
[route]
layers=2
[convolutional]
filters=14
activation=linear
[control_channels]
from=3
[yolo]
mask=0,1
anchors=12,12, 24,24
classes=2
decode=yolor
"""


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A small network that knows "dot" and "line"."""
    description = parse_cfg(CFG)
    weights = random_weights(build_plan(description), seed=1, bn_eps=MAIN_BN_EPS)
    path = tmp_path / "tiny.safetensors"
    save_network(path, SavedNetwork(description, weights, ("dot", "line"), 64, "Apache-2.0"))
    return path


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Twelve pictures with a bright square, called "dot" or "star"."""
    folder = tmp_path / "shapes"
    (folder / "images").mkdir(parents=True)
    (folder / "annotations").mkdir()
    images, records = [], []
    for number in range(1, 13):
        picture = np.full((48, 64, 3), 90, np.uint8)
        x, y = 3 * number, 2 * number
        picture[y : y + 16, x : x + 16] = 255
        cv2.imwrite(str(folder / "images" / f"{number}.png"), picture)
        images.append({"id": number, "file_name": f"{number}.png", "width": 64, "height": 48})
        records.append({"id": number, "image_id": number, "category_id": 1 + number % 2, "bbox": [x, y, 16, 16]})
    images.append({"id": 99, "file_name": "gone.png", "width": 64, "height": 48})
    categories = [{"id": 1, "name": "star"}, {"id": 2, "name": "dot"}]
    content = {"images": images, "annotations": records, "categories": categories}
    (folder / "annotations" / "instances_train.json").write_bytes(orjson.dumps(content))
    return folder


def here(request: TrainRequest, base: Path) -> tuple[list[Event], TrainOutcome]:
    """Train in this process."""
    events: list[Event] = []
    training = run_training(request, base, CancelToken())
    while True:
        try:
            events.append(next(training))
        except StopIteration as stop:
            return events, stop.value


def import_once(project: Project, data: Path) -> None:
    """Add the readable pictures, label and review them."""
    content = json.loads((data / "annotations" / "instances_train.json").read_bytes())
    boxes = {record["image_id"]: record for record in content["annotations"]}
    with project.edit("Import") as edit:
        names = {category["id"]: edit.add_category(category["name"]) for category in content["categories"]}
        for image in content["images"]:
            path = data / "images" / image["file_name"]
            if not path.exists():
                continue
            media = edit.add_media(
                MediaKind.IMAGE,
                path,
                name=path.name,
                width=64,
                height=48,
                frames=1,
                fps=None,
                fingerprint=fingerprint(path),
                verified=True,
            )
            record = boxes[image["id"]]
            edit.add_object(media, names[record["category_id"]], 0, Box(*record["bbox"]))
            edit.set_frame_state(media, [0], FrameState.REVIEWED)


def child_of(process: int) -> int:
    return int(Path(f"/proc/{process}/task/{process}/children").read_text().split()[0])


@pytest.mark.torch
class _Touches:
    """What a pickle could do to who loads it."""

    def __init__(self, path: str) -> None:
        self._path = path

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (self._path,)


class TestWithTorch:
    """The whole job."""

    @pytest.fixture(autouse=True)
    def _torch(self) -> None:
        pytest.importorskip("torch", reason="training needs torch: pip install 'yolor-studio[train]'")

    def test_a_trained_model_is_in_the_list_and_runs(self, base: Path, data: Path) -> None:
        from yolor_studio.detect.detector import Detector
        from yolor_studio.detect.library import find_model

        events = list(train(TrainRequest((data,), model=str(base), epochs=20), CancelToken()))
        assert [event.unit for event in events if isinstance(event, Started)] == ["pictures", "steps"]
        assert [event.what for event in events if isinstance(event, ItemFailed)] == ["gone.png"]
        assert any("star" in event.text for event in events if isinstance(event, Notice))
        progress = [event for event in events if isinstance(event, Progress) and event.total == 15]
        assert [event.done for event in progress] == list(range(1, 16))
        result = events[-1]
        assert isinstance(result, Result)
        outcome: TrainOutcome = result.value
        assert outcome.name == "shapes"
        assert outcome.classes == ("star", "dot")
        assert outcome.kept_classes == ("dot",)
        assert outcome.pictures == 12
        assert orjson.loads(orjson.dumps(outcome.as_json()))["model"] == outcome.lines()[-1]

        entry = find_model("shapes")
        assert entry.classes == ("star", "dot")
        assert entry.licence == "Apache-2.0"
        assert Detector(entry, device="cpu").predict(np.zeros((48, 64, 3), np.uint8)) is not None
        assert load_network(outcome.weights).names == ("star", "dot")

    def test_the_command_trains_on_a_project_from_a_model_of_the_list(
        self, base: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with Project.create(tmp_path / "shapes.yolor") as project:
            import_once(project, data)
        models = user_folder("models")
        models.mkdir(parents=True)
        shutil.copy(base, models / "mine.safetensors")
        arguments = ["train", str(tmp_path / "shapes.yolor"), "--model", "mine", "--epochs", "8", "--val", "0.25"]
        code = run([*arguments, "--name", "more", "--json"])
        out, err = capsys.readouterr()
        assert code == 0, err
        told = json.loads(out)
        assert (told["name"], told["pictures"], told["kept_apart"]) == ("more", 9, 3)
        assert (told["steps"], told["classes"], told["kept_classes"]) == (4, ["star", "dot"], ["dot"])
        assert "3 pictures of 12 are kept apart" in err
        assert "step 4: AP50" in err
        assert Path(told["model"]).is_file()
        assert run([*arguments, "--name", "more"]) == 2
        assert "There is a model named more already" in capsys.readouterr().err

    @pytest.mark.parametrize("recipe", ["modern", "official"])
    @pytest.mark.parametrize("stop_at", [0, 1, 5, 8])
    def test_a_run_stopped_anywhere_is_resumed_to_the_same_end(
        self, base: Path, data: Path, recipe: str, stop_at: int
    ) -> None:
        asked = TrainRequest((data,), name="whole", epochs=16, recipe=recipe, hold_out=0.25)
        whole = here(asked, base)
        token = CancelToken()
        broken = replace(asked, name="broken")
        before: list[Event] = []
        with pytest.raises(Cancelled, match="--resume"):
            for event in run_training(broken, base, token):
                before.append(event)
                if isinstance(event, CurvePoint) and event.step >= stop_at:
                    token.cancel()
        rest, second = here(replace(broken, resume=True), base)
        first = whole[1]
        assert load_network(first.weights).notes == load_network(second.weights).notes
        assert read_curves(first.curves) == read_curves(second.curves)
        assert [event for event in rest if isinstance(event, CurvePoint)] == read_curves(first.curves)
        for name, array in load_network(first.weights).weights.arrays.items():
            np.testing.assert_array_equal(array, load_network(second.weights).weights.arrays[name])
        assert replace(first, seconds=0, name="", model=base, weights=base, curves=base) == replace(
            second, seconds=0, name="", model=base, weights=base, curves=base
        )

    def test_a_killed_child_is_told_and_resumed_from_its_checkpoint(
        self, base: Path, data: Path, tmp_path: Path
    ) -> None:
        """As when memory runs out: nothing in the child gets to run."""
        asked = TrainRequest((data,), model=str(base), name="killed", epochs=60)
        with pytest.raises(ModelError, match=r"killed by signal 9.*--resume goes on"):
            for event in train(asked, CancelToken()):
                if isinstance(event, Progress) and event.note:
                    os.kill(child_of(os.getpid()), signal.SIGKILL)
        events = list(train(replace(asked, resume=True), CancelToken()))
        assert isinstance(events[-1], Result)
        assert events[-1].value.steps == 45
        assert not can_resume("killed")

    def test_a_cancelled_child_keeps_its_checkpoint_and_goes_on(self, base: Path, data: Path) -> None:
        token = CancelToken()
        asked = TrainRequest((data,), model=str(base), name="broken", epochs=200)
        with pytest.raises(Cancelled, match=r"Stopped after \d+ of 150 steps"):
            for event in train(asked, token):
                if isinstance(event, Progress) and event.note:
                    token.cancel()
        assert can_resume("broken")
        with pytest.raises(UsageError, match="was stopped and is kept"):
            list(train(asked, CancelToken()))
        with pytest.raises(UsageError, match="other options"):
            here(replace(asked, epochs=201, resume=True), base)
        with pytest.raises(UsageError, match="no interrupted run named x"):
            list(train(replace(asked, name="x", resume=True), CancelToken()))

    def test_what_was_kept_and_is_something_else_now_is_told_and_never_run(
        self, base: Path, data: Path, tmp_path: Path
    ) -> None:
        token = CancelToken()
        asked = TrainRequest((data,), name="kept", epochs=16, hold_out=0.25)
        with pytest.raises(Cancelled):
            for event in run_training(asked, base, token):
                if isinstance(event, CurvePoint):
                    token.cancel()
        folder, mark = training_folder("kept"), tmp_path / "was-run"
        hostile = pickle.dumps(_Touches(str(mark)))
        for part in ("checkpoint.safetensors", "pictures.json", "pictures/index.npz", "kept-apart/index.npz"):
            whole = (folder / part).read_bytes()
            for content in (hostile, whole[: len(whole) // 2], b"", b"{}"):
                (folder / part).write_bytes(content)
                with pytest.raises(ModelError, match=r"training kept is damaged.*delete"):
                    here(replace(asked, resume=True), base)
            (folder / part).write_bytes(whole)
        assert not mark.exists()
        (folder / "curves.jsonl").write_bytes(hostile)
        assert here(replace(asked, resume=True), base)[1].steps == 10

    def test_a_training_that_never_began_leaves_nothing_behind(self, base: Path, data: Path) -> None:
        for picture in (data / "images").iterdir():
            picture.write_bytes(b"no picture")
        with pytest.raises(FormatError, match="pictures can be read"):
            here(TrainRequest((data,), name="none"), base)
        assert not training_folder("none").exists()

    def test_only_implicit_vectors_change_for_known_classes(self, base: Path, data: Path) -> None:
        annotations = data / "annotations" / "instances_train.json"
        annotations.write_bytes(annotations.read_bytes().replace(b'"star"', b'"line"'))
        _, outcome = here(TrainRequest((data,), name="i", epochs=1, implicit_only=True), base)
        before, after = load_network(base).weights, load_network(outcome.weights).weights
        changed = {name for name in before.arrays if not np.array_equal(before[name].ravel(), after[name].ravel())}
        assert "layers.3.implicit" in changed
        assert not any(name.startswith(("layers.0.", "layers.1.", "layers.2.")) for name in changed)

    @pytest.mark.parametrize(
        ("change", "error", "words"),
        [
            ({"data": ()}, UsageError, "at least one"),
            ({"data": (Path("nowhere"),)}, UsageError, "no nowhere"),
            ({"epochs": 0}, UsageError, "--epochs"),
            ({"name": "../../x"}, ModelError, "cannot be a model.s name"),
            ({"freeze": "all"}, UsageError, "--freeze all"),
            ({"device": "tpu"}, UsageError, "--device tpu"),
            ({"model": "unheard-of"}, ModelError, "unheard-of cannot be trained further"),
        ],
    )
    def test_wrong_requests_are_told(
        self, base: Path, data: Path, change: dict, error: type[StudioError], words: str
    ) -> None:
        request = TrainRequest(**({"data": (data,), "model": str(base)} | change))
        with pytest.raises(error, match=words):
            list(train(request, CancelToken()))

    def test_pictures_that_cannot_be_read_at_all_are_told(self, base: Path, data: Path) -> None:
        for picture in (data / "images").iterdir():
            picture.write_bytes(b"no picture")
        with pytest.raises(FormatError, match="None of the 13 pictures"):
            list(train(TrainRequest((data,), model=str(base)), CancelToken()))


def test_without_torch_a_person_is_told_what_to_install(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job, "find_spec", lambda name: None)
    with pytest.raises(ModelError, match=r"pip install 'yolor-studio\[train\]'"):
        list(train(TrainRequest((data,)), CancelToken()))
