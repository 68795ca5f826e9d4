"""The presets suit every number of pictures, and the recipes made of them are what they are called."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yolor_studio.train.presets import (
    CHECKS,
    HOLD_OUT_FROM,
    HOLD_OUT_MOST,
    KNOWN,
    LEAST_STEPS,
    PRESETS,
    RECIPES,
    WHOLE_FROM,
    Preset,
    gentleness,
    hold_out_share,
    preset_for,
    recipe_of,
)
from yolor_studio.train.recipe import Assignment, LossForm, Optimizer


@pytest.mark.parametrize(("pictures", "row"), [(1, 0), (50, 0), (150, 0), (170, 1), (500, 1), (1_500, 1), (1_700, 2)])
def test_the_nearest_row_is_chosen(pictures: int, row: int) -> None:
    assert preset_for(pictures).pictures == PRESETS[row].pictures


@pytest.mark.parametrize("row", PRESETS)
def test_a_row_s_own_number_of_pictures_has_its_epochs(row: Preset) -> None:
    assert row in (preset_for(preset.pictures) for preset in PRESETS)


@given(st.integers(1, 10**6))
def test_more_pictures_never_mean_more_epochs_nor_less_work(pictures: int) -> None:
    fewer, more = preset_for(pictures), preset_for(pictures + 1)
    assert more.epochs <= fewer.epochs
    assert recipe_of(fewer, pictures=pictures, size=320).steps >= min(LEAST_STEPS, fewer.epochs * pictures)


def test_what_is_kept_apart_is_neither_a_handful_nor_thousands() -> None:
    assert hold_out_share(HOLD_OUT_FROM - 1) == 0
    assert hold_out_share(HOLD_OUT_FROM) * HOLD_OUT_FROM >= 5
    assert hold_out_share(100_000) * 100_000 == pytest.approx(HOLD_OUT_MOST)


def test_epochs_that_were_asked_for_are_kept() -> None:
    preset = preset_for(32, epochs=3)
    recipe = recipe_of(preset, pictures=32, size=320)
    assert recipe.steps == 6
    assert [stage.mosaic for stage in recipe.stages] == [preset.mosaic, 0.0]


def test_one_picture_once_is_a_run_too() -> None:
    assert recipe_of(preset_for(1, epochs=1), pictures=1, size=64).steps == 1


def test_the_official_recipe_is_yolors() -> None:
    recipe = recipe_of(preset_for(5_000), pictures=5_000, size=640, kind="official")
    assert recipe.optimizer is Optimizer.SGD
    assert recipe.loss is LossForm.OFFICIAL
    assert recipe.assignment is Assignment.RATIO
    assert recipe.weight_decay == pytest.approx(0.0005 * preset_for(5_000).batch / 64)
    assert recipe.clip == math.inf
    warm_up = recipe.steps // 10
    assert recipe.rate(warm_up - 1) == pytest.approx(0.01)
    assert recipe.rate(0) < 0.0001 < 0.099 < recipe.rate(0, bias=True)
    assert recipe.rate(warm_up - 1, bias=True) == pytest.approx(0.01)
    assert recipe.rate(recipe.steps - 1) == pytest.approx(0.002, rel=0.01)
    assert recipe.momentum_at(0) == pytest.approx(0.8, abs=0.01)
    assert recipe.momentum_at(warm_up - 1) == recipe.momentum_at(recipe.steps) == pytest.approx(0.937)


def test_wider_networks_learn_in_smaller_steps() -> None:
    preset = preset_for(50)
    rates = [recipe_of(preset, pictures=50, size=64, parameters=n).lr for n in (0, 2_240_226, 12_000_000, 48_000_000)]
    assert rates == pytest.approx([preset.lr, preset.lr, preset.lr / 2, preset.lr / 4])


@settings(deadline=None)
@given(st.floats(0, 1), st.floats(0, 1))
def test_the_more_boxes_are_of_new_classes_the_faster_it_learns(one: float, other: float) -> None:
    less, more = sorted((one, other))
    assert KNOWN <= gentleness(less) <= gentleness(more) <= 1
    assert (gentleness(0), gentleness(WHOLE_FROM)) == (KNOWN, 1)


@settings(deadline=None)
@given(st.integers(1, 20_000), st.floats(0, 1), st.sampled_from(RECIPES))
def test_no_rate_is_above_that_of_new_classes(pictures: int, new: float, kind: str) -> None:
    preset = preset_for(pictures, epochs=10)
    gentle, whole = (recipe_of(preset, pictures=pictures, size=64, new=share, kind=kind) for share in (new, 1.0))
    for step in {0, whole.steps // 20, whole.steps // 2, whole.steps - 1}:
        for bias in (False, True):
            assert 0 < gentle.rate(step, bias=bias) <= whole.rate(step, bias=bias)


@pytest.mark.parametrize("row", PRESETS)
def test_both_recipes_are_as_gentle_with_known_classes(row: Preset) -> None:
    rates = {
        kind: [
            recipe_of(row, pictures=row.pictures, size=64, new=new, kind=kind).lr for new in (0.0, WHOLE_FROM / 2, 1.0)
        ]
        for kind in RECIPES
    }
    assert rates["modern"] == pytest.approx([row.lr * KNOWN, row.lr * (1 + KNOWN) / 2, row.lr])
    assert rates["official"] == pytest.approx(
        [row.official_lr * KNOWN, row.official_lr * (1 + KNOWN) / 2, row.official_lr]
    )


def test_an_assignment_that_was_asked_for_is_taken() -> None:
    recipe = recipe_of(preset_for(50), pictures=50, size=64, assignment=Assignment.TASK_ALIGNED)
    assert recipe.assignment is Assignment.TASK_ALIGNED
    assert recipe_of(preset_for(50), pictures=50, size=64).assignment is Assignment.SIMOTA


def test_the_guide_shows_the_table_as_it_is() -> None:
    text = (Path(__file__).parents[2] / "docs" / "guide.md").read_text("utf-8")
    section = text.split("## Training\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")][1:]
    shown = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert shown == [
        [
            f"{row.pictures:,}",
            str(row.epochs),
            str(row.batch),
            f"{row.lr:g} ({row.official_lr:g})",
            *(f"{share:.0%}" for share in (row.mosaic, row.calm)),
            str(row.warm_up),
            f"{row.ema:.0%}",
            row.freeze,
            f"{row.hold_out:.0%}",
            str(row.patience),
            row.why,
        ]
        for row in PRESETS
    ]
    for figure in (LEAST_STEPS, HOLD_OUT_FROM, CHECKS):
        assert re.search(rf"\b{figure}\b", section)
