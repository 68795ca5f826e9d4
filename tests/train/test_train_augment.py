"""Boxes stay on their objects, and nothing is taught that is not known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from yolor_studio.train.augment import GREY, Augment, View, mosaic, single
from yolor_studio.train.batches import Batches, Stage
from yolor_studio.train.samples import Labels, PictureStore, write_store

STILL = Augment(scale=(1, 1), translate=0, flip=0, hsv=(0, 0, 0))
NO_COLOUR = Augment(hsv=(0, 0, 0))


def marked(count: int = 4, *, labelled: tuple[bool, ...] = (True,) * 4, crowd: bool = False) -> list:
    """Black pictures, each with one white rectangle and its box."""
    rng = np.random.default_rng(5)
    made = []
    for index in range(count):
        picture = np.zeros((90, 120, 3), np.uint8)
        x1, y1 = rng.integers(5, 60), rng.integers(5, 40)
        x2, y2 = x1 + rng.integers(20, 50), y1 + rng.integers(20, 45)
        picture[y1:y2, x1:x2] = 255
        labels = Labels(
            np.array([[x1, y1, x2, y2]], np.float32),
            np.array([index % 4]),
            np.array([crowd]),
            np.array(labelled),
        )
        made.append((picture, labels))
    return made


@pytest.fixture
def store(tmp_path: Path) -> PictureStore:
    return write_store(tmp_path / "store", marked(), side=160)


def check_boxes_cover_the_white(view: View) -> None:
    white = (view.pixels > 200).all(-1)
    covered = np.zeros_like(white)
    for x1, y1, x2, y2 in np.concatenate([view.boxes, view.places]):
        covered[int(np.floor(y1)) : int(np.ceil(y2)), int(np.floor(x1)) : int(np.ceil(x2))] = True
    assert not (white & ~covered).any(), "an object without its box"
    for x1, y1, x2, y2 in view.boxes.round().astype(int):
        inside = white[y1 + 2 : y2 - 2, x1 + 2 : x2 - 2]
        assert inside.size == 0 or inside.mean() > 0.95, "a box beside its object"


@pytest.mark.parametrize("seed", range(12))
def test_boxes_stay_on_objects_in_mosaics(store: PictureStore, seed: int) -> None:
    rng = np.random.default_rng(seed)
    view = mosaic(store, [0, 1, 2, 3], size=128, augment=NO_COLOUR, rng=rng)
    assert view.pixels.shape == (128, 128, 3)
    check_boxes_cover_the_white(view)


@pytest.mark.parametrize("seed", range(12))
def test_boxes_stay_on_objects_in_single_pictures(store: PictureStore, seed: int) -> None:
    check_boxes_cover_the_white(single(store, 1, size=96, augment=NO_COLOUR, rng=np.random.default_rng(seed)))


def test_without_variation_a_picture_is_letterboxed(store: PictureStore) -> None:
    view = single(store, 0, size=120, augment=STILL, rng=np.random.default_rng(0))
    assert (view.pixels[:15] == GREY).all()
    assert (view.pixels[105:] == GREY).all()
    np.testing.assert_allclose(view.boxes, store.labels(0).boxes + np.array([0, 15, 0, 15]))


def test_a_remnant_is_neither_object_nor_background(tmp_path: Path) -> None:
    picture = np.zeros((100, 100, 3), np.uint8)
    labels = Labels(np.array([[0, 0, 100, 12]], np.float32), np.array([1]), np.array([False]), np.ones(2, np.bool_))
    store = write_store(tmp_path, [(picture, labels)], side=100)
    views = [
        single(store, 0, size=100, augment=Augment(scale=(1.4, 1.4)), rng=np.random.default_rng(seed))
        for seed in range(30)
    ]
    cut = [view for view in views if not len(view.boxes) and len(view.places)]
    assert cut, "some views cut the box down to a remnant"
    assert all(view.unknown.all() for view in cut)


def test_partly_labelled_pictures_and_crowds_leave_places_open(tmp_path: Path) -> None:
    partly = write_store(tmp_path / "a", marked(labelled=(True, False, True, True)), side=160)
    view = single(partly, 0, size=120, augment=STILL, rng=np.random.default_rng(0))
    np.testing.assert_allclose(view.places, [[0, 15, 120, 105]])
    assert view.unknown.tolist() == [[False, True, False, False]]

    crowded = write_store(tmp_path / "b", marked(crowd=True), side=160)
    view = single(crowded, 0, size=120, augment=STILL, rng=np.random.default_rng(0))
    assert len(view.boxes) == 0
    np.testing.assert_allclose(view.places, crowded.labels(0).boxes + np.array([0, 15, 0, 15]))
    assert view.unknown.all()


def test_a_batch_depends_on_seed_and_step_alone(store: PictureStore) -> None:
    def batches(seed: int, *, threads: int = 1) -> Batches:
        return Batches(store, np.full(4, 0.25), batch=3, seed=seed, threads=threads)

    stages = [Stage(64, 2, mosaic=0.5), Stage(96, 3, mosaic=0)]
    whole = dict(batches(1).stream(stages, 0))
    assert [whole[step].pixels.shape for step in range(5)] == [(3, 64, 64, 3)] * 2 + [(3, 96, 96, 3)] * 3
    for step, batch in batches(1, threads=4).stream(stages, 3):
        np.testing.assert_array_equal(batch.pixels, whole[step].pixels)
        np.testing.assert_array_equal(batch.boxes, whole[step].boxes)
    assert not np.array_equal(batches(2).at(0, stages[0]).pixels, whole[0].pixels)
    assert set(whole[0].boxes_of.tolist()) <= {0, 1, 2}


def test_mosaics_are_drawn_as_often_as_asked(store: PictureStore, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[str] = []
    for name, real in (("mosaic", mosaic), ("single", single)):
        monkeypatch.setattr(
            f"yolor_studio.train.batches.{name}", lambda *a, _n=name, _r=real, **k: (drawn.append(_n), _r(*a, **k))[1]
        )
    batches = Batches(store, np.full(4, 0.25), batch=8, seed=1)
    for step in range(20):
        batches.at(step, Stage(32, 20, mosaic=0.25))
    assert drawn.count("mosaic") / len(drawn) == pytest.approx(0.25, abs=0.08)
    assert batches.pictures == 8
