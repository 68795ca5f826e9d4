"""Pre-labelling: every frame once, with its own picture; resumed without hole or duplicate; people's work untouched."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest

from yolor_studio.core.cancel import CancelToken
from yolor_studio.core.entities import Box, FrameState
from yolor_studio.core.errors import Cancelled
from yolor_studio.detect.detector import Detector
from yolor_studio.jobs.adding import add_media, verify_media
from yolor_studio.jobs.events import ItemFailed, Notice, Preview, Progress, Result, Started
from yolor_studio.jobs.prelabel import PrelabelRequest, prelabel
from yolor_studio.media.write import save_png
from yolor_studio.project import Project


def run(job):
    events = list(job)
    assert isinstance(events[-1], Result)
    return events[-1].value, events


@pytest.fixture
def project(tmp_path):
    with Project.create(tmp_path / "test.yolor") as opened:
        yield opened


@pytest.fixture
def clip_id(project, grey_clip):
    added, _ = run(add_media(project, [grey_clip], CancelToken()))
    run(verify_media(project, added.media_ids, CancelToken()))
    return added.media_ids[0]


def brightness(project, layer_id, media_id):
    """Frame -> the grey that the model saw there."""
    seen = {}
    for frame, predictions in project.iter_predictions(layer_id, media_id):
        assert len(predictions) == 1
        light = dict(zip(predictions.classes[0].tolist(), predictions.scores[0].tolist(), strict=True))[0]
        seen[frame] = light * 255
    return seen


def test_every_frame_is_labelled_from_its_own_picture(project, clip_id, brightness_model):
    summary, events = run(prelabel(project, PrelabelRequest(model=str(brightness_model)), CancelToken()))
    assert summary.frames == 30
    assert summary.skipped == summary.failed == 0
    seen = brightness(project, summary.layer_id, clip_id)
    assert sorted(seen) == list(range(30))
    # The input is 64 x 64 with the picture 64 x 43 in it: 21 of 64 rows are the border's grey.
    greys = [(seen[k] * 64 - 114 * 21) / 43 for k in range(30)]
    np.testing.assert_allclose(greys, 16 + 7 * np.arange(30), atol=4)
    assert isinstance(events[0], Started)
    assert events[0].total == 30
    assert [e.done for e in events if isinstance(e, Progress)] == list(range(1, 31))
    assert any(isinstance(e, Preview) for e in events) or summary.seconds < 0.5
    assert summary.own_cpu_seconds > 0
    assert summary.run_seconds > 0


def test_boxes_are_in_picture_pixels_and_inside(project, clip_id, brightness_model):
    summary, _ = run(prelabel(project, PrelabelRequest(model=str(brightness_model)), CancelToken()))
    predictions = project.predictions(summary.layer_id, clip_id, 0)
    # 8..40 of the input; the picture is scaled by 64 / 96 and lies 10 rows down.
    np.testing.assert_allclose(predictions.boxes, [[12, 0, 48, 30 * 64 / 43]], atol=0.01)


def test_batches_span_media_of_one_shape_and_the_last_is_padded(
    project, clip_id, tmp_path, brightness_model, monkeypatch
):
    """The clip's 30 frames and the first picture share an input of 64 x 64; the second picture needs 32 x 64."""
    save_png(tmp_path / "one.png", np.full((40, 60, 3), 90, np.uint8))
    save_png(tmp_path / "wide.png", np.full((20, 60, 3), 90, np.uint8))
    added, _ = run(add_media(project, [tmp_path / "one.png", tmp_path / "wide.png"], CancelToken()))
    shapes = []
    infer = Detector.infer

    def watched(self, images):
        shapes.append(images.shape[:3])
        return infer(self, images)

    monkeypatch.setattr(Detector, "batch", 16)
    monkeypatch.setattr(Detector, "infer", watched)
    summary, _ = run(prelabel(project, PrelabelRequest(model=str(brightness_model)), CancelToken()))
    assert shapes == [(16, 64, 64), (16, 64, 64), (1, 32, 64)]
    assert (summary.frames, summary.boxes) == (32, 32)
    assert len(brightness(project, summary.layer_id, clip_id)) == 30
    for media_id in added.media_ids:
        assert brightness(project, summary.layer_id, media_id).keys() == {0}


def test_a_project_without_categories_adopts_the_models_names(project, clip_id, brightness_model):
    run(prelabel(project, PrelabelRequest(model=str(brightness_model)), CancelToken()))
    assert [category.name for category in project.categories()] == ["light", "dark"]


