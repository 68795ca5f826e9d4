"""Checking models against their networks, and published models from a server on this machine into the list."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import onnx
import pytest
from file_server import Shop, serving
from onnx import numpy_helper
from toy_networks import TOY_CFG, write_toy_network

from yolor_studio.core.cancel import CancelToken
from yolor_studio.core.errors import Cancelled, ModelError
from yolor_studio.core.paths import user_folder
from yolor_studio.detect import behaviour
from yolor_studio.detect.library import ModelEntry, add_model, find_model, list_models, network_file
from yolor_studio.detect.releases import RELEASES, Release, find_release, learn, with_learned
from yolor_studio.jobs.events import Notice, Progress
from yolor_studio.jobs.model_adding import AddedModel, add, download, downloads_folder
from yolor_studio.jobs.model_check import CheckReport, check_model, last_report
from yolor_studio.jobs.model_facts import network_facts
from yolor_studio.jobs.runner import run_now
from yolor_studio.yolor import truth, zoo
from yolor_studio.yolor.cfg import parse_cfg
from yolor_studio.yolor.plan import build_plan
from yolor_studio.yolor.reference import random_weights
from yolor_studio.yolor.safetensors_io import SavedNetwork, save_network
from yolor_studio.yolor.tasks import with_tasks
from yolor_studio.yolor.weights import Weights, darknet_bytes


def with_all_tasks(path: Path) -> Path:
    """The toy network with tags and embeddings."""
    description = with_tasks(parse_cfg(TOY_CFG), embedding=4)
    weights = random_weights(build_plan(description), seed=0, bn_eps=1e-4)
    save_network(path, SavedNetwork(description, weights, ("cat", "dog"), 96, ""))
    return path


@pytest.fixture
def entry(tmp_path: Path) -> ModelEntry:
    return add_model(write_toy_network(tmp_path / "toy.safetensors"))


@pytest.fixture
def without_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reference is quicker than starting torch, and what a machine without the train extra has."""
    monkeypatch.setattr(truth, "has_torch", lambda: False)


def check(entry: ModelEntry, **options) -> CheckReport:
    return run_now(check_model(entry, CancelToken(), **options))


def values(report: CheckReport) -> dict[str, float]:
    return {measure.name: measure.value for measure in report.measures}


# Checking


@pytest.mark.parametrize("device", ["torch", "numpy"])
def test_a_model_agrees_with_its_network(tmp_path, device, monkeypatch):
    entry = add_model(with_all_tasks(tmp_path / "toy.safetensors"))
    if device == "torch":
        pytest.importorskip("torch")
    else:
        monkeypatch.setattr(truth, "has_torch", lambda: False)
    report = check(entry)
    assert report.ok
    assert report.breach == ""
    assert report.against.startswith("PyTorch 2." if device == "torch" else "the numpy reference")
    found = values(report)
    assert set(found) == {"maps", "boxes", "scores", "tags", "embeddings", "again", "batch"}
    assert found["maps"] < 1e-4
    assert found["boxes"] < 1e-2
    assert found["scores"] < 1e-5
    assert report.compared_at == report.size == (96, 54)
    assert report.seconds > 0
    assert "CPU" in report.device


@pytest.mark.usefixtures("without_torch")
@pytest.mark.parametrize("part", ["weight", "bias"])
def test_a_model_that_lies_a_little_is_caught(entry, part):
    model = onnx.load(entry.path)
    changed = next(tensor for tensor in model.graph.initializer if tensor.name.endswith(part))
    array = numpy_helper.to_array(changed).copy()
    array.flat[3] += 0.05
    changed.CopyFrom(numpy_helper.from_array(array, changed.name))
    entry.path.write_bytes(model.SerializeToString())
    report = check(find_model("toy"))
    assert not report.ok
    assert [measure.name for measure in report.measures if not measure.ok][:2] == ["maps", "boxes"]


