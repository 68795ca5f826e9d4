"""What suits how many pictures: the one table of it, and the two recipes that are made of a row."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from yolor_studio.train.batches import Stage
from yolor_studio.train.recipe import Assignment, LossForm, Optimizer, Recipe

CHECKS = 20
"""How often a run is measured on the pictures kept apart, at most."""
PATIENT_UNTIL = 0.3
"""The share of a run in which no measurement wears out patience: the learning rate is still high, and AP wavers."""
HOLD_OUT_FROM = 30
"""Fewer pictures than these are all learned from: what a handful kept apart would tell is mostly chance."""
HOLD_OUT_MOST = 500
LEAST_STEPS = 300
"""However few the pictures: the optimizer needs some steps to get anywhere."""
SMALL = 3_000_000
AT_ONCE = 16
"""Pictures that are learned from at once; the gradients of larger batches are gathered."""
KNOWN = 0.125
"""The share of the learning rate that is left where the model knows all classes, see `gentleness`: at the whole rate it
forgets what it can do. Measured for the first of PRESETS and the modern recipe alone (docs/measurements.md)."""
WHOLE_FROM = 0.5
"""The share of boxes of new classes from which on the whole learning rate is taken: where 53 % were new, half of it
took 0.13 of AP50 from the new classes and left 0.03 more to the known ones."""
RECIPES = ("modern", "official")
ASSIGNMENTS = tuple(one.value for one in Assignment)


@dataclass(frozen=True, slots=True)
class Preset:
    """What suits a number of pictures."""

    pictures: int
    """About so many."""
    epochs: int
    """How often each is drawn. Numbers of pictures between two rows get epochs between theirs."""
    lr: float
    """Of the modern recipe where every class is new, for a network of up to SMALL parameters; wider ones get less, see
    `recipe_of`. Only the first row's was measured: 20 pictures of blood cells gave AP50 0.69 at .001, 0.80 at .002 and
    0.84 at .004."""
    official_lr: float
    """Of the official one; not measured."""
    batch: int
    mosaic: float
    """The probability of four pictures in one."""
    calm: float
    """The last share of the run, without mosaic and with less variation."""
    warm_up: int
    """Steps, and at most a tenth of the run."""
    ema: float
    """The share of the run that the mean of the weights remembers."""
    freeze: str
    """What stays as it is where nothing else is asked for. Nothing, for a handful of pictures too: 20 pictures of blood
    cells at 192 px gave AP50 0.69, and 0.60 with the backbone frozen, which saved a third of the time."""
    hold_out: float
    """The share of the pictures that is kept apart to measure by, where the data has no val split."""
    patience: int
    """So many measurements of CHECKS without a better one end the run."""
    why: str


PRESETS = (
    Preset(
        pictures=50,
        epochs=160,
        lr=0.004,
        official_lr=0.005,
        batch=16,
        mosaic=0.5,
        calm=0.2,
        warm_up=50,
        ema=0.05,
        freeze="none",
        hold_out=0.2,
        patience=8,
        why="Each picture must serve many times; half of them are shown whole, as the model will meet them, because "
        "quarters of so few pictures soon repeat.",
    ),
    Preset(
        pictures=500,
        epochs=40,
        lr=0.003,
        official_lr=0.005,
        batch=16,
        mosaic=0.8,
        calm=0.2,
        warm_up=100,
        ema=0.05,
        freeze="none",
        hold_out=0.15,
        patience=7,
        why="Some 1,250 steps: enough to settle, and little more is gained by going on.",
    ),
    Preset(
        pictures=5_000,
        epochs=15,
        lr=0.003,
        official_lr=0.01,
        batch=32,
        mosaic=1.0,
        calm=0.15,
        warm_up=200,
        ema=0.02,
        freeze="none",
        hold_out=0.1,
        patience=6,
        why="Variety comes from the pictures; a larger batch bears a higher rate.",
    ),
)


def preset_for(pictures: int, *, epochs: int | None = None) -> Preset:
    """The row nearest to so many pictures (10 are as far from 100 as 1,000), with its epochs fitted to them, or with
    those that were asked for."""
    nearest = min(PRESETS, key=lambda row: abs(math.log(row.pictures / pictures)))
    if epochs is None:
        epochs = max(round(_epochs_for(pictures)), math.ceil(LEAST_STEPS * nearest.batch / pictures))
    return replace(nearest, epochs=epochs)


def hold_out_share(pictures: int) -> float:
    """The share of so many pictures to keep apart where the data has no val split and nothing else is asked for."""
    if pictures < HOLD_OUT_FROM:
        return 0.0
    return min(preset_for(pictures).hold_out, HOLD_OUT_MOST / pictures)


def gentleness(new: float) -> float:
    """The share of a preset's learning rate at which a model should learn on when the share `new` of the boxes is of
    classes that it does not know: KNOWN where it knows all, 1 from WHOLE_FROM on, in proportion between."""
    return KNOWN + (1 - KNOWN) * min(new / WHOLE_FROM, 1.0)


def _epochs_for(pictures: int) -> float:
    """Between two rows in proportion to the logarithms."""
    places = [math.log(row.pictures) for row in PRESETS]
    values = [math.log(row.epochs) for row in PRESETS]
    at = min(max(math.log(pictures), places[0]), places[-1])
    after = next(number for number in range(1, len(places)) if at <= places[number])
    share = (at - places[after - 1]) / (places[after] - places[after - 1])
    return math.exp(values[after - 1] + share * (values[after] - values[after - 1]))


def recipe_of(
    preset: Preset,
    *,
    pictures: int,
    size: int,
    parameters: int = 0,
    new: float = 1.0,
    kind: str = "modern",
    assignment: Assignment | None = None,
) -> Recipe:
    """The recipe (of RECIPES) for training on so many pictures at `size` pixels a side.

    `parameters` of the network: the wider it is, the smaller are the steps that Adam can take, in inverse proportion to
    the width, which grows as the root of the parameters. `new`: the share of the boxes whose class the network does not
    know yet, see `gentleness`.
    """
    gentle = gentleness(new)
    steps = max(round(preset.epochs * pictures / preset.batch), 1)
    calm = math.ceil(steps * preset.calm)
    stages = (Stage(size, steps - calm, preset.mosaic), Stage(size, calm, 0.0))
    if kind == "official":
        return Recipe(
            (Stage(size, steps - calm), stages[1]),
            lr=preset.official_lr * gentle,
            final_lr=0.2,
            warm_up=1000,
            bias_warm_up=0.1 * gentle,
            weight_decay=0.0005 * preset.batch / 64,
            clip=math.inf,
            ema=0.9999,
            ema_tau=min(2000.0, max(steps / 5, 1.0)),
            assignment=assignment or Assignment.RATIO,
            optimizer=Optimizer.SGD,
            loss=LossForm.OFFICIAL,
        )
    return Recipe(
        stages,
        lr=preset.lr * gentle * math.sqrt(SMALL / max(parameters, SMALL)),
        warm_up=preset.warm_up,
        ema=max(1 - 1 / max(preset.ema * steps, 1.0), 0.5),
        ema_tau=max(preset.ema * steps / 5, 1.0),
        assignment=assignment or Assignment.SIMOTA,
    )
