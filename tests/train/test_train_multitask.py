"""Several tasks from one pass: heads that are added, what they learn from, and boxes that stay as they are."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs torch: pip install 'yolor-studio[train]'")
pytestmark = pytest.mark.torch

from yolor_studio.core.errors import ModelError  # noqa: E402
from yolor_studio.core.resources import shipped  # noqa: E402
from yolor_studio.train.assign import Assignment, Grid  # noqa: E402
from yolor_studio.train.augment import Augment  # noqa: E402
from yolor_studio.train.balance import Balance  # noqa: E402
from yolor_studio.train.batches import Batch, Batches, Stage  # noqa: E402
from yolor_studio.train.contrast import supervised_contrast  # noqa: E402
from yolor_studio.train.loss import Targets  # noqa: E402
from yolor_studio.train.multitask import (  # noqa: E402
    TaskLosses,
    TaskObjective,
    object_cells,
    only_tasks,
    presence,
    tag_loss,
)
from yolor_studio.train.pairs import PairBatches, TaskBatch, Things  # noqa: E402
from yolor_studio.train.recipe import Recipe  # noqa: E402
from yolor_studio.train.samples import Labels, write_store  # noqa: E402
from yolor_studio.train.shards import split  # noqa: E402
from yolor_studio.train.surgery import transplant  # noqa: E402
from yolor_studio.train.trainer import Trainer  # noqa: E402
from yolor_studio.yolor.cfg import Description, format_cfg, parse_cfg  # noqa: E402
from yolor_studio.yolor.layers import Decode  # noqa: E402
from yolor_studio.yolor.network import Network  # noqa: E402
from yolor_studio.yolor.plan import Plan, build_plan  # noqa: E402
from yolor_studio.yolor.rebuild import with_classes  # noqa: E402
from yolor_studio.yolor.tasks import task_layers, with_tasks, without_tasks  # noqa: E402

STILL = Augment(scale=(1, 1), translate=0, flip=0, hsv=(0, 0, 0))
SIDE = 64


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def conv(filters: int, *, size: int = 3, stride: int = 1, activation: str = "silu") -> str:
    normalised = int(activation == "silu")
    return (
        f"[convolutional]\nbatch_normalize={normalised}\nfilters={filters}\nsize={size}\nstride={stride}\npad=1\n"
        f"activation={activation}\n"
    )


def described(*, decode: str = "decode=yolor\n") -> Description:
    """Heads of stride 8 and 16, two classes, small enough to be trained within a test."""
    yolo = "[yolo]\nmask={}\nanchors=12,12, 24,24\nclasses=2\n" + decode
    trunk = "".join(conv(filters, stride=2) for filters in (8, 16, 24))
    fine = conv(7, size=1, activation="linear") + yolo.format(0)
    coarse = "[route]\nlayers=2\n" + conv(32, stride=2) + conv(7, size=1, activation="linear") + yolo.format(1)
    return parse_cfg("[net]\nwidth=64\nheight=64\n" + trunk + fine + coarse)


def bundled() -> Description:
    return parse_cfg(shipped("resources", "networks", "yolor-n.cfg").read_text("utf-8"))


@pytest.fixture(scope="module")
def things(tmp_path_factory: pytest.TempPathFactory) -> Things:
    """Two clips of two frames: in each a bright and a dark square (classes 0 and 1) that change places."""
    pictures = []
    for clip in range(2):
        for frame in range(2):
            picture = np.full((SIDE, SIDE, 3), (90, 120, 150) if clip else 120, np.uint8)
            places = [(6, 8), (34, 32)][:: -1 if frame else 1]
            for (x, y), colour in zip(places, ((250, 240 - 200 * clip, 30), (10, 10 + 200 * clip, 60)), strict=True):
                picture[y : y + 22, x : x + 22] = colour
            boxes = np.array([[x, y, x + 22, y + 22] for x, y in places], np.float32)
            pictures.append((picture, Labels(boxes, np.arange(2), np.zeros(2, np.bool_), np.ones(2, np.bool_))))
    folder = tmp_path_factory.mktemp("clips")
    write_store(folder, pictures, side=SIDE)
    identities = np.array([0, 1, 0, 1, 2, 3, 2, 3])
    return Things(folder, groups=np.array([0, 0, 1, 1]), identities=identities, augment=STILL)


def pairs(things: Things, *, batch: int = 4) -> PairBatches:
    return PairBatches([(things, np.full(len(things), 1 / len(things)))], batch=batch, seed=3)


def fresh(things: Things) -> Network:
    """Untrained, but with batch norms that know the pictures, and soon notice when they change."""
    torch.manual_seed(2)
    network = Network(build_plan(with_tasks(described(), embedding=8)))
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 0.5  # pyright: ignore[reportArgumentType]
    with torch.no_grad():
        for step in range(8):
            network.outputs(images_of(pairs(things).at(step, Stage(SIDE, 1, 0))))
    return network


def trained(things: Things, *, boxes: bool, steps: int) -> Trainer:
    network = fresh(things)
    if not boxes:
        only_tasks(network)
    recipe = Recipe((Stage(SIDE, steps, 0),), lr=0.02, warm_up=5, ema=0.8, ema_tau=2)
    objective = TaskObjective(network.plan, recipe, device=torch.device("cpu"), pictures=4, boxes=boxes)
    run = Trainer(network, pairs(things), recipe, objective=objective, workers=2)
    assert not any(report.skipped for report in run.run())
    return run


# --- descriptions


def test_tasks_are_added_behind_the_boxes_of_the_bundled_network():
    before, after = build_plan(bundled()), build_plan(with_tasks(bundled()))
    assert (before.parameters, before.implicit) == (2_240_226, 673)
    assert after.layers[: len(before.layers)] == before.layers
    assert task_layers(after) == set(range(len(before.layers), len(after.layers)))
    assert task_layers(before) == frozenset()
    assert [layer.channels for layer in after.embeddings] == [64, 64, 64]
    assert after.tags[0].channels == 20
    assert after.stride == before.stride
    assert (after.parameters - before.parameters) / before.parameters < 0.04
    assert after.gflops(416) / before.gflops(416) < 1.08
    assert build_plan(without_tasks(with_tasks(bundled()))).layers == before.layers
    assert build_plan(parse_cfg(format_cfg(with_tasks(bundled())))).shapes() == after.shapes()


def test_every_task_has_implicit_knowledge_of_its_own_on_every_level():
    plan = build_plan(with_tasks(bundled()))
    looks = 32
    tags = 3 * 64 + (64 + 128 + 256)
    embeddings = 3 * 64 + (64 + 128 + 256) + 3 * looks
    assert plan.implicit - 673 == tags + embeddings


def test_one_task_alone_and_other_classes():
    tags = build_plan(with_tasks(described(), embedding=0))
    vectors = build_plan(with_tasks(described(), tags=False, embedding=8))
    assert (len(tags.tags), len(tags.embeddings)) == (1, 0)
    assert (len(vectors.tags), len(vectors.embeddings)) == (0, 2)
    assert build_plan(with_classes(with_tasks(described()), 5)) == build_plan(with_tasks(with_classes(described(), 5)))


def test_a_network_of_darknet_keeps_decoding_in_its_own_way():
    plan = build_plan(with_tasks(described(decode="")))
    assert plan.heads[0].decode is Decode.EXPONENTIAL


def test_tasks_are_not_added_twice():
    with pytest.raises(ModelError, match="already"):
        with_tasks(with_tasks(described()))


def test_a_network_without_finer_maps_reads_its_heads_alone():
    text = "[net]\n" + conv(7, size=1, activation="linear")
    single = parse_cfg(
        text.replace("filters=7", "filters=6")
        + conv(7, size=1, activation="linear")
        + "[yolo]\nanchors=8,8\nclasses=2\n"
    )
    assert build_plan(with_tasks(single)).embeddings[0].stride == 1


# --- losses


def test_contrast_by_hand():
    vectors = torch.tensor([[2.0, 0.0], [3.0, 0.0], [0.0, 1.0]])
    same, pictures = torch.tensor([7, 7, 9]), torch.tensor([0, 1, 1])
    loss = supervised_contrast(vectors, same, pictures, temperature=0.5)
    assert loss.item() == pytest.approx(math.log(1 + math.exp(-2.0)))
    worse = supervised_contrast(vectors[[0, 2, 1]], same, pictures, temperature=0.5)
    assert worse.item() == pytest.approx(math.log(1 + math.exp(2.0)) / 2 + math.log(2) / 2)


def test_contrast_asks_across_pictures_and_leaves_the_neighbours_out():
    vectors = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [-1.0, 0.0]], requires_grad=True)
    same, pictures = torch.tensor([5, 5, 5, 6]), torch.tensor([0, 0, 1, 1])
    loss = supervised_contrast(vectors, same, pictures, temperature=1.0)
    first = math.log(1 + math.exp(-2))
    second = math.log(2)
    third = ((math.log(math.exp(1) + 1 + math.exp(-1)) - 1) + math.log(math.exp(1) + 1 + math.exp(-1))) / 2
    assert loss.item() == pytest.approx((first + second + third) / 3)


@pytest.mark.parametrize("identities", [[], [1], [1, 2], [4, 4]])
def test_contrast_without_a_question_costs_nothing(identities: list[int]):
    vectors = torch.ones(len(identities), 3, requires_grad=True)
    loss = supervised_contrast(
        vectors, torch.tensor(identities, dtype=torch.long), torch.arange(len(identities)), temperature=0.1
    )
    assert loss.item() == 0
    loss.backward()
    assert torch.equal(vectors.grad, torch.zeros_like(vectors))


def test_tags_that_nobody_decided_teach_nothing():
    raw = torch.tensor([[0.0, 4.0]], requires_grad=True)
    loss = tag_loss(raw, torch.tensor([[True, False]]), torch.tensor([[True, False]]))
    assert loss.item() == pytest.approx(math.log(2))
    loss.backward()
    assert raw.grad is not None
    assert raw.grad[0, 1] == 0
    assert tag_loss(raw, torch.zeros(1, 2, dtype=torch.bool), torch.zeros(1, 2, dtype=torch.bool)).item() == 0


def test_presence_from_boxes_alone():
    batch = Batch(
        np.zeros((3, 32, 32, 3), np.uint8),
        np.zeros((1, 4), np.float32),
        np.array([1]),
        np.array([0]),
        np.zeros((2, 4), np.float32),
        np.array([[True, True, False], [False, False, True]]),
        np.array([0, 2]),
    )
    shows, decided = presence(batch, torch.device("cpu"))
    assert shows.tolist() == [[False, True, False], [False] * 3, [False] * 3]
    assert decided.tolist() == [[False, True, True], [True] * 3, [True, True, False]]


def test_the_balance_goes_to_the_logarithm_of_each_loss():
    balance = Balance(["a", "b"], pictures=2)
    for _ in range(4000):
        balance.note({"a": 8.0, "b": 0.5}, 1)
        balance.note({"a": 12.0, "b": 0.5}, 1)
    assert balance.values == pytest.approx({"a": math.log(10), "b": math.log(0.5)}, abs=0.01)
    assert balance.latest == pytest.approx({"a": 10.0, "b": 0.5})
    losses = {"a": torch.tensor(10.0), "b": torch.tensor(0.5)}
    assert balance.total(losses).item() == pytest.approx(10 + 10, abs=0.1)


def test_the_balance_learns_once_per_batch_and_passes_over_what_is_not_finite():
    balance = Balance(["a", "b"], pictures=4)
    balance.note({"a": 3.0, "b": 3.0}, 2)
    assert balance.values == {"a": 0.0, "b": 0.0}
    balance.note(None, 2)
    assert balance.values == {"a": 0.0, "b": 0.0}
    balance.note({"a": 3.0, "b": 3.0}, 4)
    assert balance.values["a"] == pytest.approx(0.02)


def test_a_single_task_is_not_weighted():
    balance = Balance(["tags"], pictures=1)
    balance.note({"tags": 5.0}, 1)
    assert balance.total({"tags": torch.tensor(5.0)}).item() == 5.0


def test_vectors_are_taken_at_the_object():
    plan = build_plan(with_tasks(described()))
    grid = Grid.of(torch.tensor(plan.anchors), plan.strides, [(8, 8), (4, 4)])
    boxes = torch.tensor([[9.0, 17.0, 21.0, 29.0], [32.0, 32.0, 62.0, 62.0]])
    none = torch.zeros(0, 4)
    targets = Targets(boxes, torch.tensor([0, 1]), torch.tensor([0, 0]), none, none, none[:, 0])
    which, cells = object_cells(torch.zeros(1, 80, 7), targets, grid, Assignment.RATIO)
    centres = {0: (15.0, 23.0), 1: (47.0, 47.0)}
    assert set(which.tolist()) == {0, 1}
    for box, cell in zip(which.tolist(), cells.tolist(), strict=True):
        stride, place = (8, divmod(cell, 8)) if cell < 64 else (16, divmod(cell - 64, 4))
        distance = max(abs((place[1 - axis] + 0.5) * stride - centres[box][axis]) for axis in (0, 1))
        assert distance <= stride
    assert max(which.bincount().tolist()) <= 3


# --- batches


def test_pairs_show_the_same_things_under_the_same_identities(things: Things):
    batches = pairs(things)
    batch = batches.at(5, Stage(SIDE, 1, 0))
    assert batch.boxes_of.tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    for first in (0, 4):
        assert set(batch.identities[first : first + 2]) == set(batch.identities[first + 2 : first + 4])
        assert len(set(batch.identities[first : first + 4])) == 2
        assert not np.array_equal(batch.boxes[first : first + 2], batch.boxes[first + 2 : first + 4])
    assert np.array_equal(batch.classes, batch.identities % 2)
    assert batch.shows.all()
    assert batch.decided.all()
    again = pairs(things).at(5, Stage(SIDE, 1, 0))
    assert np.array_equal(batch.pixels, again.pixels)
    parts = split(batch, 2)
    assert all(isinstance(part, TaskBatch) and len(part.shows) == 2 for part in parts)
    identities = [part.identities for part in parts if isinstance(part, TaskBatch)]
    assert np.array_equal(np.concatenate(identities), batch.identities)


def test_identities_of_two_collections_differ(things: Things):
    batches = PairBatches([(things, np.full(4, 0.125)), (things, np.full(4, 0.125))], batch=64, seed=1)
    assert set(batches.at(0, Stage(SIDE, 1, 0)).identities) == set(range(8))


def test_what_a_view_lost_is_not_decided(tmp_path: Path):
    """A crowd, and a class without labels."""
    labels = Labels(
        np.array([[2, 2, 30, 30], [34, 34, 60, 60]], np.float32),
        np.array([0, 1]),
        np.array([False, True]),
        np.array([True, True, False]),
    )
    write_store(tmp_path, [(np.zeros((SIDE, SIDE, 3), np.uint8), labels)], side=SIDE)
    things = Things(tmp_path, augment=STILL)
    seen = things.view(0, size=SIDE, rng=np.random.default_rng(1))
    assert seen.view.classes.tolist() == [0]
    assert seen.shows.tolist() == [True, False, False]
    assert seen.decided.tolist() == [True, False, False]
    assert things.partner(0, np.random.default_rng(1)) == 0


# --- training


def test_with_a_frozen_trunk_boxes_stay_to_the_last_bit_while_the_tasks_learn(things: Things):
    network = fresh(things)
    before, first = network.export_weights(), losses_of(network.plan, network.export_weights(), things)
    run = trained(things, boxes=False, steps=24)
    after, last = run.mean_weights(), losses_of(network.plan, run.mean_weights(), things)
    changed = {int(name.split(".")[1]) for name in before if not np.array_equal(before[name], after[name])}
    assert changed <= task_layers(network.plan)
    assert network.plan.tags[0].inputs[0] in changed
    assert last["tags"] < 0.5 * first["tags"]
    assert last["embeddings"] < 0.5 * first["embeddings"]
    assert last["boxes"] == first["boxes"]


def test_all_tasks_learn_together(things: Things):
    network = fresh(things)
    before = losses_of(network.plan, network.export_weights(), things)
    after = losses_of(network.plan, trained(things, boxes=True, steps=24).mean_weights(), things)
    assert set(after) == {"boxes", "tags", "embeddings"}
    assert all(after[task] < 0.9 * before[task] for task in after), (before, after)


def test_the_same_run_gives_the_same_weights_and_balance(things: Things):
    one, two = trained(things, boxes=True, steps=4), trained(things, boxes=True, steps=4)
    assert all(np.array_equal(array, two.mean_weights()[name]) for name, array in one.mean_weights().items())


def test_a_resumed_run_ends_like_an_unbroken_one(things: Things, tmp_path: Path):
    def run() -> Trainer:
        torch.manual_seed(2)
        network = Network(build_plan(with_tasks(described(), embedding=8)))
        return Trainer(network, pairs(things), Recipe((Stage(SIDE, 6, 0),), lr=0.02, ema_tau=2))

    unbroken, first, second = run(), run(), run()
    list(unbroken.run())
    list(first.run(3))
    first.save(tmp_path / "half.safetensors")
    second.load(tmp_path / "half.safetensors")
    list(second.run())
    weights = unbroken.mean_weights()
    assert all(np.array_equal(array, weights[name]) for name, array in second.mean_weights().items())


def test_other_classes_keep_the_tags_of_the_same_name():
    old = Network(build_plan(with_tasks(with_classes(described(), 1), embedding=8)))
    new = Network(build_plan(with_tasks(with_classes(described(), 3), embedding=8)))
    fresh_weights, known = new.export_weights(), old.export_weights()
    assert transplant(new, known, old=["Cat"], new=["dog", "cat", "cow"]) == ("cat",)
    weights, conv = new.export_weights(), f"layers.{new.plan.tags[0].inputs[0]}.conv"
    for part in ("weight", "bias"):
        name = f"{conv}.{part}"
        assert np.array_equal(weights[name][1], known[name][0])
        assert np.array_equal(weights[name][[0, 2]], fresh_weights[name][[0, 2]])
    vectors = f"layers.{new.plan.embeddings[0].index - 2}.conv.weight"
    assert np.array_equal(weights[vectors], known[vectors])


def test_plain_batches_teach_all_tasks_too(things: Things):
    """Fine-tuning draws mosaics without identities."""
    plan = build_plan(with_tasks(described(), embedding=8))
    objective = TaskObjective(plan, Recipe(()), device=torch.device("cpu"), pictures=4)
    batch = Batches(things.store, np.full(4, 0.25), batch=4, seed=1).at(0, Stage(SIDE, 1))
    torch.manual_seed(2)
    network = Network(plan)
    losses = objective.losses(objective.forward(network, images_of(batch)), batch)
    assert isinstance(losses, TaskLosses)
    assert losses.tags.item() > 0
    losses.total.backward()
    assert all(parameter.grad is not None for parameter in network.parameters())


def test_a_loss_that_is_no_number_is_told(things: Things):
    plan = build_plan(with_tasks(described(), embedding=8))
    objective = TaskObjective(plan, Recipe(()), device=torch.device("cpu"), pictures=4)
    batch = pairs(things).at(0, Stage(SIDE, 1, 0))
    assert objective.losses(objective.forward(Network(plan), images_of(batch) * math.nan), batch) is None
    assert objective.balance.values == {"boxes": 0.0, "tags": 0.0, "embeddings": 0.0}


def images_of(batch: Batch) -> Any:
    return torch.from_numpy(batch.pixels).permute(0, 3, 1, 2).float() / 255


def losses_of(plan: Plan, weights: dict[str, np.ndarray], things: Things) -> dict[str, float]:
    network = Network(plan)
    network.load_weights(weights)
    network.eval()
    objective = TaskObjective(plan, Recipe(()), device=torch.device("cpu"), pictures=4)
    batch = pairs(things).at(1000, Stage(SIDE, 1, 0))
    with torch.no_grad():
        assert objective.losses(objective.forward(network, images_of(batch)), batch) is not None
    return objective.balance.latest
