"""One pass, several tasks: boxes, tags and a vector per box are the same in numpy, onnxruntime and torch."""

from __future__ import annotations

from functools import cache

import numpy as np
import onnx
import onnxruntime as ort
import pytest

from yolor_studio.core.resources import shipped
from yolor_studio.yolor.cfg import Description, format_cfg, parse_cfg, read_cfg
from yolor_studio.yolor.contract import CANDIDATES
from yolor_studio.yolor.implicit import implicit_report
from yolor_studio.yolor.layers import Decode, Joined, Layer
from yolor_studio.yolor.onnx_graph import build_onnx
from yolor_studio.yolor.plan import Plan, build_plan
from yolor_studio.yolor.rebuild import with_classes
from yolor_studio.yolor.reference import decode, embed, outputs, random_weights, sigmoid
from yolor_studio.yolor.weights import Weights

LENGTH = 16


def bundled() -> Description:
    return read_cfg(shipped("resources", "networks", "yolor-n.cfg"))


def small(classes: int = 3) -> Description:
    """Two levels, two anchors each."""
    step = "[convolutional]\nbatch_normalize=1\nfilters=8\nsize=3\nstride=2\npad=1\nactivation=silu\n"
    head = (
        f"[convolutional]\nfilters={2 * (5 + classes)}\nactivation=linear\n[yolo]\nmask={{}}\n"
        f"anchors=4,6,8,8,9,20,20,9\nclasses={classes}\ndecode=darknet\n"
    )
    levels = step + head.format("0,1") + "[route]\nlayers=0\n" + step + head.format("2,3")
    return parse_cfg("[net]\nwidth=32\nheight=32\n" + levels)


def with_tasks(description: Description, *, tags: bool, embedding: int) -> Description:
    """More tasks, each with two implicit vectors of its own on every level: one added before its convolution, one
    multiplied after it. Tags are the sum over the levels' means."""
    plan = build_plan(description)
    text, count = format_cfg(description), len(plan.layers)
    levels: list[int] = []

    def branch(feature: Layer, channels: int, pool: str) -> None:
        nonlocal text, count
        text += (
            f"[implicit_add]\nfilters={feature.channels}\n[implicit_mul]\nfilters={channels}\n"
            f"[route]\nlayers={feature.index}\n{pool}[shift_channels]\nfrom={count}\n"
            f"[convolutional]\nfilters={channels}\nactivation=linear\n[control_channels]\nfrom={count + 1}\n"
        )
        count += 7 if pool else 6

    features = [_feature(plan, head) for head in plan.heads]
    if tags:
        for feature in features:
            branch(feature, plan.classes, "[avgpool]\n")
            levels.append(count - 1)
        text += f"[shortcut]\nfrom={','.join(map(str, levels[:-1]))}\n[tags]\nclasses={plan.classes}\n"
        count += 2
    if embedding:
        for feature in features:
            branch(feature, embedding, "")
            text += "[embedding]\n"
            count += 1
    return parse_cfg(text)


def _feature(plan: Plan, head: Layer) -> Layer:
    layer = plan.layers[head.inputs[0]]
    while isinstance(layer, Joined):
        layer = plan.layers[layer.inputs[0]]
    layer = plan.layers[layer.inputs[0]]
    while isinstance(layer, Joined):
        layer = plan.layers[layer.inputs[0]]
    return layer


@cache
def multitask() -> tuple[Plan, Weights]:
    plan = build_plan(with_tasks(bundled(), tags=True, embedding=LENGTH))
    return plan, random_weights(plan, seed=4, bn_eps=1e-4)


def build(plan: Plan, weights: Weights) -> onnx.ModelProto:
    names = [f"thing {i}" for i in range(plan.classes)]
    return build_onnx(plan, weights, names=names, licence="", source_hash="ab")


def run(model: onnx.ModelProto, images: np.ndarray) -> dict[str, np.ndarray]:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, (np.asarray(v) for v in session.run(names, {"images": images})), strict=True))


def pictures(n: int, height: int, width: int) -> np.ndarray:
    return np.random.default_rng(n + height).integers(0, 256, (n, height, width, 3), dtype=np.uint8)


def planes(images: np.ndarray) -> np.ndarray:
    return images.transpose(0, 3, 1, 2) / 255


