"""Models with more tasks: what they say of themselves, what is believed, and what they hand on per picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from yolor_studio.core.errors import ModelError
from yolor_studio.detect.detector import Detector
from yolor_studio.detect.library import find_model
from yolor_studio.detect.metadata import parse_facts, scan_metadata
from yolor_studio.detect.model_check import check_contract, read_model
from yolor_studio.yolor.cfg import parse_cfg
from yolor_studio.yolor.onnx_graph import build_onnx
from yolor_studio.yolor.plan import build_plan
from yolor_studio.yolor.reference import decode, embed, outputs, random_weights, sigmoid

CLASSES = ("sun", "moon")
BOXES = """
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
filters=14
activation=linear
[yolo]
anchors=20,24,40,30
classes=2
decode=yolor
"""
TAGS = "[route]\nlayers=0\n[avgpool]\n[convolutional]\nfilters=2\nactivation=linear\n[tags]\nclasses=2\n"
EMBEDDING = "[route]\nlayers=0\n[convolutional]\nfilters=5\nactivation=linear\n[embedding]\n"


def plan_and_weights(text: str):
    plan = build_plan(parse_cfg(text))
    return plan, random_weights(plan, seed=7, bn_eps=1e-4)


def model_of(text: str, path: Path) -> Path:
    plan, weights = plan_and_weights(text)
    model = build_onnx(plan, weights, names=CLASSES, licence="", source_hash="ab", size=64)
    path.write_bytes(model.SerializeToString())
    return path


@pytest.fixture
def multitask(tmp_path: Path) -> Path:
    return model_of(BOXES + TAGS + EMBEDDING, tmp_path / "multitask.onnx")


def open_model(path: Path, *, more_tasks: bool = True) -> Detector:
    return Detector(find_model(str(path)), device="cpu", more_tasks=more_tasks)


def pictures(count: int) -> list[np.ndarray]:
    generator = np.random.default_rng(3)
    return [generator.integers(0, 256, (64, 64, 3), np.uint8) for _ in range(count)]


def test_a_model_says_which_tasks_it_has(multitask: Path, tmp_path: Path):
    facts = parse_facts("x", scan_metadata(multitask))
    assert (facts.tags, facts.embedding) == (True, 5)
    plain = parse_facts("x", scan_metadata(model_of(BOXES, tmp_path / "plain.onnx")))
    assert (plain.tags, plain.embedding) == (False, 0)
    for path in (multitask, tmp_path / "plain.onnx"):
        assert check_contract(path.name, read_model(path)) == parse_facts("x", scan_metadata(path))


def _without(model: onnx.ModelProto, key: str) -> None:
    kept = {entry.key: entry.value for entry in model.metadata_props if entry.key != key}
    del model.metadata_props[:]
    helper.set_model_props(model, kept)


@pytest.mark.parametrize(
    "lie", ["tags untold", "vectors untold", "tags missing", "vectors of another length", "a third"]
)
def test_outputs_that_are_not_as_told_are_refused(multitask: Path, lie: str):
    model = read_model(multitask)
    found = {output.name: output for output in model.graph.output}
    match lie:
        case "tags untold":
            _without(model, "tags")
        case "vectors untold":
            _without(model, "embedding")
        case "tags missing":
            model.graph.output.remove(found["tags"])
        case "vectors of another length":
            found["embeddings"].type.tensor_type.shape.dim[2].dim_value = 6
        case _:
            model.graph.output.append(helper.make_tensor_value_info("more", TensorProto.FLOAT, [1]))
    with pytest.raises(ModelError, match="not in the form that it claims"):
        check_contract("x", model)


def test_a_picture_gets_tags_and_every_prediction_its_vector(multitask: Path):
    detector = open_model(multitask)
    images = pictures(3)
    seen = detector.see(images)
    plan, weights = plan_and_weights(BOXES + TAGS + EMBEDDING)
    truth = outputs(plan, weights, np.stack(images).transpose(0, 3, 1, 2) / 255)
    boxes, scores = decode(plan, truth.heads)
    vectors = embed(plan, truth.embeddings)
    for n, (one, alone) in enumerate(zip(seen, detector.predict_all(images), strict=True)):
        np.testing.assert_array_equal(one.predictions.boxes, alone.boxes)
        np.testing.assert_array_equal(one.predictions.scores, alone.scores)
        assert one.tags is not None
        assert one.embeddings is not None
        np.testing.assert_allclose(one.tags, sigmoid(truth.tags[0][n]), atol=1e-5)
        assert one.embeddings.shape == (len(one.predictions), 5)
        assert len(one.predictions) > 3
        for row in range(len(one.predictions)):
            score, kind = one.predictions.scores[row, 0], one.predictions.classes[row, 0]
            clipped = np.clip(boxes[n], 0, 64)
            x, y, w, h = one.predictions.boxes[row]
            away = np.abs(clipped - [x, y, x + w, y + h]).max(axis=1) + 100 * np.abs(scores[n, :, kind] - score)
            candidate = int(away.argmin())
            assert away[candidate] < 0.05
            np.testing.assert_allclose(one.embeddings[row], vectors[n, candidate], atol=1e-4)


def test_nothing_is_computed_for_tasks_that_nobody_asked_for(multitask: Path):
    whole, alone = open_model(multitask), open_model(multitask, more_tasks=False)
    assert [output.name for output in alone.session.get_outputs()] == ["boxes", "scores"]
    images = pictures(2)
    for one, other in zip(alone.see(images), whole.see(images), strict=True):
        np.testing.assert_array_equal(one.predictions.boxes, other.predictions.boxes)
        assert (one.tags, one.embeddings) == (None, None)


def test_a_model_without_more_tasks_hands_on_none(tmp_path: Path):
    (seen,) = open_model(model_of(BOXES, tmp_path / "plain.onnx")).see(pictures(1))
    assert (seen.tags, seen.embeddings) == (None, None)
    assert len(seen.predictions) > 0


def test_one_more_task_alone(tmp_path: Path):
    (tagged,) = open_model(model_of(BOXES + TAGS, tmp_path / "tags.onnx")).see(pictures(1))
    (embedded,) = open_model(model_of(BOXES + EMBEDDING, tmp_path / "vectors.onnx")).see(pictures(1))
    assert tagged.tags is not None
    assert tagged.embeddings is None
    assert embedded.tags is None
    assert embedded.embeddings is not None


def test_padding_and_halving_keep_all_tasks_together(multitask: Path):
    detector = open_model(multitask)
    images = pictures(5)
    whole = detector.see(images)
    session = detector.session

    class Small:
        def run(self, names, inputs, options=None):
            if len(inputs["images"]) > 2:
                raise RuntimeError("Failed to allocate memory for requested buffer")
            return session.run(names, inputs, options)

    object.__setattr__(detector._opened, "session", Small())
    for halved, one in zip(detector.see(images), whole, strict=True):
        np.testing.assert_array_equal(halved.tags, one.tags)
        np.testing.assert_array_equal(halved.embeddings, one.embeddings)


@pytest.mark.parametrize(("output", "shape"), [("tags", (1, 3)), ("embeddings", (1, 7, 5))])
def test_a_model_that_gives_other_shapes_than_it_says_is_refused(multitask: Path, output: str, shape: tuple[int, ...]):
    """Unknown dimensions pass the check of the file, so that the first run looks again."""
    model = read_model(multitask)
    last = next(node for node in model.graph.node if output in node.output)
    last.output[0] = "true"
    zeros = helper.make_tensor("zeros", TensorProto.FLOAT, shape, np.zeros(shape, np.float32).ravel().tolist())
    model.graph.node.append(helper.make_node("Constant", [], [output], value=zeros))
    for found in model.graph.output:
        if found.name == output:
            for dim in found.type.tensor_type.shape.dim:
                dim.dim_param = "?"
    path = multitask.with_name("liar.onnx")
    path.write_bytes(model.SerializeToString())
    with pytest.raises(ModelError, match=rf"gives .*{output} \({shape[0]}, {shape[1]}"):
        open_model(path)
