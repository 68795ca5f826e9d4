from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from project_helpers import BOX, add_layer, content, grid, predictions, small_project

from yolor_studio.core.entities import Box, Change, FrameState, Predictions
from yolor_studio.core.errors import ProjectError
from yolor_studio.project import Project
from yolor_studio.project.predictions import decode, encode


@pytest.fixture
def small(tmp_path: Path) -> Iterator[tuple[Project, int, int]]:
    project, media, category = small_project(tmp_path)
    with project:
        yield project, media, category


def equal(a: Predictions, b: Predictions) -> bool:
    return all(np.array_equal(getattr(a, name), getattr(b, name)) for name in ("boxes", "classes", "scores", "tracks"))


def test_predictions_come_back_as_they_were(small: tuple[Project, int, int]) -> None:
    project, media, _car = small
    layer = add_layer(project)
    found = predictions(*grid(5), classes=[0, 1, 0, 1, -1], scores=[0.9, 0.8, 0.7, 0.6, 0.5])
    project.write_predictions(layer, media, {7: found, 3: Predictions.empty()})
    stored = project.predictions(layer, media, 7)
    assert stored is not None
    assert equal(stored, found)
    assert stored.boxes.dtype == np.float32
    assert project.predictions(layer, media, 3) is not None
    assert project.predictions(layer, media, 4) is None
    assert project.visited_frames(layer, media).tolist() == [3, 7]
    assert [(frame, len(one)) for frame, one in project.iter_predictions(layer, media)] == [(3, 0), (7, 5)]


@given(blob=st.binary(max_size=200), cut=st.integers(0, 100))
@settings(deadline=None, derandomize=True)
def test_damaged_predictions_are_told_and_take_no_memory(blob: bytes, cut: int) -> None:
    good = encode(predictions(*grid(2)))
    for damaged in (blob, good[:cut] if cut < len(good) else good + b"x", good[:4] + b"\xff\xff\xff\x7f" + good[8:]):
        with pytest.raises(ProjectError, match="damaged"):
            decode(damaged)


def test_predictions_with_odd_columns_are_refused() -> None:
    good = predictions(*grid(2))
    with pytest.raises(ValueError, match="do not fit"):
        encode(Predictions(good.boxes, good.classes[:1], good.scores, good.tracks))
    with pytest.raises(ValueError, match="not finite"):
        encode(Predictions(np.full((2, 4), np.nan, np.float32), good.classes, good.scores, good.tracks))


def test_a_run_resumes_its_layer_until_it_is_complete(small: tuple[Project, int, int]) -> None:
    project, media, _car = small
    first = add_layer(project, size=320)
    assert add_layer(project, size=320) == first
    other = add_layer(project, size=640)
    assert other != first
    shown = project.shown_layer()
    assert shown is not None
    assert shown.id == other
    project.finish_layer(first)
    assert project.is_complete(first)
    third = add_layer(project, size=320)
    assert third not in (first, other)
    assert [layer.id for layer in project.layers()] == [first, other, third]
    project.set_shown_layer(first)
    chosen = project.shown_layer()
    assert chosen is not None
    assert (chosen.id, chosen.model, chosen.class_names, dict(chosen.settings)) == (
        first,
        "model",
        ("car", "dog"),
        {"size": 320},
    )
    project.write_predictions(first, media, {0: predictions(*grid(1))})
    project.write_predictions(first, media, {0: predictions(*grid(2))})
    assert len(project.predictions(first, media, 0) or []) == 2


def test_the_class_map_of_a_project_without_categories(tmp_path: Path) -> None:
    with Project.create(tmp_path / "a.yolor") as project:
        layer = project.start_layer("m", "h", ["car", "Car ", "dog"], min_score=0.05, device="cpu", settings={})
        report = project.adopt_class_map(layer, ["car", "Car ", "dog"])
        assert report.adopted == ("car", "dog")
        assert report.ignored == ()
        assert [one.name for one in project.categories()] == ["car", "dog"]
        assert dict(project.class_map(layer)) == {0: 1, 1: 1, 2: 2}