def expect_rows(plan: Plan, weights: Weights, images: np.ndarray) -> None:
    """Every row that the graph gives has the vector of the candidate whose box it is."""
    found = run(build(plan, weights), images)
    truth = outputs(plan, weights, planes(images))
    all_boxes, all_scores = decode(plan, truth.heads)
    vectors = embed(plan, truth.embeddings)
    assert found["embeddings"].dtype == found["tags"].dtype == np.float32
    assert found["embeddings"].shape == (len(images), CANDIDATES, LENGTH)
    np.testing.assert_allclose(found["tags"], sigmoid(truth.tags[0]), atol=1e-5)
    count = min(CANDIDATES, all_boxes.shape[1])
    for n in range(len(images)):
        truth_rows = np.concatenate((all_boxes[n], 100 * all_scores[n]), axis=1)
        rows = np.concatenate((found["boxes"][n], 100 * found["scores"][n]), axis=1)
        for k in range(0, count, max(1, count // 60)):
            same = np.abs(truth_rows - rows[k]).max(axis=1) < 0.02
            assert same.any()
            assert np.abs(vectors[n][same] - found["embeddings"][n, k]).max(axis=1).min() < 1e-4
        np.testing.assert_allclose(np.linalg.norm(found["embeddings"][n, :count], axis=1), 1, atol=1e-5)
        assert not found["embeddings"][n, count:].any()


@pytest.mark.parametrize(("n", "height", "width"), [(1, 32, 64), (2, 64, 96)])
def test_the_graph_equals_the_reference(n: int, height: int, width: int):
    plan, weights = multitask()
    expect_rows(plan, weights, pictures(n, height, width))


def test_more_candidates_than_fit_keep_their_own_vectors():
    plan = build_plan(with_tasks(small(), tags=True, embedding=LENGTH))
    assert plan.boxes(128, 96) > CANDIDATES
    expect_rows(plan, random_weights(plan, seed=2, bn_eps=1e-4), pictures(1, 96, 128))


def test_torch_equals_the_reference():
    torch = pytest.importorskip("torch", reason="training needs torch: pip install 'yolor-studio[train]'")
    from yolor_studio.yolor.network import Network

    plan, weights = multitask()
    network = Network(plan).eval()
    network.load_weights(weights.arrays)
    images = planes(pictures(2, 64, 96))
    with torch.no_grad():
        found = network.outputs(torch.from_numpy(images.astype(np.float32)))
        boxes_alone = network(torch.from_numpy(images.astype(np.float32)))
    truth = outputs(plan, weights, images)
    for ours, wanted in (
        (found.heads, truth.heads),
        (boxes_alone, truth.heads),
        (found.tags, truth.tags),
        (found.embeddings, truth.embeddings),
    ):
        assert len(ours) == len(wanted)
        for map_, true_map in zip(ours, wanted, strict=True):
            np.testing.assert_allclose(map_.numpy(), true_map, rtol=1e-3, atol=2e-4)


def test_what_only_other_tasks_need_is_not_worked_out_for_boxes():
    torch = pytest.importorskip("torch", reason="training needs torch: pip install 'yolor-studio[train]'")
    from yolor_studio.yolor.network import Network

    plan, _ = multitask()
    network = Network(plan).eval()
    ran: list[int] = []
    for index, layer in enumerate(network.layers):
        layer.register_forward_hook(lambda *_, index=index: ran.append(index))
    with torch.no_grad():
        network(torch.zeros(1, 3, 32, 32))
    assert max(ran) == plan.heads[-1].index
    with torch.no_grad():
        network.outputs(torch.zeros(1, 3, 32, 32))
    assert max(ran) == plan.embeddings[-1].index


def test_every_task_has_its_own_implicit_knowledge_at_every_level_and_all_of_it_folds():
    plan, weights = multitask()
    vectors = implicit_report(plan, weights)
    for task in ("boxes", "tags", "embeddings"):
        mine = [v for v in vectors if v.task == task]
        assert len(mine) == 6
        assert all(v.folded for v in mine)
    operators = [node.op_type for node in build(plan, weights).graph.node]
    plain = [node.op_type for node in build(build_plan(bundled()), _without_tasks(weights)).graph.node]
    assert operators.count("Conv") == plain.count("Conv") + 6


def _without_tasks(weights: Weights) -> Weights:
    shapes = build_plan(bundled()).shapes()
    return Weights({name: weights[name] for name in shapes}, weights.bn_eps)


def test_more_tasks_leave_the_boxes_as_they_were():
    plan, weights = multitask()
    images = pictures(1, 64, 64)
    more, plain = run(build(plan, weights), images), run(build(build_plan(bundled()), _without_tasks(weights)), images)
    assert set(plain) == {"boxes", "scores"}
    np.testing.assert_array_equal(more["boxes"], plain["boxes"])
    np.testing.assert_array_equal(more["scores"], plain["scores"])


def test_a_model_may_have_one_more_task_alone():
    tags = build_plan(with_tasks(small(), tags=True, embedding=0))
    vectors = build_plan(with_tasks(small(), tags=False, embedding=4))
    assert (len(tags.tags), tags.embeddings) == (1, ())
    assert (vectors.tags, [layer.channels for layer in vectors.embeddings]) == ((), [4, 4])
    models = [build(plan, random_weights(plan, seed=0, bn_eps=1e-4)) for plan in (tags, vectors)]
    assert [sorted(run(model, pictures(1, 8, 8))) for model in models] == [
        ["boxes", "scores", "tags"],
        ["boxes", "embeddings", "scores"],
    ]
    metadata = [{entry.key: entry.value for entry in model.metadata_props} for model in models]
    assert (metadata[0]["tags"], metadata[1]["embedding"]) == ("1", "4")
    assert "embedding" not in metadata[0]
    assert "tags" not in metadata[1]


def test_a_vector_of_nothing_stays_nothing():
    plan = build_plan(with_tasks(small(), tags=False, embedding=4))
    arrays = dict(random_weights(plan, seed=0, bn_eps=1e-4).arrays)
    last = plan.layers[plan.embeddings[0].index - 1].inputs[0]
    for part in ("weight", "bias"):
        arrays[f"layers.{last}.conv.{part}"] = np.zeros_like(arrays[f"layers.{last}.conv.{part}"])
    assert np.isfinite(run(build(plan, Weights(arrays, 1e-4)), pictures(1, 8, 8))["embeddings"]).all()


def test_more_tasks_are_described_in_text_and_follow_the_classes():
    description = with_tasks(small(), tags=True, embedding=4)
    assert {head.decode for head in build_plan(description).heads} == {Decode.EXPONENTIAL}
    again = parse_cfg(format_cfg(description))
    plan = build_plan(with_classes(again, 7))
    assert (plan.classes, plan.tags[0].channels, plan.embeddings[0].channels) == (7, 7, 4)
