"""A model ready to run: shapes, cancelling, memory."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import numpy as np
import pytest

from yolor_studio.core.errors import Cancelled, ModelError
from yolor_studio.detect.detector import Detector
from yolor_studio.detect.library import find_model


@pytest.fixture
def detector(brightness_model):
    return Detector(find_model(str(brightness_model)), device="cpu")


def grey(value, height=64, width=64):
    return np.full((height, width, 3), value, np.uint8)


def test_predictions_come_in_picture_pixels_with_runner_ups(detector):
    found = detector.predict(grey(204, 128, 128))
    assert found.classes.tolist() == [[0, 1, -1]]
    np.testing.assert_allclose(found.scores, [[0.8, 0.2, 0]], atol=1e-6)
    np.testing.assert_allclose(found.boxes, [[16, 16, 64, 64]])


def test_a_batch_gives_what_single_pictures_give(detector):
    batch = detector.predict_all([grey(40), grey(200)])
    for picture, together in zip((grey(40), grey(200)), batch, strict=True):
        alone = detector.predict(picture)
        np.testing.assert_array_equal(alone.scores, together.scores)


def test_a_model_with_a_fixed_batch_gets_padded_ones(detector):
    seen = []
    session = detector.session

    class Watched:
        def run(self, outputs, inputs, options=None):
            seen.append(inputs["images"].shape)
            return session.run(outputs, inputs, options)

    detector.entry = replace(detector.entry, batch=4)
    detector._opened = replace(detector._opened, session=Watched())
    assert detector.batch == 4
    found = detector.predict_all([grey(40), grey(200)])
    assert [p.classes[0, 0] for p in found] == [1, 0]
    assert seen == [(4, 64, 64, 3)]


def test_out_of_memory_halves_the_batch(detector):
    seen = []
    session = detector.session

    class Small:
        def run(self, outputs, inputs, options=None):
            seen.append(len(inputs["images"]))
            if len(inputs["images"]) > 2:
                raise RuntimeError("Failed to allocate memory for requested buffer")
            return session.run(outputs, inputs, options)

    detector._opened = replace(detector._opened, session=Small())
    boxes, scores = detector.infer(np.zeros((8, 64, 64, 3), np.uint8))
    assert len(boxes) == len(scores) == 8
    assert seen == [8, 4, 2, 2, 4, 2, 2]


def test_another_failure_is_a_sentence(detector):
    class Broken:
        def run(self, *_):
            raise RuntimeError("Invalid dimensions\nmany lines more")

    detector._opened = replace(detector._opened, session=Broken())
    with pytest.raises(ModelError, match=r"failed on a picture: Invalid dimensions$"):
        detector.infer(np.zeros((1, 64, 64, 3), np.uint8))


def test_terminate_stops_the_run_under_way(detector):
    class Slow:
        def run(self, _outputs, _inputs, options):
            for _ in range(1000):
                if options.terminate:
                    raise RuntimeError("Exiting due to terminate flag being set to true.")
                time.sleep(0.005)

    detector._opened = replace(detector._opened, session=Slow())
    threading.Timer(0.05, detector.terminate).start()
    started = time.monotonic()
    with pytest.raises(Cancelled):
        detector.infer(np.zeros((1, 64, 64, 3), np.uint8))
    assert time.monotonic() - started < 4
    with pytest.raises(Cancelled):
        detector.infer(np.zeros((1, 64, 64, 3), np.uint8))


def test_ctrl_c_may_come_while_a_run_begins(detector):
    """A signal handler runs on the thread that it interrupts, whatever that thread holds."""

    def interrupted():
        with detector._lock:
            detector.terminate()

    thread = threading.Thread(target=interrupted, daemon=True)
    thread.start()
    thread.join(10)
    assert not thread.is_alive()