def test_class_names_match_without_regard_to_case_and_spaces(small: tuple[Project, int, int]) -> None:
    project, _media, car = small
    with project.edit("Add") as edit:
        light = edit.add_category("Traffic light")
    names = [" CAR", "traffic  light", "dog"]
    layer = project.start_layer("m", "h", names, min_score=0.05, device="cpu", settings={})
    report = project.adopt_class_map(layer, names)
    assert report.adopted == ()
    assert report.matched == (" CAR", "traffic  light")
    assert report.ignored == ("dog",)
    assert dict(project.class_map(layer)) == {0: car, 1: light, 2: None}
    # What a person has mapped since stays.
    with project.edit("Map") as edit:
        edit.set_class(layer, 2, car)
    project.adopt_class_map(layer, names)
    assert project.class_map(layer)[2] == car


def test_a_class_finds_its_category_under_the_other_data_sets_word(tmp_path: Path) -> None:
    with Project.create(tmp_path / "a.yolor") as project:
        with project.edit("Add") as edit:
            plane, bike, motorbike = (edit.add_category(name) for name in ("airplane", "bike", "motorcycle"))
        names = ["aeroplane", "bicycle", "motorbike", "train"]
        layer = project.start_layer("m", "h", names, min_score=0.05, device="cpu", settings={})
        assert project.adopt_class_map(layer, names).ignored == ("train",)
        assert dict(project.class_map(layer)) == {0: plane, 1: bike, 2: motorbike, 3: None}


def test_what_is_shown_and_what_is_hidden(small: tuple[Project, int, int]) -> None:
    project, media, car = small
    with project.edit("Add") as edit:
        dog = edit.add_category("dog")
        edit.add_object(media, car, 5, Box(*grid(6)[0]))
        edit.add_object(media, dog, 5, Box(*grid(6)[1]))
        edit.add_rejection(media, 5, car, Box(*grid(6)[2]))
        edit.add_rejection(media, 5, dog, Box(*grid(6)[3]))
    layer = add_layer(project, ("car", "dog", "cat"))
    classes, scores = [0, 0, 0, 0, 2, 0], [0.9, 0.9, 0.9, 0.9, 0.9, 0.2]
    project.write_predictions(layer, media, {5: predictions(*grid(6), classes=classes, scores=scores)})
    found = project.shown(media, 5)
    # 0: an object of its category; 2: a rejection of its category; 4: maps to nothing; 5: under the limit.
    assert found.rows.tolist() == [1, 3]
    assert found.doubts.tolist() == [True, False]
    assert found.categories.tolist() == [car, car]
    assert found.layer_id == layer
    assert project.shown(media, 5, min_score=0.1).rows.tolist() == [1, 3, 5]
    project.set_score_limit(0.95)
    assert len(project.shown(media, 5)) == 0
    project.set_category_score_limit(car, 0.1)
    assert project.shown(media, 5).rows.tolist() == [1, 3, 5]
    assert project.category_score_limits() == {car: 0.1}
    project.set_category_score_limit(car, None)
    assert len(project.shown(media, 5)) == 0
    assert len(project.shown(media, 6)) == 0
    assert project.accept_shown(media, None, min_score=0.1) == 2  # not the doubt


COLUMNS = st.tuples(st.integers(0, 3), st.integers(0, 30), st.integers(0, 1), st.sampled_from([0.2, 0.5, 0.9]))


@given(found=st.lists(COLUMNS, max_size=8), drawn=st.lists(COLUMNS, max_size=4))
@settings(deadline=None, derandomize=True, max_examples=30)
def test_what_is_accepted_and_what_stays_shown_add_up(
    tmp_path_factory: pytest.TempPathFactory, found: list[tuple], drawn: list[tuple]
) -> None:
    project, media, car = small_project(tmp_path_factory.mktemp("p"))
    with project:
        with project.edit("Draw") as edit:
            dog = edit.add_category("dog")
            for frame, x, number, _score in drawn:
                edit.add_object(media, (car, dog)[number], frame, Box(x, 10, 40, 40))
        layer = add_layer(project)
        for frame in range(4):
            here = sorted((one for one in found if one[0] == frame), key=lambda one: -one[3])
            boxes = [(float(x), 10.0, 40.0, 40.0) for _, x, _, _ in here]
            columns = [one[2] for one in here], [one[3] for one in here]
            project.write_predictions(layer, media, {frame: predictions(*boxes, classes=columns[0], scores=columns[1])})
        before = project.count_shown({media: None})
        doubts = sum(int(project.shown(media, frame).doubts.sum()) for frame in range(4))
        made = project.accept_shown(media, None)
        assert made == before - doubts
        assert len(project.objects(media)) == len(drawn) + made
        left = [project.shown(media, frame) for frame in range(4)]
        assert all(one.doubts.all() for one in left)
        assert project.count_shown({media: None}, layer_id=layer) == sum(map(len, left)) <= doubts
        assert project.accept_shown(media, None) == 0


