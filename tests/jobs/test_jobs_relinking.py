"""Media that were moved or changed: found by their content alone, in one step, and never taken for another file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from yolor_studio.core.cancel import CancelToken
from yolor_studio.core.entities import Box, FrameState, Keyframe, Media, Predictions
from yolor_studio.core.errors import Cancelled, MediaError, ProjectError
from yolor_studio.jobs import media_search
from yolor_studio.jobs.adding import Added, add_media, verify_media
from yolor_studio.jobs.events import Job
from yolor_studio.jobs.ground_truth import truth_of_project
from yolor_studio.jobs.opening import opener
from yolor_studio.jobs.relinking import Relinked, TookOver, missing_media, relink, relink_one, use_anyway
from yolor_studio.jobs.runner import run_now
from yolor_studio.media.encode import encode_mp4
from yolor_studio.media.write import save_png
from yolor_studio.project import Project


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with Project.create(tmp_path / "test.yolor") as opened:
        yield opened


@pytest.fixture
def new(tmp_path: Path) -> Path:
    """Where media are moved to."""
    folder = tmp_path / "new"
    folder.mkdir()
    return folder


def picture(path: Path, grey: int, *, width: int = 30) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    rgb = np.full((20, width, 3), grey, np.uint8)
    rgb[::3, ::5] = grey // 2
    save_png(path, rgb)
    return path


def series(folder: Path, grey: int, count: int = 4) -> Path:
    for number in range(count):
        picture(folder / f"{number:03d}.png", grey, width=30 + 7 * number)
    return folder


def clip(path: Path, *, frames: int, first: int = 16, side: int = 64) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    encode_mp4(
        path, (np.full((side, side, 3), first + 7 * k, np.uint8) for k in range(frames)), fps=Fraction(25), crf=1
    )
    return path


def add(project: Project, *paths: Path) -> tuple[int, ...]:
    added = run_now(add_media(project, paths, CancelToken()))
    assert isinstance(added, Added)
    run_now(verify_media(project, added.media_ids, CancelToken()))
    return added.media_ids


def search(project: Project, *folders: Path) -> Relinked:
    result = run_now(relink(project, folders, CancelToken()))
    assert isinstance(result, Relinked)
    return result


def pick(project: Project, media_id: int, path: Path) -> Relinked:
    result = run_now(relink_one(project, media_id, path, CancelToken()))
    assert isinstance(result, Relinked)
    return result


def take(job: Job) -> TookOver:
    result = run_now(job)
    assert isinstance(result, TookOver)
    return result


def found(result: Relinked) -> dict[str, Path]:
    return {match.media.name: match.path for match in result.found}


def names(media: tuple[Media, ...] | list[Media]) -> list[str]:
    return [one.name for one in media]


def place(project: Project, media_id: int) -> Path:
    return project.media_path(project.get_media(media_id))


def test_a_moved_folder_is_found_in_one_step_and_undone(project: Project, tmp_path: Path, new: Path) -> None:
    ids = add(project, *(picture(tmp_path / "old" / f"{name}.png", 20 * ord(name) % 256) for name in "abc"))
    (tmp_path / "old").rename(new / "deep")
    assert names(missing_media(project)) == ["a.png", "b.png", "c.png"]
    result = search(project, tmp_path)
    assert found(result) == {f"{name}.png": new / "deep" / f"{name}.png" for name in "abc"}
    assert (result.missing, result.differing, result.complete) == ((), (), True)
    assert missing_media(project) == []
    assert project.undo_name() == "Find 3 media"
    project.undo()
    assert [project.get_media(media_id).path for media_id in ids] == ["old/a.png", "old/b.png", "old/c.png"]
    project.redo()
    assert [place(project, media_id).parent for media_id in ids] == [new / "deep"] * 3


def test_a_renamed_file_is_found_by_its_content(project: Project, tmp_path: Path, new: Path) -> None:
    (media_id,) = add(project, picture(tmp_path / "a.png", 50))
    (tmp_path / "a.png").rename(new / "something else.png")
    assert found(search(project, new)) == {"a.png": new / "something else.png"}
    assert project.get_media(media_id).name == "a.png"
    assert project.undo_name() == "Find a.png"


def test_files_of_one_name_in_two_folders_get_their_own(project: Project, tmp_path: Path, new: Path) -> None:
    first, second = add(project, picture(tmp_path / "cam1" / "x.png", 40), picture(tmp_path / "cam2" / "x.png", 180))
    (tmp_path / "cam1").rename(new / "left")
    (tmp_path / "cam2").rename(new / "right")
    search(project, new)
    assert (place(project, first), place(project, second)) == (new / "left" / "x.png", new / "right" / "x.png")


def test_copies_go_where_their_paths_were_most_alike(project: Project, tmp_path: Path, new: Path) -> None:
    first, second = add(project, picture(tmp_path / "cam1" / "x.png", 40), picture(tmp_path / "cam2" / "x.png", 40))
    (tmp_path / "cam2").rename(new / "cam2")
    (tmp_path / "cam1").rename(new / "cam1")
    search(project, new)
    assert (place(project, first), place(project, second)) == (new / "cam1" / "x.png", new / "cam2" / "x.png")


def test_one_file_never_serves_two_media(project: Project, tmp_path: Path, new: Path) -> None:
    first, second = add(project, picture(tmp_path / "a.png", 40), picture(tmp_path / "b.png", 40))
    (tmp_path / "b.png").unlink()
    result = search(project, tmp_path)
    assert (result.found, names(result.missing)) == ((), ["b.png"])
    with pytest.raises(MediaError, match="in the project already"):
        pick(project, second, place(project, first))
    assert project.undo_name() == "Add 2 media"


def test_another_file_of_the_name_is_offered_and_not_taken(project: Project, tmp_path: Path, new: Path) -> None:
    (media_id,) = add(project, picture(tmp_path / "a.png", 40))
    (tmp_path / "a.png").unlink()
    other = picture(new / "A.png", 200)
    result = search(project, new)
    assert (result.found, result.missing) == ((), ())
    assert [(match.media.id, match.path) for match in result.differing] == [(media_id, other)]
    assert pick(project, media_id, other).differing == result.differing
    assert project.get_media(media_id).path == "a.png"


def test_the_original_of_a_file_that_was_overwritten_is_found(project: Project, tmp_path: Path, new: Path) -> None:
    ids = add(project, picture(tmp_path / "a.png", 40), picture(tmp_path / "b.png", 80))
    (tmp_path / "a.png").rename(new / "a.png")
    picture(tmp_path / "a.png", 200, width=44)
    picture(tmp_path / "b.png", 201, width=45)
    result = search(project, tmp_path)
    assert found(result) == {"a.png": new / "a.png"}
    assert [(match.media.id, match.path) for match in result.differing] == [(ids[1], tmp_path / "b.png")]


def test_a_moved_sequence_is_found_by_its_files(project: Project, tmp_path: Path, new: Path) -> None:
    first, second = add(project, series(tmp_path / "walk", 40), series(tmp_path / "run", 140))
    picture(tmp_path / "walk" / "later.png", 3)  # what came later is none of its frames
    (tmp_path / "walk").rename(new / "renamed")
    (tmp_path / "run").rename(new / "run")
    (new / "run" / "002.png").unlink()
    result = search(project, new)
    assert found(result) == {"walk": new / "renamed"}
    assert [(match.media.id, match.path) for match in result.differing] == [(second, new / "run")]
    with opener(project)(project.get_media(first)) as source:
        assert source.info.frames == 4


def test_folders_of_equal_pictures_are_told_by_their_names(project: Project, tmp_path: Path, new: Path) -> None:
    for name, grey in (("cam1", 40), ("cam2", 180)):
        for number in range(3):
            (tmp_path / name).mkdir(exist_ok=True)
            (tmp_path / name / f"{number}.bmp").write_bytes(_bitmap(grey))
    first, second = add(project, tmp_path / "cam1", tmp_path / "cam2")
    (tmp_path / "cam1").rename(new / "cam1")
    (tmp_path / "cam2").rename(new / "other")
    result = search(project, new)
    assert found(result) == {"cam1": new / "cam1"}
    assert names(result.missing) == ["cam2"]
    assert found(pick(project, second, new / "other")) == {"cam2": new / "other"}
    assert place(project, first) == new / "cam1"


def _bitmap(grey: int) -> bytes:
    import cv2

    return cv2.imencode(".bmp", np.full((8, 8, 3), grey, np.uint8))[1].tobytes()


def test_what_lies_beside_a_picked_file_is_found_too(project: Project, tmp_path: Path, new: Path) -> None:
    paths = [
        picture(tmp_path / "old" / "day" / "a.png", 20),
        picture(tmp_path / "old" / "day" / "b.png", 90),
        picture(tmp_path / "old" / "night" / "c.png", 160),
        series(tmp_path / "old" / "walk", 120),
        picture(tmp_path / "elsewhere" / "d.png", 220),
    ]
    ids = add(project, *paths)
    (tmp_path / "old" / "day").rename(new / "day")
    (tmp_path / "old" / "night").rename(new / "night")
    (tmp_path / "old" / "walk").rename(new / "walk")
    (new / "day" / "b.png").rename(new / "day" / "renamed.png")
    (tmp_path / "elsewhere" / "d.png").unlink()
    result = pick(project, ids[0], new / "day" / "a.png")
    assert found(result) == {
        "a.png": new / "day" / "a.png",
        "b.png": new / "day" / "renamed.png",
        "c.png": new / "night" / "c.png",
        "walk": new / "walk",
    }
    assert names(result.missing) == ["d.png"]
    project.undo()
    assert len(missing_media(project)) == 5


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_links_are_followed_once(project: Project, tmp_path: Path, new: Path) -> None:
    add(project, picture(tmp_path / "a.png", 40))
    (tmp_path / "a.png").rename(new / "a.png")
    start = tmp_path / "start"
    (start / "loop").mkdir(parents=True)
    (start / "loop" / "round").symlink_to(start)
    (start / "linked").symlink_to(new)
    (start / "nowhere.png").symlink_to(tmp_path / "gone.png")
    assert found(search(project, start)) == {"a.png": start / "linked" / "a.png"}


def test_a_search_is_bounded_and_says_so(
    project: Project, tmp_path: Path, new: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(project, picture(tmp_path / "a.png", 40))
    (new / "x" / "y").mkdir(parents=True)
    (tmp_path / "a.png").rename(new / "x" / "y" / "a.png")
    monkeypatch.setattr(media_search, "MOST_ENTRIES", 1)
    result = search(project, new)
    assert (result.complete, names(result.missing)) == (False, ["a.png"])


def test_a_cancelled_search_changes_nothing(project: Project, tmp_path: Path, new: Path) -> None:
    add(project, picture(tmp_path / "a.png", 40))
    (tmp_path / "a.png").rename(new / "a.png")
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        run_now(relink(project, [new], cancel))
    assert project.get_media(1).path == "a.png"


def test_only_files_that_could_be_it_are_read(
    project: Project, tmp_path: Path, new: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(project, picture(tmp_path / "a.png", 40))
    (tmp_path / "a.png").rename(new / "a.png")
    for number in range(20):
        picture(new / f"other {number}.png", 3 * number, width=60 + number)
    read: list[Path] = []
    plain = media_search._fingerprint
    monkeypatch.setattr(media_search, "_fingerprint", lambda path, *files: read.append(path) or plain(path, *files))
    search(project, new)
    assert read == [new / "a.png"]


def test_a_project_for_reading_only_is_told(project: Project, tmp_path: Path, new: Path) -> None:
    (media_id,) = add(project, picture(tmp_path / "a.png", 40))
    (tmp_path / "a.png").rename(new / "a.png")
    with Project.open(project.path, read_only=True) as second:
        for job in (
            relink(second, [new], CancelToken()),
            relink_one(second, media_id, new / "a.png", CancelToken()),
            use_anyway(second, media_id, new / "a.png", CancelToken()),
        ):
            with pytest.raises(ProjectError, match="open for reading only"):
                run_now(job)


def test_what_was_picked_must_be_of_the_kind(project: Project, tmp_path: Path, new: Path) -> None:
    (media_id,) = add(project, picture(tmp_path / "a.png", 40))
    with pytest.raises(MediaError, match="is a picture, and new is none"):
        pick(project, media_id, new)
    with pytest.raises(MediaError, match="does not exist"):
        pick(project, media_id, tmp_path / "gone.png")
    with pytest.raises(MediaError, match="is not a folder"):
        search(project, tmp_path / "a.png")
    with pytest.raises(MediaError, match=r"is a picture, and grey\.mp4 is none"):
        take(use_anyway(project, media_id, clip(new / "grey.mp4", frames=3), CancelToken()))


def test_a_wrong_file_is_never_opened(project: Project, tmp_path: Path) -> None:
    gone, changed = add(project, picture(tmp_path / "a.png", 40), picture(tmp_path / "b.png", 90))
    (tmp_path / "a.png").unlink()
    picture(tmp_path / "b.png", 200)
    open_source = opener(project)
    with pytest.raises(MediaError, match=r"a\.png was not found at .*yolor-studio relink"):
        open_source(project.get_media(gone))
    with pytest.raises(MediaError, match=r"b\.png is another file than the one that was labelled"):
        open_source(project.get_media(changed))


def test_frames_of_a_wrong_file_are_not_counted(project: Project, tmp_path: Path) -> None:
    path = clip(tmp_path / "clip.mp4", frames=6)
    (media_id,) = run_now(add_media(project, [path], CancelToken())).media_ids
    clip(path, frames=3, first=90)
    assert run_now(verify_media(project, [media_id], CancelToken())) == 0
    path.unlink()
    assert run_now(verify_media(project, [media_id], CancelToken())) == 0
    assert project.media_index(media_id) is None


def labelled_clip(project: Project, path: Path, *, frames: int) -> int:
    """A clip with a track over all of it, a box on frame 4, a rejection on the last frame, and reviewed frames."""
    (media_id,) = add(project, clip(path, frames=frames))
    last = frames - 1
    with project.edit("Label") as edit:
        car = edit.add_category("car")
        edit.add_track(media_id, car, [
            Keyframe(0, 0, Box(0, 0, 10, 10), interpolate=True), Keyframe(0, last, Box(2.0 * last, 0, 10, 10))
        ])  # fmt: skip
        edit.add_object(media_id, car, 4, Box(8, 16, 20, 8))
        edit.add_object(media_id, car, last, Box(1, 1, 4, 4))
        edit.add_rejection(media_id, last, car, Box(5, 5, 5, 5))
        edit.set_frame_state(media_id, range(frames), FrameState.REVIEWED)
    return media_id


def told(project: Project, media_id: int) -> list[object]:
    """All that is known of a media's labels and file."""
    media = project.get_media(media_id)
    keyframes = [project.keyframes(thing.id) for thing in project.objects(media_id)]
    states = project.frame_states(media_id)
    return [media, keyframes, project.rejections(media_id), states, project.media_index(media_id)]


