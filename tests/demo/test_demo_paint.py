"""The pen, and the actors that it draws."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from yolor_studio.demo import animals, cycles, furniture, people, small, vehicles
from yolor_studio.demo.actor import Actor, beside
from yolor_studio.demo.paint import Pen, knee, path, rounded, smooth
from yolor_studio.demo.people import stride
from yolor_studio.demo.sprite import Painter

MAKERS: dict[str, Callable[[np.random.Generator], list[Actor]]] = {
    "car": lambda rng: [vehicles.car(rng)],
    "bus": lambda rng: [vehicles.bus(rng)],
    "bicycle": cycles.cyclist,
    "motorbike": cycles.motorcyclist,
    "person": lambda rng: [people.pedestrian(rng)],
    "standing person": lambda rng: [people.pedestrian(rng, standing=True)],
    "dog": lambda rng: [animals.dog(rng)],
    "cat": lambda rng: [animals.cat(rng)],
    "horse": lambda rng: [animals.horse(rng)],
    "rider": animals.rider,
    "cow": lambda rng: [animals.cow(rng)],
    "sheep": lambda rng: [animals.sheep(rng)],
    "pigeon": lambda rng: [small.pigeon(rng)],
    "gull": lambda rng: [small.gull(rng)],
    "plant": lambda rng: [small.potted_plant(rng)],
    "beside": lambda rng: [beside(animals.dog(rng), 1.0), beside(vehicles.car(rng), -1.0)],
    "lamp": furniture.lamp_post,
    "tree": furniture.street_tree,
    "bollard": furniture.bollard,
    "bench": furniture.bench,
    "bin": furniture.bin_,
    "sign": furniture.sign_post,
    "hedge": furniture.hedge,
}


@pytest.mark.parametrize("name", MAKERS)
def test_no_actor_paints_past_its_stated_extent(name: str) -> None:
    """Otherwise its picture would be cut off, and its box with it."""
    painter = Painter(1600, 1000, tint=(1.0, 1.0, 1.0), keep=False)
    for seed in range(6):
        for actor in MAKERS[name](np.random.default_rng(seed)):
            for travelled in (0.0, 0.23, 0.61, 1.4):
                sprite = painter.paint(
                    actor, 60.0, 800.3, 900.6, flip=bool(seed % 2), travelled=travelled, time=travelled
                )
                assert sprite is not None
                alpha = sprite.pixels[..., 3]
                edges = np.concatenate([alpha[0], alpha[-1], alpha[:, 0], alpha[:, -1]])
                assert not edges.any(), (seed, travelled)
                assert sprite.mask().any()


def test_colours_are_premultiplied() -> None:
    painter = Painter(400, 300, tint=(1.0, 1.0, 1.0), keep=False)
    sprite = painter.paint(vehicles.car(np.random.default_rng(1)), 60, 200, 200, flip=False, travelled=0, time=0)
    assert sprite is not None
    assert (sprite.pixels[..., :3].max(-1) <= sprite.pixels[..., 3].astype(int) + 2).all()


def test_a_kept_body_lands_within_half_a_pixel_of_a_fresh_one() -> None:
    car = vehicles.car(np.random.default_rng(3))
    kept, fresh = (Painter(400, 300, tint=(1.0, 1.0, 1.0), keep=keep) for keep in (True, False))
    for x in (200.0, 203.37, 380.0, 5.5):
        sprites = [painter.paint(car, 40.0, x, 200.4, flip=True, travelled=0, time=0) for painter in (kept, fresh)]
        masks = [np.zeros((300, 400), bool) for _ in sprites]
        for sprite, mask in zip(sprites, masks, strict=True):
            assert sprite is not None
            mask[sprite.place] = sprite.mask()
        assert (masks[0] ^ masks[1]).sum() < 0.06 * masks[1].sum() + 12


def test_nothing_is_painted_outside_the_picture() -> None:
    painter = Painter(100, 80, tint=(1.0, 1.0, 1.0), keep=True)
    car = vehicles.car(np.random.default_rng(3))
    assert painter.paint(car, 10, -200, 40, flip=False, travelled=0, time=0) is None
    for x in np.linspace(-30, 130, 17):
        sprite = painter.paint(car, 10, float(x), 82.0, flip=False, travelled=0, time=0)
        assert sprite is None or (sprite.x >= 0 and sprite.y >= 0 and sprite.place[0].stop <= 80)


def test_a_pen_draws_in_metres_with_y_up_and_can_be_turned_round() -> None:
    for flip, columns in ((False, slice(52, 58)), (True, slice(42, 48))):
        image = np.zeros((100, 100, 4), np.uint8)
        Pen(image, 10.0, 50.0, 50.0, flip=flip).box(0.2, 0.0, 0.8, 1.0, (255, 0, 0))
        assert (image[41:49, columns, 0] == 255).all()
        assert (image[41:49, columns, 3] == 255).all()
        assert not image[55:].any()


def test_shading_does_not_touch_what_is_transparent() -> None:
    image = np.zeros((40, 40, 4), np.uint8)
    pen = Pen(image, 1.0, 0.0, 0.0)
    pen.box(10, -10, 20, -20, (200, 200, 200))
    before = image.copy()
    square = [(0.0, 0.0), (40.0, 0.0), (40.0, -40.0), (0.0, -40.0)]
    pen.shade(square, (0, 0, 0), 0.5)
    pen.gradient(square, (255, 255, 255), (0, 0, 0), opacity=0.3)
    np.testing.assert_array_equal(image[..., 3], before[..., 3])
    assert not image[before[..., 3] == 0].any()
    assert (image[12:18, 12:18, 0] < 200).all()


def test_outlines() -> None:
    assert path("0,1 2.5,-3") == ((0.0, 1.0), (2.5, -3.0))
    square = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)]
    np.testing.assert_allclose(smooth(square, steps=4)[::4], square)
    soft = rounded(square, 0.25)
    assert soft.min() >= 0
    assert soft.max() <= 1
    np.testing.assert_allclose(soft.mean(0), (0.5, 0.5))


def test_a_knee_is_at_both_lengths_from_its_ends() -> None:
    joint = knee((0.0, 1.0), (0.3, 0.2), 0.5, 0.45, bend=1)
    assert np.hypot(*np.subtract(joint, (0.0, 1.0))) == pytest.approx(0.5)
    assert np.hypot(*np.subtract(joint, (0.3, 0.2))) == pytest.approx(0.45)
    assert joint[0] > 0.15


def test_a_foot_on_the_ground_stands_still() -> None:
    """The body moves on by `length` a cycle, so a planted foot must go back by as much against it."""
    length = 1.4
    places = [phase * length + stride(phase, length, lift=0.1)[0] for phase in np.linspace(0.02, 0.55, 9)]
    np.testing.assert_allclose(places, places[0], atol=1e-9)
