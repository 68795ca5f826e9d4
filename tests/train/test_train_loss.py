"""The loss against numbers worked out by hand, and the assignment on toy cases."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs torch: pip install 'yolor-studio[train]'")
pytestmark = pytest.mark.torch

from yolor_studio.train.assign import Assignment, Grid, assign, candidates  # noqa: E402
from yolor_studio.train.batches import Batch  # noqa: E402
from yolor_studio.train.loss import Targets, ciou, detection_loss, doubtful, flatten_heads, iou  # noqa: E402
from yolor_studio.train.recipe import LossForm  # noqa: E402

ANCHORS = torch.tensor([[[8.0, 8.0], [16.0, 16.0]], [[32.0, 32.0], [64.0, 64.0]]])


def grid(size: int = 64) -> Grid:
    return Grid.of(ANCHORS, (8, 16), [(size // 8, size // 8), (size // 16, size // 16)])


def targets(
    boxes: list[list[float]],
    classes: list[int],
    *,
    of: list[int] | None = None,
    places: list[list[float]] | None = None,
    unknown: list[list[bool]] | None = None,
) -> Targets:
    places, unknown = places or [], unknown or []
    batch = Batch(
        np.zeros((1, 64, 64, 3), np.uint8),
        np.array(boxes, np.float32).reshape(-1, 4),
        np.array(classes, np.int64),
        np.array(of or [0] * len(boxes), np.int64),
        np.array(places, np.float32).reshape(-1, 4),
        np.array(unknown, np.bool_).reshape(len(places), len(unknown[0]) if unknown else 2),
        np.zeros(len(places), np.int64),
    )
    return Targets.of(batch, torch.device("cpu"))


def test_iou_and_ciou_by_hand() -> None:
    a = torch.tensor([[0.0, 0.0, 10.0, 10.0], [0.0, 0.0, 10.0, 10.0], [0.0, 0.0, 20.0, 10.0]])
    b = torch.tensor([[0.0, 0.0, 10.0, 10.0], [5.0, 0.0, 15.0, 10.0], [0.0, 0.0, 10.0, 20.0]])
    np.testing.assert_allclose(iou(a, b), [1, 1 / 3, 1 / 3], atol=1e-6)
    # The second: centres 5 apart, hull 15 x 10. The third: centres (10, 5) and (5, 10), hull 20 x 20.
    aspect = 4 / math.pi**2 * (math.atan(2) - math.atan(0.5)) ** 2
    third = 1 / 3 - 50 / 800 - aspect * aspect / (aspect + 1 - 1 / 3)
    np.testing.assert_allclose(ciou(a, b), [1, 1 / 3 - 25 / 325, third], atol=1e-5)


def test_decoding_by_hand() -> None:
    cells = grid()
    raw = torch.zeros(1, 4)
    row = torch.tensor([64 + 8 * 2 + 3])  # level 0, second anchor, y 2, x 3
    np.testing.assert_allclose(cells.decode(raw, row), [[28 - 8, 20 - 8, 28 + 8, 20 + 8]])
    raw[0, 2] = 100.0
    assert cells.decode(raw, row)[0, 2] - cells.decode(raw, row)[0, 0] == pytest.approx(4 * 16)


def test_candidates_are_the_cells_and_anchors_that_can_reach_the_box() -> None:
    cells = grid()
    found = candidates(torch.tensor([[21.0, 21.0, 29.0, 27.0]]), cells)  # centre (25, 24), 8 x 6
    rows = found.rows[0][found.valid[0]].tolist()
    reach = [(cells.cell[row].tolist(), cells.anchor[row, 0].item()) for row in rows]
    assert all(anchor in (8.0, 16.0) for _, anchor in reach), "32 is more than four times 6"
    fine = {tuple(cell) for cell, anchor in reach if anchor == 8}
    assert fine == {(2, 2), (3, 2), (2, 3), (3, 3)}
    official = found.rows[0][found.official[0] & (found.rows[0] < 64)].tolist()
    assert {tuple(cells.cell[row].tolist()) for row in official} == {(3, 3), (2, 3), (3, 2)}, "not the diagonal one"


def test_every_box_has_a_candidate_however_odd_it_is() -> None:
    odd = torch.tensor([[0.0, 0.0, 64.0, 1.0], [63.0, 63.0, 64.0, 64.0], [0.0, 0.0, 64.0, 64.0]])
    assert candidates(odd, grid()).valid.any(1).all()


def test_the_ratio_way_gives_a_contested_prediction_to_the_better_fitting_box() -> None:
    boxes = torch.tensor([[20.0, 20.0, 28.0, 28.0], [18.0, 18.0, 30.0, 30.0]])
    cells = grid()
    found = candidates(boxes, cells)
    none = torch.zeros(2, found.rows.shape[1], 7)
    chosen = assign(
        Assignment.RATIO,
        found,
        classes=torch.tensor([0, 1]),
        raw=none,
        ious=torch.zeros(2, found.rows.shape[1]),
        of=torch.zeros(2, dtype=torch.long),
    )
    learned = found.rows[chosen]
    assert len(learned) == len(learned.unique())
    owner = chosen.nonzero()[:, 0]
    assert set(owner[cells.anchor[learned][:, 0] == 8].tolist()) == {0}
    apart = assign(
        Assignment.RATIO,
        found,
        classes=torch.tensor([0, 1]),
        raw=none,
        ious=torch.zeros(2, found.rows.shape[1]),
        of=torch.tensor([0, 1]),
    )
    assert apart.sum() > chosen.sum(), "boxes of different pictures do not contest"


def test_simota_takes_as_many_as_the_ious_add_up_to_and_the_cheapest() -> None:
    found = candidates(torch.tensor([[20.0, 20.0, 28.0, 28.0]]), grid())
    count = found.rows.shape[1]
    raw = torch.full((1, count, 7), -3.0)
    ious = torch.full((1, count), 0.01)
    best = found.valid[0].nonzero()[:3, 0]
    ious[0, best] = torch.tensor([0.9, 0.8, 0.7])

    def chosen() -> list[int]:
        ways = assign(Assignment.SIMOTA, found, classes=torch.tensor([1]), raw=raw, ious=ious, of=torch.tensor([0]))
        return ways[0].nonzero()[:, 0].tolist()

    assert chosen() == best[:2].tolist(), "0.9 + 0.8 + 0.7 and some hundredths: two"
    raw[0, best[2], [4, 6]] = 6.0
    assert best[2].item() in chosen(), "the right class outweighs a little IoU"
    ious[0] = 0.01
    assert len(chosen()) == 1, "at least one"


def test_the_loss_by_hand() -> None:
    """One 8 x 8 box whose candidates all say zero: four cells of the 8 px anchor fit it, ratio takes three of them."""
    cells = grid(32)
    total = len(cells.cell)
    raw = torch.zeros(1, total, 5 + 3, requires_grad=True)
    losses = detection_loss(raw, targets([[9.0, 9.0, 17.0, 17.0]], [1]), cells, assignment=Assignment.RATIO)
    found = candidates(torch.tensor([[9.0, 9.0, 17.0, 17.0]]), cells)
    rows = found.rows[found.official]
    assert losses.positives == len(rows)
    closeness = ciou(cells.decode(torch.zeros(len(rows), 4), rows), torch.tensor([[9.0, 9.0, 17.0, 17.0]]))
    assert losses.box.item() == pytest.approx((1 - closeness).mean().item(), rel=1e-5)
    assert losses.classes.item() == pytest.approx(3 * math.log(2), rel=1e-5)
    assert losses.objectness.item() == pytest.approx(total * math.log(2) / len(rows), rel=1e-5)
    expected = 5 * losses.box.item() + losses.objectness.item() + losses.classes.item()
    assert losses.total.item() == pytest.approx(expected, rel=1e-5)
    losses.total.backward()
    assert raw.grad is not None
    assert torch.isfinite(raw.grad).all()


def test_a_box_can_teach_several_classes() -> None:
    raw = torch.zeros(1, grid().cell.shape[0], 7, requires_grad=True)
    own = targets([[9.0, 9.0, 17.0, 17.0]], [1])
    loss = {}
    for name, labels in (
        ("own", own),
        ("same", replace(own, wanted=torch.tensor([[0.0, 1.0]]))),
        ("both", replace(own, wanted=torch.tensor([[0.25, 0.75]]))),
    ):
        raw.grad = None
        losses = detection_loss(raw, labels, grid(), assignment=Assignment.RATIO)
        losses.total.backward()
        loss[name] = losses.classes.item(), raw.grad[0, :, 5:].sum(0).tolist()
    assert loss["own"] == loss["same"]
    # A raw class of 0 is a probability of a half, so that each gradient is a half less what is wanted, on the mean.
    np.testing.assert_allclose(loss["own"][1], [0.5, -0.5], atol=1e-6)
    np.testing.assert_allclose(loss["both"][1], [0.25, -0.25], atol=1e-6)


def test_a_batch_without_boxes_teaches_background_alone() -> None:
    cells = grid(32)
    raw = torch.zeros(2, len(cells.cell), 8, requires_grad=True)
    losses = detection_loss(raw, targets([], []), cells, assignment=Assignment.SIMOTA)
    losses.total.backward()
    assert losses.positives == 0
    assert losses.box.item() == losses.classes.item() == 0
    assert raw.grad is not None
    assert (raw.grad[..., 4] > 0).all()


def test_what_is_not_labelled_is_not_background() -> None:
    cells = grid(64)
    raw = torch.zeros(1, len(cells.cell), 5 + 2)
    raw[..., 5] = 1.0  # everything looks like class 0
    place = [[0.0, 0.0, 32.0, 64.0]]
    left = ((cells.cell[:, 0] + 0.5) * cells.stride[:, 0] < 32)[None]
    open_class = targets([], [], places=place, unknown=[[True, False]])
    np.testing.assert_array_equal(doubtful(raw, open_class, cells), left)
    other_class = targets([], [], places=place, unknown=[[False, True]])
    assert not doubtful(raw, other_class, cells).any(), "what looks like a labelled class is wrong there"

    raw.requires_grad_()
    detection_loss(raw, open_class, cells, assignment=Assignment.SIMOTA).total.backward()
    assert raw.grad is not None
    np.testing.assert_array_equal(raw.grad[..., 4] == 0, left)


def test_heads_are_flattened_in_the_grids_order() -> None:
    heads = [torch.arange(2 * 6 * 2 * 3).view(1, 12, 2, 3), torch.zeros(1, 12, 1, 1)]
    flat = flatten_heads(heads, 2)
    assert flat.shape == (1, 2 * 6 + 2, 6)
    assert flat[0, 1 * 6 + 1 * 3 + 2, 4].item() == heads[0].view(2, 6, 2, 3)[1, 4, 1, 2].item()


@pytest.mark.parametrize("levels", [3, 4])
def test_the_official_loss_by_its_formula(levels: int) -> None:
    """Written down once more, level by level, from the published facts."""
    torch.manual_seed(5)
    strides = [8, 16, 32, 64][:levels]
    anchors = torch.tensor([[[stride * 2.0, stride * 1.5], [stride * 4.0, stride * 5.0]] for stride in strides])
    shapes = [(128 // stride, 128 // stride) for stride in strides]
    cells = Grid.of(anchors, strides, shapes)
    classes = 4
    raw = torch.randn(1, sum(cells.level_sizes), 5 + classes)
    boxes = [[10.0, 12.0, 40.0, 50.0], [60.0, 20.0, 120.0, 120.0], [5.0, 70.0, 25.0, 90.0]]
    labels = targets(boxes, [1, 3, 0])
    found = detection_loss(raw, labels, cells, assignment=Assignment.RATIO, form=LossForm.OFFICIAL)

    chosen = candidates(torch.tensor(boxes), cells)
    picked = assign(
        Assignment.RATIO,
        chosen,
        classes=labels.classes,
        raw=raw[0, chosen.rows],
        ious=torch.zeros_like(chosen.badness),
        of=labels.boxes_of,
    )
    which, rows = picked.nonzero()[:, 0], chosen.rows[picked]
    closeness = ciou(cells.decode(raw[0, rows], rows), torch.tensor(boxes)[which])
    box = kinds = objectness = torch.zeros(())
    first = 0
    for level, size in enumerate(cells.level_sizes):
        here = (rows >= first) & (rows < first + size)
        wanted = torch.zeros(size)
        wanted[rows[here] - first] = closeness[here].clamp(min=0)
        if here.any():
            box = box + (1 - closeness[here]).mean()
            truth = torch.eye(classes)[labels.classes[which[here]]]
            kinds = kinds + torch.nn.functional.binary_cross_entropy_with_logits(raw[0, rows[here], 5:], truth)
        each = torch.nn.functional.binary_cross_entropy_with_logits(raw[0, first : first + size, 4], wanted)
        objectness = objectness + [4.0, 1.0, 0.4, 0.1][level] * each
        first += size
    total = 3 / levels * (0.05 * box + (1.4 if levels == 4 else 1) * objectness + 0.5 * classes / 80 * kinds)
    assert found.total.item() == pytest.approx(total.item(), rel=1e-5)
    assert found.positives == len(rows)


def test_official_means_of_nothing_are_nothing() -> None:
    raw = torch.zeros(1, 160, 7, requires_grad=True)
    found = detection_loss(raw, targets([], []), grid(), assignment=Assignment.RATIO, form=LossForm.OFFICIAL)
    found.total.backward()
    assert found.box.item() == found.classes.item() == 0
    assert raw.grad is not None
    assert torch.isfinite(raw.grad).all()


def test_task_alignment_takes_what_is_best_at_class_and_place_together() -> None:
    cells = grid()
    boxes = torch.tensor([[20.0, 20.0, 36.0, 36.0]])
    found = candidates(boxes, cells)
    raw = torch.zeros(1, found.rows.shape[1], 7)
    ious = torch.linspace(0.1, 0.9, found.rows.shape[1])[None]
    best = assign(Assignment.TASK_ALIGNED, found, classes=torch.tensor([1]), raw=raw, ious=ious, of=torch.tensor([0]))
    assert best.sum() == min(10, int(found.valid.sum()))
    assert ious[best].min() >= ious[found.valid & ~best].max()
    raw[0, :, 6] = -20.0
    raw[0, 0, 6] = 20.0
    found = type(found)(found.rows, torch.ones_like(found.valid), found.official, found.badness)
    sure = assign(Assignment.TASK_ALIGNED, found, classes=torch.tensor([1]), raw=raw, ious=ious, of=torch.tensor([0]))
    assert sure[0, 0], "a certain class outweighs a better place"
