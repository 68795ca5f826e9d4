"""A run learns, resumes exactly, survives what is not a number, and keeps what it may not change."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs torch: pip install 'yolor-studio[train]'")
pytestmark = pytest.mark.torch

from yolor_studio.core.errors import ModelError  # noqa: E402
from yolor_studio.train.assign import Assignment  # noqa: E402
from yolor_studio.train.augment import Augment  # noqa: E402
from yolor_studio.train.batches import Batches, Stage  # noqa: E402
from yolor_studio.train.compiling import compile_if_it_works  # noqa: E402
from yolor_studio.train.ema import Ema  # noqa: E402
from yolor_studio.train.freeze import Freeze, freeze, only_implicit  # noqa: E402
from yolor_studio.train.objective import BoxObjective, check_trainable  # noqa: E402
from yolor_studio.train.recipe import LossForm, Optimizer  # noqa: E402
from yolor_studio.train.samples import Labels, PictureStore, write_store  # noqa: E402
from yolor_studio.train.shards import split  # noqa: E402
from yolor_studio.train.surgery import transplant  # noqa: E402
from yolor_studio.train.trainer import Recipe, Trainer  # noqa: E402
from yolor_studio.yolor.cfg import parse_cfg  # noqa: E402
from yolor_studio.yolor.network import Network  # noqa: E402
from yolor_studio.yolor.plan import Plan, build_plan  # noqa: E402
from yolor_studio.yolor.rebuild import with_classes  # noqa: E402

STILL = Augment(scale=(1, 1), translate=0, flip=0, hsv=(0, 0, 0))


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> PictureStore:
    """Four grey pictures of 64 px, each with one bright square (class 0) or one dark one (class 1)."""
    pictures = []
    for index in range(4):
        picture = np.full((64, 64, 3), 120, np.uint8)
        x, y = 6 + 8 * index, 30 - 6 * index
        picture[y : y + 24, x : x + 24] = 250 if index % 2 == 0 else 10
        labels = Labels(
            np.array([[x, y, x + 24, y + 24]], np.float32),
            np.array([index % 2]),
            np.array([False]),
            np.ones(2, np.bool_),
        )
        pictures.append((picture, labels))
    return write_store(tmp_path_factory.mktemp("store"), pictures, side=64)


def conv(filters: int, *, size: int = 3, stride: int = 1, activation: str = "silu") -> str:
    normalised = int(activation == "silu")
    return (
        f"[convolutional]\nbatch_normalize={normalised}\nfilters={filters}\nsize={size}\nstride={stride}\npad=1\n"
        f"activation={activation}\n"
    )


def plan(classes: int = 2) -> Plan:
    """Stride 16, one head; small enough to be trained within a test."""
    body = "".join(conv(filters, stride=2) for filters in (16, 32, 48, 64))
    pool = "[maxpool]\nsize=3\nstride=1\n"
    vectors = "[implicit_add]\nfilters=64\n[implicit_mul]\nfilters=21\n"
    head = conv(64) + "[shift_channels]\nfrom=5\n" + conv(21, size=1, activation="linear")
    yolo = "[control_channels]\nfrom=6\n[yolo]\nmask=0,1,2\nanchors=16,16, 24,24, 40,40\nclasses=2\ndecode=yolor\n"
    text = "[net]\nwidth=64\nheight=64\n" + body + pool + vectors + "[route]\nlayers=4\n" + head + yolo
    return build_plan(with_classes(parse_cfg(text), classes))


def trainer(store: PictureStore, steps: int = 6, *, augment: Augment | None = None, lr: float = 0.002) -> Trainer:
    torch.manual_seed(1)
    batches = Batches(store, np.full(4, 0.25), batch=4, seed=1, augment=augment, final_augment=augment)
    recipe = Recipe((Stage(64, steps - 2), Stage(64, 2, mosaic=False)), lr=lr, ema=0.9, ema_tau=2)
    return Trainer(Network(plan()), batches, recipe)


def found(weights: dict[str, np.ndarray], store: PictureStore) -> list[tuple[float, int, float]]:
    """Per picture: the best score, its class, and the IoU of its box with the truth."""
    from yolor_studio.train.assign import Grid
    from yolor_studio.train.loss import flatten_heads, iou

    network = Network(plan()).eval()
    network.load_weights(weights)
    results = []
    for index in range(len(store)):
        image = torch.from_numpy(store.pixels(index).copy()).permute(2, 0, 1)[None].float() / 255
        with torch.no_grad():
            heads = network(image)
        raw = flatten_heads(heads, 3)[0]
        scores = raw[:, 4:5].sigmoid() * raw[:, 5:].sigmoid()
        row, kind = divmod(int(scores.argmax()), 2)
        grid = Grid.of(torch.tensor(network.plan.anchors), network.plan.strides, [h.shape[2:] for h in heads])
        box = grid.decode(raw[row], torch.tensor(row))
        overlap = iou(box, torch.from_numpy(store.labels(index).boxes[0]))
        results.append((scores.max().item(), kind, overlap.item()))
    return results


def test_it_learns_four_pictures_by_heart(store: PictureStore) -> None:
    run = trainer(store, 200, augment=STILL, lr=0.01)
    before = found(run.mean_weights(), store)
    reports = list(run.run())
    after = found(run.mean_weights(), store)
    assert max(score for score, _, _ in before) < 0.1
    assert [kind for _, kind, _ in after] == [0, 1, 0, 1]
    assert min(score for score, _, _ in after) > 0.2
    assert min(overlap for _, _, overlap in after) > 0.6
    assert reports[-1].box < reports[0].box / 2
    assert not any(report.skipped for report in reports)


def test_a_resumed_run_equals_an_unbroken_one(store: PictureStore, tmp_path: Path) -> None:
    whole = trainer(store)
    expected = list(whole.run())

    broken = trainer(store)
    list(broken.run(3))
    broken.save(tmp_path / "checkpoint.safetensors", more={"best": torch.tensor([1.0, 2.0])}, note="half way")
    resumed = trainer(store)
    torch.manual_seed(99)
    state, more = resumed.load(tmp_path / "checkpoint.safetensors")
    assert state == {"note": "half way"}
    assert more["best"].tolist() == [1.0, 2.0]
    assert resumed.step == 3
    rest = list(resumed.run())
    assert [r.step for r in rest] == [4, 5, 6]
    assert [(r.box, r.objectness, r.classes) for r in rest] == [(r.box, r.objectness, r.classes) for r in expected[3:]]
    for name, value in whole.network.state_dict().items():
        assert torch.equal(value, resumed.network.state_dict()[name]), name
    for name, value in whole.mean_weights().items():
        np.testing.assert_array_equal(value, resumed.mean_weights()[name])


def test_two_workers_learn_as_one_does_from_both_parts(store: PictureStore) -> None:
    """Batch norm sees half the pictures, so that the way differs; the parameters stay one, and it learns."""
    torch.manual_seed(1)
    batches = Batches(store, np.full(4, 0.25), batch=8, seed=1, augment=STILL)
    run = Trainer(Network(plan()), batches, Recipe((Stage(64, 30),), lr=0.01), workers=2)
    reports = list(run.run())
    assert reports[-1].classes < reports[0].classes * 0.8
    first, second = run._shards.networks
    for (name, ours), (_, theirs) in zip(first.named_parameters(), second.named_parameters(), strict=True):
        assert ours is theirs, name
    for (name, ours), (_, theirs) in zip(first.named_buffers(), second.named_buffers(), strict=True):
        assert torch.equal(ours, theirs), name


@pytest.mark.parametrize("workers", [1, 2])
def test_every_weight_moves_against_its_own_gradient(store: PictureStore, workers: int) -> None:
    """The first step of Adam goes by the gradient's sign alone, so that a mix-up in memory would show."""
    torch.manual_seed(1)
    batches = Batches(store, np.full(4, 0.25), batch=8, seed=1)
    recipe = Recipe((Stage(64, 1),), lr=0.01, warm_up=0, weight_decay=0.0)
    run = Trainer(Network(plan()), batches, recipe, workers=workers)
    before = {name: value.detach().clone() for name, value in run.network.named_parameters()}
    list(run.run())
    for name, value in run.network.named_parameters():
        assert value.grad is not None
        clear = value.grad.abs() > 1e-6
        moved = (value.detach() - before[name])[clear]
        assert torch.equal(moved.sign(), -value.grad[clear].sign()), name