def test_a_shorter_and_smaller_file_is_used_anyway(project: Project, tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    media_id = labelled_clip(project, path, frames=12)
    before = told(project, media_id)
    clip(path, frames=8, first=60, side=32)
    assert project.labels_beyond(media_id, 8) == 1 + 1 + 1 + 4  # the track's end, a box, a rejection, states
    result = take(use_anyway(project, media_id, path, CancelToken()))
    assert (result.left_out, result.scaled) == (7, True)
    media = result.media
    assert (media.frames, media.width, media.height, media.verified) == (8, 32, 32, True)
    boxes = {thing.id: project.keyframes(thing.id) for thing in project.objects(media_id)}
    assert [[(one.frame, one.box) for one in several] for several in boxes.values()] == [
        [(0, Box(0, 0, 5, 5)), (7, Box(7, 0, 5, 5))],
        [(4, Box(4, 8, 10, 4))],
    ]
    assert sorted(project.frame_states(media_id)) == list(range(8))
    with opener(project)(media) as source:
        assert abs(int(source.read(7).mean()) - (60 + 49)) <= 2
    after = told(project, media_id)
    project.undo()
    assert told(project, media_id) == before
    project.redo()
    assert told(project, media_id) == after


def test_labels_stay_on_their_frames_when_times_differ(project: Project, tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    media_id = labelled_clip(project, path, frames=6)
    layer = project.start_layer("m", "h", ("car",), min_score=0.05, device="cpu", settings={})
    project.write_predictions(layer, media_id, {2: Predictions.empty()})
    before = [project.keyframes(thing.id) for thing in project.objects(media_id)]
    encode_mp4(path, (np.full((64, 64, 3), 90, np.uint8) for _ in range(9)), fps=Fraction(7), crf=1)
    result = take(use_anyway(project, media_id, path, CancelToken()))
    assert (result.media.frames, result.left_out, result.scaled) == (9, 0, False)
    assert [project.keyframes(thing.id) for thing in project.objects(media_id)] == before
    for step in (project.undo, project.redo):
        step()
        assert project.visited_frames(layer, media_id).tolist() == [2]


def test_a_changed_picture_is_used_anyway(project: Project, tmp_path: Path, new: Path) -> None:
    (media_id,) = add(project, picture(tmp_path / "a.png", 40))
    other = picture(new / "b.png", 90, width=60)
    result = take(use_anyway(project, media_id, other, CancelToken()))
    assert (result.media.width, result.scaled, place(project, media_id)) == (60, True, other)
    opener(project)(result.media).close()
    project.undo()
    assert (project.get_media(media_id).path, project.get_media(media_id).width) == ("a.png", 30)


def test_a_sequence_that_lost_a_picture_is_used_anyway(project: Project, tmp_path: Path) -> None:
    (media_id,) = add(project, series(tmp_path / "walk", 40))
    (tmp_path / "walk" / "002.png").unlink()
    media = project.get_media(media_id)
    with pytest.raises(MediaError, match="another file"):
        opener(project)(media)
    result = take(use_anyway(project, media_id, tmp_path / "walk", CancelToken()))
    assert (result.media.frames, result.media.files) == (4, media.files)
    with opener(project)(result.media) as source:
        assert source.read(3).shape == (20, 30, 3)
        with pytest.raises(MediaError, match=r"002\.png"):
            source.read(2)


def test_a_changed_picture_is_one_sentence_of_an_evaluation_and_the_rest_goes_on(
    project: Project, tmp_path: Path
) -> None:
    ids = add(project, picture(tmp_path / "a.png", 40), picture(tmp_path / "b.png", 90))
    with project.edit("Label") as edit:
        car = edit.add_category("car")
        for media_id in ids:
            edit.add_object(media_id, car, 0, Box(2, 2, 9, 9))
            edit.set_frame_state(media_id, [0], FrameState.REVIEWED)
    path = tmp_path / "a.png"
    path.write_bytes(path.read_bytes()[:-1] + b"x")  # of the very size
    pictures = dict(truth_of_project(project).pictures())
    assert "a.png is another file" in str(pictures[1])
    assert isinstance(pictures[2], np.ndarray)