def test_classes_without_a_category_are_told(project, clip_id, brightness_model):
    with project.edit("Add category") as edit:
        edit.add_category("Light")
    summary, events = run(prelabel(project, PrelabelRequest(model=str(brightness_model)), CancelToken()))
    assert [category.name for category in project.categories()] == ["Light"]
    notices = [event.text for event in events if isinstance(event, Notice)]
    assert any("dark" in text for text in notices)
    assert project.class_map(summary.layer_id)[0] == project.categories()[0].id


def test_every_nth_and_only_unreviewed(project, clip_id, brightness_model):
    project.review(clip_id, [5, 10], FrameState.REVIEWED)
    request = PrelabelRequest(model=str(brightness_model), every=5, only_unreviewed=True)
    summary, _ = run(prelabel(project, request, CancelToken()))
    assert project.visited_frames(summary.layer_id, clip_id).tolist() == [0, 15, 20, 25]


def test_the_same_request_again_does_nothing_and_again_means_again(project, clip_id, brightness_model):
    request = PrelabelRequest(model=str(brightness_model))
    first, _ = run(prelabel(project, request, CancelToken()))
    second, _ = run(prelabel(project, request, CancelToken()))
    assert (second.frames, second.skipped, second.layer_id) == (0, 30, first.layer_id)
    again, _ = run(prelabel(project, PrelabelRequest(model=str(brightness_model), again=True), CancelToken()))
    assert (again.frames, again.skipped) == (30, 0)


def test_a_cancelled_run_keeps_what_it_found_and_resumes(project, clip_id, brightness_model):
    cancel = CancelToken()
    done = 0
    with pytest.raises(Cancelled):
        for event in prelabel(project, PrelabelRequest(model=str(brightness_model)), cancel):
            if isinstance(event, Progress):
                done = event.done
                if done == 7:
                    cancel.cancel()
    layer = project.layers()[0]
    assert len(project.visited_frames(layer.id, clip_id)) == done == 7
    summary, _ = run(prelabel(project, PrelabelRequest(model=str(brightness_model)), CancelToken()))
    assert (summary.frames, summary.skipped) == (23, 7)
    assert sorted(brightness(project, layer.id, clip_id)) == list(range(30))


def test_a_broken_picture_is_listed_and_nothing_else_suffers(project, tmp_path, brightness_model):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name, grey in (("a", 50), ("b", 100), ("c", 150)):
        save_png(folder / f"{name}.png", np.full((48, 64, 3), grey, np.uint8))
    added, _ = run(add_media(project, [folder], CancelToken()))
    with project.edit("Draw box") as edit:
        category = edit.add_category("light")
        edit.add_object(added.media_ids[1], category, 0, Box(1, 2, 30, 20))
    before = project.boxes_at(added.media_ids[1], 0)
    (folder / "b.png").write_bytes(b"no picture any more")
    summary, events = run(prelabel(project, PrelabelRequest(model=str(brightness_model)), CancelToken()))
    failed = [event for event in events if isinstance(event, ItemFailed)]
    assert [event.what for event in failed] == ["b.png"]
    assert (summary.frames, summary.failed) == (2, 1)
    assert project.boxes_at(added.media_ids[1], 0) == before


KILLED_RUN = """
    import sys
    from pathlib import Path
    from yolor_studio.core.cancel import CancelToken
    from yolor_studio.jobs import prelabel as module
    from yolor_studio.project import Project
    import time

    module._STORE_EVERY_S = 0.01
    with Project.open(Path(sys.argv[1])) as project:
        for event in module.prelabel(project, module.PrelabelRequest(model=sys.argv[2]), CancelToken()):
            print(event, flush=True)
            time.sleep(0.03)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="kill -9 is POSIX")
def test_a_killed_run_resumes_without_hole_or_duplicate(tmp_path, grey_clip, brightness_model):
    path = tmp_path / "killed.yolor"
    with Project.create(path) as project:
        added, _ = run(add_media(project, [grey_clip], CancelToken()))
        run(verify_media(project, added.media_ids, CancelToken()))
    script = tmp_path / "run.py"
    script.write_text(textwrap.dedent(KILLED_RUN))
    command = [sys.executable, str(script), str(path), str(brightness_model)]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])
    assert child.stdout is not None
    for line in child.stdout:
        if line.startswith("Progress(done=12"):
            os.kill(child.pid, signal.SIGKILL)
            break
    child.wait(10)
    child.stdout.close()
    started = time.monotonic()
    with Project.open(path) as project:
        assert time.monotonic() - started < 5
        assert not project.read_only
        layer = project.layers()[0]
        visited = project.visited_frames(layer.id, added.media_ids[0])
        assert 1 <= len(visited) < 30
        summary, _ = run(prelabel(project, PrelabelRequest(model=str(brightness_model)), CancelToken()))
        assert summary.layer_id == layer.id
        assert summary.frames + len(visited) == 30
        assert sorted(brightness(project, layer.id, added.media_ids[0])) == list(range(30))