def test_a_batch_splits_with_its_boxes(store: PictureStore) -> None:
    batch = Batches(store, np.full(4, 0.25), batch=5, seed=3).at(0, Stage(64, 1))
    parts = split(batch, 2)
    assert [len(part.pixels) for part in parts] == [3, 2]
    np.testing.assert_array_equal(np.concatenate([part.boxes for part in parts]), batch.boxes)
    moved = np.concatenate([parts[0].boxes_of, parts[1].boxes_of + 3])
    np.testing.assert_array_equal(moved, batch.boxes_of)


def test_a_foreign_or_broken_checkpoint_is_refused(store: PictureStore, tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.safetensors"
    path.write_bytes(b"\x80\x02pickle")
    with pytest.raises(ModelError, match="cannot be read"):
        trainer(store).load(path)
    batches = Batches(store, np.full(4, 0.25), batch=2, seed=1)
    other = Trainer(Network(plan(5)), batches, Recipe((Stage(64, 2),)))
    other.save(path)
    with pytest.raises(ModelError, match="another network"):
        trainer(store).load(path)


def test_steps_that_are_not_numbers_teach_nothing_and_end_the_run(
    store: PictureStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = trainer(store, 40)
    reports = list(run.run(2))
    before = {name: value.clone() for name, value in run.network.named_parameters()}
    with torch.no_grad():
        run.network.layers[0].bn.running_mean.zero_()
    real = run.network.forward
    monkeypatch.setattr(run.network, "forward", lambda images: [head * torch.nan for head in real(images)])
    with pytest.raises(ModelError, match="not a number for 20 steps"):
        reports += list(run.run())
    for name, value in run.network.named_parameters():
        assert torch.equal(value, before[name]), name
    assert run.step == 21


def test_the_learning_rate_rises_for_a_tenth_at_most_and_falls_to_its_share() -> None:
    recipe = Recipe((Stage(64, 60), Stage(96, 40)), lr=0.01, final_lr=0.1, warm_up=1000)
    rates = [recipe.rate(step) for step in range(100)]
    assert rates[:10] == pytest.approx([0.001 * (step + 1) for step in range(10)])
    assert max(rates) == rates[10] == 0.01
    assert rates[-1] == pytest.approx(0.001, rel=0.02)
    assert rates[10:] == sorted(rates[10:], reverse=True)


def test_the_mean_forgets_by_its_decay() -> None:
    layer = torch.nn.Linear(1, 1, bias=False)
    with torch.no_grad():
        layer.weight.fill_(0.0)
    ema = Ema(layer, decay=0.5, tau=1e-9)
    with torch.no_grad():
        layer.weight.fill_(8.0)
    ema.update()
    ema.update()
    assert ema.values["weight"].item() == pytest.approx(6.0)


@pytest.mark.parametrize("assignment", list(Assignment))
@pytest.mark.parametrize("loss", list(LossForm))
def test_either_loss_learns_with_every_assignment(store: PictureStore, assignment: Assignment, loss: LossForm) -> None:
    torch.manual_seed(1)
    official = loss is LossForm.OFFICIAL
    recipe = Recipe(
        (Stage(64, 60),),
        lr=0.02 if official else 0.01,
        clip=math.inf if official else 10.0,
        assignment=assignment,
        optimizer=Optimizer.SGD if official else Optimizer.ADAMW,
        loss=loss,
        ema=0.5,
    )
    batches = Batches(store, np.full(4, 0.25), batch=8, seed=1, augment=STILL)
    reports = list(Trainer(Network(plan()), batches, recipe).run())
    assert reports[-1].classes < reports[0].classes * 0.7
    assert reports[-1].loss < reports[0].loss
    assert not any(report.skipped for report in reports)


def test_sgd_decays_convolution_weights_alone_and_biases_warm_up_from_above(store: PictureStore) -> None:
    recipe = Recipe((Stage(64, 100),), optimizer=Optimizer.SGD, lr=0.01, warm_up=1000, bias_warm_up=0.1)
    run = Trainer(Network(plan()), Batches(store, np.full(4, 0.25), batch=4, seed=1), recipe)
    list(run.run(1))
    decayed, others, biases = run._optimizer.param_groups
    assert [group["weight_decay"] for group in (decayed, others, biases)] == [0.02, 0.0, 0.0]
    assert all(parameter.ndim == 4 and parameter.shape[0] > 1 for parameter in decayed["params"])
    named = dict(run.network.named_parameters())
    implicit = [parameter for name, parameter in named.items() if name.endswith("implicit")]
    assert all(any(parameter is other for other in others["params"]) for parameter in implicit)
    assert [parameter.ndim for parameter in biases["params"]] == [1]
    assert decayed["lr"] == pytest.approx(0.001)
    assert biases["lr"] == pytest.approx(0.1 - 0.009)
    assert decayed["nesterov"]
    assert 0.8 < decayed["momentum"] < 0.83


class _SmallMemory(BoxObjective):
    """Runs out of memory beyond so many pictures at once, as a CUDA device does."""

    limit = 3

    def forward(self, network: Network, images: torch.Tensor) -> Sequence[torch.Tensor]:
        if len(images) > self.limit:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        return super().forward(network, images)


def small_memory(store: PictureStore, limit: int, workers: int = 1) -> Trainer:
    torch.manual_seed(1)
    network, recipe = Network(plan()), Recipe((Stage(64, 4),), warm_up=0, lr=1e-4)
    objective = _SmallMemory(network.plan, recipe, device=torch.device("cpu"), pictures=8)
    objective.limit = limit
    batches = Batches(store, np.full(4, 0.25), batch=8, seed=1)
    return Trainer(network, batches, recipe, objective=objective, workers=workers)


@pytest.mark.parametrize("workers", [1, 2])
def test_where_memory_runs_out_the_batch_is_learned_from_in_parts(
    store: PictureStore, tmp_path: Path, workers: int
) -> None:
    run = small_memory(store, 3, workers)
    reports = list(run.run(2))
    expected = ["Memory ran out with 4 pictures at once; from here on 2 at once."]
    if workers == 1:
        expected.insert(0, "Memory ran out with 8 pictures at once; from here on 4 at once.")
    assert [notice for report in reports for notice in report.notices] == expected
    assert not any(report.skipped for report in reports)
    run.save(tmp_path / "checkpoint.safetensors")
    again = small_memory(store, 3, workers)
    again.load(tmp_path / "checkpoint.safetensors")
    rest, whole = list(again.run()), list(run.run())
    assert [report.loss for report in rest] == [report.loss for report in whole]
    assert not any(report.notices for report in rest), "the smaller parts are remembered"


def test_parts_have_the_gradient_of_the_whole(store: PictureStore) -> None:
    """Without batch statistics, which differ, and with as many positives in every part."""
    moved = []
    for limit in (8, 4):
        run = small_memory(store, limit)
        for module in run.network.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.requires_grad_(False)
        run._named = {name: p for name, p in run.network.named_parameters() if p.requires_grad}
        run.recipe = replace(run.recipe, assignment=Assignment.RATIO)
        run._precision = None
        batch = Batches(store, np.full(4, 0.25), batch=8, seed=1, augment=STILL).at(0, Stage(64, 1, 0))
        run._set_modes()
        run._parts(batch)
        moved.append(torch.cat([p.grad.flatten() for p in run._named.values() if p.grad is not None]))
    assert torch.nn.functional.cosine_similarity(moved[0], moved[1], 0) > 0.95
    assert moved[0].norm().item() == pytest.approx(moved[1].norm().item(), rel=0.2)


def test_memory_that_does_not_hold_one_picture_ends_the_run(store: PictureStore) -> None:
    with pytest.raises(ModelError, match="does not hold one picture of this size"):
        list(small_memory(store, 0).run())


def test_other_errors_are_not_taken_for_a_lack_of_memory(store: PictureStore, monkeypatch: pytest.MonkeyPatch) -> None:
    run = small_memory(store, 8)

    def fail(*_: object) -> None:
        raise RuntimeError("shapes do not fit")

    monkeypatch.setattr(run._objective, "forward", fail)
    with pytest.raises(RuntimeError, match="shapes do not fit"):
        list(run.run())


def test_float16_scales_its_gradients_and_resumes_exactly(
    store: PictureStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("yolor_studio.train.trainer.choose_precision", lambda _: torch.float16)
    whole = trainer(store, 12, lr=0.005)
    expected = list(whole.run())
    assert not expected[-1].skipped
    assert sum(report.skipped for report in expected) < 6, "at first the scale is too large, and is halved"
    broken = trainer(store, 12, lr=0.005)
    list(broken.run(5))
    broken.save(tmp_path / "checkpoint.safetensors")
    resumed = trainer(store, 12, lr=0.005)
    resumed.load(tmp_path / "checkpoint.safetensors")
    assert [report.loss for report in resumed.run()] == [report.loss for report in expected[5:]]
    for name, value in whole.network.state_dict().items():
        assert torch.equal(value, resumed.network.state_dict()[name]), name


def test_reduced_precision_that_gives_no_numbers_is_given_up_and_told(
    store: PictureStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("yolor_studio.train.trainer.choose_precision", lambda _: torch.bfloat16)
    run = trainer(store, 12)
    real = run.network.forward
    monkeypatch.setattr(
        run.network,
        "forward",
        lambda images: [head * (torch.nan if torch.is_autocast_enabled("cpu") else 1) for head in real(images)],
    )
    reports = list(run.run())
    assert [report.skipped for report in reports] == [True] * 3 + [False] * 9
    assert [notice for report in reports for notice in report.notices] == [
        "The loss was not a number three times in a row; from here on it is computed in float32."
    ]


@pytest.mark.parametrize(
    ("compiler", "words"),
    [("works", ""), ("fails", "somewhat slower: no C compiler here."), ("lies", "gave other values")],
)
def test_a_compiled_network_is_used_where_it_gives_the_same(
    store: PictureStore, monkeypatch: pytest.MonkeyPatch, compiler: str, words: str
) -> None:
    def fail() -> None:
        raise RuntimeError("no C compiler here\nand much more of it")

    run = trainer(store)
    network = run.network
    real = type(network)._call_impl
    stands_in = {
        "works": lambda: setattr(network, "_compiled_call_impl", lambda *inputs: real(network, *inputs)),
        "lies": lambda: setattr(network, "_compiled_call_impl", lambda x: [h * 2 for h in real(network, x)]),
        "fails": fail,
    }
    monkeypatch.setattr(network, "compile", stands_in[compiler])
    before = {name: value.clone() for name, value in network.state_dict().items()}
    notice = compile_if_it_works(network, size=64, pictures=2, precision=None)
    assert words in notice
    assert (network._compiled_call_impl is not None) == (compiler == "works")
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert all(parameter.grad is None for parameter in network.parameters())


def test_the_trainer_tells_that_it_could_not_compile(store: PictureStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("yolor_studio.train.trainer.compile_if_it_works", lambda *_, **__: "It could not be compiled.")
    run = Trainer(
        Network(plan()), Batches(store, np.full(4, 0.25), batch=4, seed=1), Recipe((Stage(64, 2),)), compiled=True
    )
    assert [report.notices for report in run.run()] == [("It could not be compiled.",), ()]


def test_darknets_boxes_cannot_be_trained_and_that_is_told() -> None:
    text = conv(16) + conv(18, size=1, activation="linear")
    yolo = "[yolo]\nmask=0,1,2\nanchors=16,16, 24,24, 40,40\nclasses=1\n"
    darknet = build_plan(parse_cfg("[net]\nwidth=64\nheight=64\n" + text + yolo))
    with pytest.raises(ModelError, match="Darknet's way"):
        check_trainable(darknet)


@pytest.mark.parametrize("kept", ["backbone", "neck", "implicit"])
def test_frozen_layers_stay_as_they_are(store: PictureStore, kept: str) -> None:
    torch.manual_seed(1)
    network = Network(plan())
    if kept == "implicit":
        only_implicit(network, new_classes=False)
    else:
        freeze(network, Freeze(kept))
    before = network.export_weights()
    run = Trainer(network, Batches(store, np.full(4, 0.25), batch=4, seed=1), Recipe((Stage(64, 2),)))
    list(run.run())
    after = network.export_weights()
    changed = {name for name in before if not np.array_equal(before[name], after[name])}
    assert {name for name in before if name.endswith("implicit")} <= changed
    if kept == "implicit":
        assert all(name.endswith("implicit") for name in changed)
    else:
        assert not any(name.startswith("layers.0.") for name in changed)
        assert any(name.endswith("conv.bias") for name in changed)


def test_new_classes_keep_what_same_named_ones_have_learned() -> None:
    torch.manual_seed(2)
    old, new = Network(plan(3)), Network(plan(2))
    fresh = new.export_weights()
    weights = old.export_weights()
    kept = transplant(new, weights, old=["cat", "dog", "cow"], new=["zebra", " Dog"])
    assert kept == (" Dog",)
    moved = new.export_weights()
    np.testing.assert_array_equal(moved["layers.0.conv.weight"], weights["layers.0.conv.weight"])
    predicting = [name for name in moved if moved[name].shape != weights[name].shape]
    assert len(predicting) == 3, "weight, bias and ImplicitM of the head"
    for name in predicting:
        axis = 1 if name.endswith("implicit") else 0
        was, now, first = (
            np.moveaxis(arrays[name], axis, 0).reshape(3, -1, *np.moveaxis(arrays[name], axis, 0).shape[1:])
            for arrays in (weights, moved, fresh)
        )
        np.testing.assert_array_equal(now[:, :5], was[:, :5])
        np.testing.assert_array_equal(now[:, 6], was[:, 6], err_msg="dog")
        np.testing.assert_array_equal(now[:, 5], first[:, 5], err_msg="zebra")