@pytest.mark.usefixtures("without_torch")
def test_huge_raw_maps_have_limits_that_float32_can_keep(tmp_path):
    description = parse_cfg(TOY_CFG)
    weights = random_weights(build_plan(description), seed=0, bn_eps=1e-4)
    huge = {**weights.arrays, "layers.5.conv.weight": weights["layers.5.conv.weight"] * np.float32(1e5)}
    path = tmp_path / "huge.safetensors"
    save_network(path, SavedNetwork(description, Weights(huge, 1e-4), ("cat", "dog"), 96, ""))
    report = check(add_model(path))
    limits = {measure.name: measure.limit for measure in report.measures}
    assert report.ok
    assert values(report)["maps"] > 0.01
    assert limits["maps"] > 1
    assert limits["scores"] == 0.25


@pytest.mark.usefixtures("without_torch")
def test_the_test_picture_shows_what_is_found(entry, tmp_path):
    out = tmp_path / "ünder" / "found.png"
    report = check(entry, out=out)
    assert report.picture == out
    picture = cv2.imdecode(np.frombuffer(out.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    assert picture.shape == (540, 960, 3)
    default = check(entry)
    assert default.picture == user_folder("checks", "toy.png")
    assert default.picture.is_file()


@pytest.mark.usefixtures("without_torch")
def test_a_report_is_kept_for_this_very_file(entry, tmp_path):
    assert last_report(entry) is None
    report = check(entry)
    assert last_report(entry) == report
    assert CheckReport.from_json(json.loads(json.dumps(report.as_json()))) == report
    entry.path.unlink()
    other = add_model(write_toy_network(tmp_path / "other.safetensors", seed=1), name="toy")
    assert last_report(other) is None
    user_folder("checks", "toy.json").write_text("[]")
    assert last_report(entry) is None


def test_a_model_without_its_network_is_checked_for_what_can_be(brightness_model):
    report = check(find_model(str(brightness_model)))
    assert (report.against, report.compared_at, report.ok) == ("", (0, 0), True)
    assert set(values(report)) == {"again", "batch"}
    assert {name for name, _ in report.found} <= {"light", "dark"}


def test_the_network_of_another_model_beside_it_is_told(brightness_model):
    three = parse_cfg(TOY_CFG.replace("filters=14", "filters=16").replace("classes=2", "classes=3"))
    weights = random_weights(build_plan(three), seed=0, bn_eps=1e-4)
    saved = SavedNetwork(three, weights, ("a", "b", "c"), 96, "")
    save_network(brightness_model.with_suffix(".safetensors"), saved)
    with pytest.raises(ModelError, match="3 classes and not 2: it is another network"):
        check(find_model(str(brightness_model)))


@pytest.mark.usefixtures("without_torch")
def test_checking_can_be_stopped(entry):
    cancel = CancelToken()
    with pytest.raises(Cancelled):
        for event in check_model(entry, cancel):
            if isinstance(event, Progress):
                cancel.cancel()


def outputs(pictures: int = 1) -> dict[str, np.ndarray]:
    scores = np.linspace(1, 0, 5, dtype=np.float32)[None, :, None]
    return {
        "boxes": np.tile(np.array([1, 2, 3, 4], np.float32), (pictures, 5, 1)),
        "scores": np.repeat(scores, pictures, axis=0).repeat(2, axis=2),
        "tags": np.tile(np.array([0.25, 1], np.float32), (pictures, 1)),
        "embeddings": np.tile(np.array([0, 1, 0], np.float32), (pictures, 5, 1)),
    }


def test_what_breaks_the_contract_is_a_sentence():
    good = outputs()
    assert behaviour.breach(good, pictures=1, classes=2) == ""
    for name, change, words in (
        ("boxes", lambda a: a.astype(np.float64), "is float64 and not float32"),
        ("boxes", lambda a: a[..., :3], "boxes has the shape [1, 5, 3]"),
        ("scores", lambda a: a[..., :1], "scores has the shape [1, 5, 1]"),
        ("tags", lambda a: a[:, :1], "tags has the shape [1, 1]"),
        ("boxes", lambda a: a * np.float32(np.nan), "not numbers"),
        ("boxes", lambda a: a[:, :4], "different numbers of rows"),
        ("scores", lambda a: a * 2, "between 0 and 2 instead of 0 and 1"),
        ("tags", lambda a: a - 1, "Its tags lie between -0.75 and 0"),
        ("scores", lambda a: a[:, ::-1], "not ordered"),
        ("embeddings", lambda a: a * 3, "lengths from 3 to 3 instead of 1"),
    ):
        assert words in behaviour.breach({**good, name: change(good[name])}, pictures=1, classes=2)


def test_pictures_that_leak_into_each_other_are_seen():
    class Leaking:
        def get_outputs(self):
            return [SimpleNamespace(name=name) for name in outputs()]

        def run(self, names, inputs):
            images = inputs["images"]
            found = outputs(len(images))
            return [found[name] * np.float32(images.mean() / 255) for name in names]

    pair = np.stack([np.zeros((8, 8, 3), np.uint8), np.full((8, 8, 3), 255, np.uint8)])
    assert behaviour.from_batch(Leaking(), pair) == pytest.approx(0.5)


@pytest.mark.usefixtures("without_torch")
@pytest.mark.parametrize("liar", ["", "tags", "embeddings"])
def test_tags_and_embeddings_are_compared_where_a_network_has_them(tmp_path, liar):
    entry = add_model(with_all_tasks(tmp_path / "tasks.safetensors"))
    if liar:
        model = onnx.load(entry.path)
        last = next(node for node in model.graph.node if list(node.output) == [liar])
        model.graph.initializer.append(numpy_helper.from_array(np.float32(0.7), "lie"))
        model.graph.node.append(onnx.helper.make_node("Mul", [last.input[0], "lie"], [liar], name="lying"))
        model.graph.node.remove(last)
        entry.path.write_bytes(model.SerializeToString())
    report = check(find_model("tasks"))
    if liar == "embeddings":
        assert "lengths from 0.7 to 0.7 instead of 1" in report.breach
        return
    assert set(values(report)) == {"maps", "boxes", "scores", "tags", "embeddings", "again", "batch"}
    assert [measure.name for measure in report.measures if not measure.ok] == ([liar] if liar else [])


# Facts


def test_the_network_of_a_model_in_figures(entry):
    facts = network_facts(entry)
    assert facts is not None
    assert (facts.layers, facts.implicit, facts.size, facts.strides) == (8, 22, 96, (2,))
    assert facts.parameters == 3 * 8 * 9 + 2 * 8 + 22 + 8 * 14 + 14
    assert facts.boxes == 2 * 48 * 48
    assert [(vector.way.value, len(vector.values), vector.folded) for vector in facts.vectors] == [
        ("add", 8, True),
        ("multiply", 14, True),
    ]
    json.dumps(facts.as_json())


def test_a_model_that_came_as_onnx_has_no_network_to_tell_of(brightness_model):
    assert network_facts(find_model(str(brightness_model))) is None


# Published models


def test_every_release_is_https_has_a_name_of_its_own_and_facts_that_can_be():
    assert len({release.name.casefold() for release in RELEASES}) == len(RELEASES)
    for release in RELEASES:
        assert release.url.startswith("https://")
        assert release.expected is not None
        assert release.expected > 1_000_000
        assert release.sha256 is None or (len(release.sha256) == 64 and int(release.sha256, 16))
        assert release.licence
        assert release.title
        assert release.network or not release.bare
    assert {release.name for release in RELEASES} >= {"yolor-p6", "yolor_p6", "yolov4-tiny", "yolov5n", "yolov5x"}


def test_the_networks_of_darknet_releases_are_ours_and_their_bytes_are_exact():
    for release in RELEASES:
        if release.bare:
            assert darknet_bytes(build_plan(zoo.description(release.network))) == release.size, release.name


def test_a_name_that_is_not_known_is_told_with_what_is_near():
    assert find_release("YOLOv4-Tiny").name == "yolov4-tiny"
    with pytest.raises(ModelError, match="Did you mean yolov4-tiny"):
        find_release("yolo4-tiny")
    with pytest.raises(ModelError, match="without a name lists"):
        find_release("qqq")


def test_what_is_learned_is_held_to_and_never_replaces_what_is_known():
    unknown = next(release for release in RELEASES if release.sha256 is None)
    known = next(release for release in RELEASES if release.sha256 is not None)
    for release in (unknown, known):
        learn(release, size=7, sha256="a" * 64)
        learn(release, size=8, sha256="b" * 64)
    assert (with_learned(unknown).size, with_learned(unknown).sha256) == (7, "a" * 64)
    assert with_learned(known) == known
    user_folder("releases.json").write_text("{")
    with pytest.raises(ModelError, match=r"releases\.json"):
        with_learned(unknown)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with serving(Shop(write_toy_network(tmp_path / "published.safetensors").read_bytes())) as shop:
        yield shop


def published(shop: Shop, **known) -> Release:
    return Release("toy-net", shop.url.replace("model.weights", "toy-net.safetensors"), "a toy", "MIT", **known)


def get(release: Release) -> AddedModel:
    return run_now(download(release, CancelToken(), local=True))


@pytest.mark.usefixtures("without_torch")
def test_a_published_model_is_fetched_converted_checked_and_listed(shop):
    added = get(published(shop))
    assert (added.entry.name, added.entry.classes, added.entry.licence) == ("toy-net", ("cat", "dog"), "MIT")
    assert added.report is not None
    assert added.report.ok
    assert network_file(added.entry) is not None
    assert "toy-net" in [entry.name for entry in list_models()]
    assert list(downloads_folder().iterdir()) == []
    assert with_learned(published(shop)).sha256 == hashlib.sha256(shop.data).hexdigest()


@pytest.mark.usefixtures("without_torch")
def test_a_model_that_is_there_is_not_fetched_again(shop):
    get(published(shop))
    asked = len(shop.requests)
    events = list(download(published(shop), CancelToken(), local=True))
    assert len(shop.requests) == asked
    assert any(isinstance(event, Notice) and "in the list already" in event.text for event in events)


@pytest.mark.usefixtures("without_torch")
def test_a_file_that_has_changed_since_the_first_download_is_refused(shop):
    get(published(shop))
    find_model("toy-net").path.unlink()
    shop.data, shop.mark = shop.data[::-1], '"version-2"'
    with pytest.raises(ModelError, match="is not the file that is known"):
        get(published(shop))
    assert list(downloads_folder().iterdir()) == []


def test_a_download_that_cannot_be_converted_is_kept_and_told(shop):
    shop.data = b"\x80\x02 no model at all" * 100
    with pytest.raises(ModelError, match=r"The download is kept as .*toy-net\.safetensors"):
        get(published(shop))
    assert [path.name for path in downloads_folder().iterdir()] == ["toy-net.safetensors"]
    with pytest.raises(ModelError, match="The download is kept as"):
        get(published(shop))
    assert len(shop.requests) == 1, "what is there whole is not fetched again"


@pytest.mark.usefixtures("without_torch")
def test_darknet_weights_get_their_network_and_classes_and_licence(shop, monkeypatch):
    head = "[convolutional]\nfilters=170\nactivation=linear\n[yolo]\nanchors=8,8, 16,24\nclasses=80\n"
    description = parse_cfg(TOY_CFG.split("[implicit_add]")[0] + head)
    monkeypatch.setattr(zoo, "description", lambda _name: description)
    plan = build_plan(description)
    weights = random_weights(plan, seed=0, bn_eps=1e-5)
    order = (
        "0.bn.bias",
        "0.bn.weight",
        "0.bn.running_mean",
        "0.bn.running_var",
        "0.conv.weight",
        "1.conv.bias",
        "1.conv.weight",
    )
    body = b"".join(weights[f"layers.{name}"].astype("<f4").tobytes() for name in order)
    shop.data = np.array([0, 2, 5, 0, 0], "<i4").tobytes() + body
    release = Release("toy-dark", shop.url, "a toy", "public domain", network="toy")
    added = get(release)
    assert (len(added.entry.classes), added.entry.classes[0], added.entry.classes[79]) == (80, "person", "toothbrush")
    assert added.entry.licence == "public domain"
    assert list(downloads_folder().iterdir()) == []


@pytest.mark.usefixtures("without_torch")
def test_a_file_of_the_user_is_converted_and_checked_in_one_job(tmp_path):
    added = run_now(add(write_toy_network(tmp_path / "mine.safetensors"), CancelToken()))
    assert added.entry.name == "mine"
    assert added.report.ok