@pytest.mark.parametrize(("shift", "hidden"), [(9.9, True), (10.1, False)])
def test_iou_of_0_6_hides(small: tuple[Project, int, int], shift: float, hidden: bool) -> None:
    # Two 40 px wide boxes shifted by s: IoU = (40 - s) / (40 + s), which is 0.6 at s = 10.
    project, media, car = small
    layer = add_layer(project)
    project.write_predictions(layer, media, {0: predictions((100 + shift, 100, 40, 40))})
    with project.edit("Add") as edit:
        edit.add_object(media, car, 0, Box(100, 100, 40, 40))
    assert (len(project.shown(media, 0)) == 0) is hidden


def test_the_histogram_counts_mapped_classes(small: tuple[Project, int, int]) -> None:
    project, media, _car = small
    layer = add_layer(project)
    scores = [0.05, 0.06, 0.5, 0.99, 1.0, 0.7]
    project.write_predictions(layer, media, {1: predictions(*grid(6), scores=scores, classes=[0, 0, 0, 0, 0, 1])})
    found = project.score_histogram(layer)
    assert found.shape == (38,)
    assert found.sum() == 5
    assert (found[0], found[18], found[37]) == (2, 1, 2)
    project.write_predictions(layer, media, {1: predictions(*grid(1)), 2: predictions(*grid(3), scores=0.5)})
    assert project.score_histogram(layer).sum() == 4
    assert project.score_histogram(layer, media)[18] == 3
    assert project.score_histogram(layer, bins=2).tolist() == [3, 1]
    with project.edit("Map") as edit:
        edit.set_class(layer, 0, None)
    assert project.score_histogram(layer).sum() == 0
    assert project.score_histogram(layer, media).sum() == 0


def test_the_histogram_follows_a_run(tmp_path: Path) -> None:
    project, media, _car = small_project(tmp_path, frames=5000)
    with project:
        layer = add_layer(project)
        generator = np.random.default_rng(0)
        for _ in range(6):
            frames = generator.integers(0, 5000, 40).tolist()
            project.write_predictions(
                layer,
                media,
                {
                    f: predictions(*grid(3), scores=generator.random(3), classes=generator.integers(-1, 2, 3))
                    for f in frames
                },
            )
            followed = project.score_histogram(layer, media)
            assert followed.sum() > 0
            assert followed.tolist() == project.score_histogram(layer).tolist()
        with Project.open(project.path, read_only=True) as reader:
            assert reader.score_histogram(layer, media).tolist() == followed.tolist()


def test_prediction_writes_tell_their_frames(small: tuple[Project, int, int]) -> None:
    project, media, _car = small
    layer = add_layer(project)
    seen: list[Change] = []
    project.subscribe(seen.append)
    project.write_predictions(layer, media, {frame: predictions(*grid(1)) for frame in range(100)})
    assert all(change.tables == {"predictions"} and change.edit is None for change in seen)
    assert {place for change in seen for place in change.frames or ()} == {(media, frame) for frame in range(100)}


def test_settings_are_outside_the_history(small: tuple[Project, int, int]) -> None:
    project, _media, _car = small
    project.set_setting("view", {"zoom": 1.5, "list": [1]})
    assert project.setting("view", None) == {"zoom": 1.5, "list": [1]}
    assert project.setting("nothing", 7) == 7
    assert project.undo_name() == "Begin"


