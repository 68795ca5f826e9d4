"""The main job on the demo clip, whole."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pycocotools.coco import COCO

from yolor_studio.core.cancel import CancelToken
from yolor_studio.core.errors import Cancelled
from yolor_studio.core.resources import shipped
from yolor_studio.demo import clip
from yolor_studio.jobs.demo import render_demo, run_demo
from yolor_studio.jobs.events import Progress
from yolor_studio.jobs.runner import run_now


@pytest.fixture(autouse=True)
def _short_demo(monkeypatch):
    monkeypatch.setattr(clip, "DEMO_SPEC", replace(clip.DEMO_SPEC, frames=48))


@pytest.mark.skipif(not shipped("models", "yolor-n.onnx").is_file(), reason="the bundled model is missing")
def test_the_demo_ends_with_a_dataset_that_pycocotools_reads_and_is_kept(tmp_path, capsys):
    outcome = run_now(run_demo(tmp_path / "demo", CancelToken()))
    assert outcome.frames == 48
    assert outcome.accepted > 48, "the bundled model sees several things on each frame of the demo"
    assert outcome.lines()[-1] == str(outcome.dataset)
    assert "AP 1.000 against itself" in outcome.checked
    dataset = COCO(outcome.dataset / "annotations" / "instances_train.json")
    assert len(dataset.anns) > 0
    assert {"car", "person"} <= {category["name"] for category in dataset.dataset["categories"]}

    before = sorted(path.stat().st_mtime_ns for path in outcome.dataset.rglob("*"))
    again = run_now(run_demo(tmp_path / "demo", CancelToken()))
    assert (again.accepted, again.label.frames, again.label.skipped) == (outcome.accepted, 0, 48)
    assert sorted(path.stat().st_mtime_ns for path in outcome.dataset.rglob("*")) == before


def test_rendering_tells_how_far_it_is_and_can_be_cancelled(tmp_path):
    cancel = CancelToken()
    with pytest.raises(Cancelled):
        for event in render_demo(tmp_path, cancel):
            if isinstance(event, Progress):
                cancel.cancel()
    assert list(tmp_path.iterdir()) == []