def index(project: Project, media: int, pts: list[int]) -> object:
    return project.store_media_index(
        media,
        repr(pts).encode(),
        frames=len(pts),
        verified=True,
        width=640,
        height=480,
        fps=25.0,
        info={"codec": "h264"},
        pts=np.array(pts, np.int64),
    )


def test_labels_follow_their_pictures_when_frames_are_counted_anew(tmp_path: Path) -> None:
    project, media, car = small_project(tmp_path)
    with project:
        layer = add_layer(project)
        assert index(project, media, [0, 10, 20, 20, 30, 40]) is None
        assert project.get_media(media).frames == 6
        with project.edit("Label") as edit:
            thing = edit.add_object(media, car, 1, BOX, interpolate=True)
            edit.set_keyframe(thing, 3, BOX._replace(x=50))
            edit.set_keyframe(thing, 5, BOX)
            edit.add_rejection(media, 4, car, BOX)
            edit.set_frame_state(media, [1, 5], FrameState.REVIEWED)
        with project.edit("Later") as edit:
            edit.add_category("late", id=50)
            edit.set_frame_state(media, [5], FrameState.REVIEWED)
        project.write_predictions(layer, media, {frame: predictions(*grid(frame)) for frame in range(1, 6)})
        before = content(project)
        told = index(project, media, [10, 20, 20, 25, 30, 40])  # 0 does not decode, 25 was not known
        assert str(told) == "The file's frames were counted anew: 3 labels moved with their pictures."
        assert [keyframe.frame for keyframe in project.keyframes(thing)] == [0, 2, 5]
        assert [one.frame for one in project.rejections(media)] == [4]
        assert project.frame_states(media) == {0: FrameState.REVIEWED, 5: FrameState.REVIEWED}
        assert project.reviewed_before(50)[media].tolist() == [0]
        assert {frame: len(p) for frame, p in project.iter_predictions(layer, media)} == {0: 1, 1: 2, 2: 3, 4: 4, 5: 5}
        assert project.boxes_at(media, 2)[0].box.x == 50
        assert project.undo_name() == "Recount the frames of clip"
        project.undo()
        assert content(project) == before
        assert project.visited_frames(layer, media).tolist() == [1, 2, 3, 4, 5]
        project.redo()
        assert project.visited_frames(layer, media).tolist() == [0, 1, 2, 4, 5]
        assert project.media_index(media) == b"[10, 20, 20, 25, 30, 40]"


def test_labels_made_before_the_index_get_their_timestamps(tmp_path: Path) -> None:
    project, media, car = small_project(tmp_path)
    with project:
        with project.edit("Label") as edit:
            edit.add_object(media, car, 2, BOX)
        index(project, media, [5, 6, 7])
        assert project._store.reader().execute("SELECT pts FROM keyframe").fetchone() == (7,)
        assert index(project, media, [5, 6, 7, 8]) is None
        assert project.undo_name() == "Label"


def test_a_label_of_a_frame_that_is_gone_finds_shelter_or_is_told(tmp_path: Path) -> None:
    project, media, car = small_project(tmp_path)
    with project:
        index(project, media, [0, 10, 20, 30])
        with project.edit("Label") as edit:
            alone = edit.add_object(media, car, 2, BOX)
            both = edit.add_object(media, car, 1, BOX._replace(x=1))
            edit.set_keyframe(both, 2, BOX._replace(x=2))
        told = index(project, media, [0, 10, 30])
        assert [keyframe.frame for keyframe in project.keyframes(alone)] == [1]
        assert [(one.frame, one.box.x) for one in project.keyframes(both)] == [(1, 1)]
        assert getattr(told, "lost", None) == 1
        project.undo()
        assert len(project.keyframes(both)) == 2


def test_a_media_that_is_not_there(small: tuple[Project, int, int]) -> None:
    project, _media, _car = small
    with pytest.raises(ProjectError, match="no media 99"):
        index(project, 99, [1])
    with pytest.raises(ProjectError, match="no layer 99"):
        project.class_map(99)
    with pytest.raises(ProjectError):
        project.write_predictions(99, 1, {0: predictions(*grid(1))})
