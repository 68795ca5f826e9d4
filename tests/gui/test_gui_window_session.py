"""The session, navigation and edits, without a window."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from gui_window_kit import add_layer, make_project, make_session, predictions
from hypothesis import given
from hypothesis import strategies as st

from yolor_studio.core.entities import Box, FrameState, Origin
from yolor_studio.gui.canvas import BoxRef
from yolor_studio.gui.editing import Editor
from yolor_studio.gui.navigation import next_open_frame, next_place, span_from_last_reviewed, stepped
from yolor_studio.gui.selection import Selection
from yolor_studio.gui.session import Session

CAR_AND_PERSON = predictions(((10, 10, 50, 40), 0, 0.9), ((120, 60, 20, 60), 1, 0.6), ((200, 100, 40, 40), 2, 0.1))

Kit = tuple[Session, Selection, Editor]


@pytest.fixture
def kit(tmp_path: Path, qapp: object) -> Iterator[Kit]:
    session, selection, editor = make_session(make_project(tmp_path / "a.yolor", videos=2))
    media = session.current
    assert media is not None
    add_layer(session.project, media.id, {0: CAR_AND_PERSON, 1: CAR_AND_PERSON})
    yield session, selection, editor
    session.close()


def place(session: Session) -> tuple[int, int]:
    assert session.current is not None
    return session.current.id, session.frame


# Navigation


@given(st.integers(0, 200), st.integers(1, 100), st.integers(-30, 30), st.integers(1, 10))
def test_a_step_stays_inside_the_media(frame: int, frames: int, by: int, step: int) -> None:
    assert 0 <= stepped(min(frame, frames - 1), frames, by=by, step=step) < frames


@given(st.dictionaries(st.integers(0, 40), st.just(FrameState.REVIEWED)), st.integers(1, 7), st.integers(0, 41))
def test_the_next_open_frame_is_the_first_on_the_step(states: dict[int, FrameState], step: int, start: int) -> None:
    expected = [frame for frame in range(0, 40, step) if frame >= start and frame not in states]
    assert next_open_frame(states, 40, step=step, start=start) == (expected[0] if expected else None)
    before = [frame for frame in range(0, 40, step) if frame <= start and frame not in states]
    assert next_open_frame(states, 40, step=step, start=start, backwards=True) == (before[-1] if before else None)


def test_the_search_goes_round_all_media_and_back_to_the_first() -> None:
    asked: list[tuple[int, bool]] = []

    def search(media_id: int, rest: bool) -> int | None:
        asked.append((media_id, rest))
        return None

    assert next_place([1, 2, 3], 2, search) is None
    assert asked == [(2, True), (3, False), (1, False), (2, False)]


def test_the_span_reaches_back_to_the_last_reviewed_frame() -> None:
    states = {3: FrameState.REVIEWED, 6: FrameState.SKIPPED}
    assert span_from_last_reviewed(states, 9, step=1) == [4, 5, 7, 8, 9]
    assert span_from_last_reviewed({}, 10, step=5) == [0, 5, 10]


def test_stepping_keeps_to_the_working_step(tmp_path: Path, qapp: object) -> None:
    session, _, _ = make_session(make_project(tmp_path / "b.yolor", frames=23, step=5))
    session.step(1)
    session.step(1)
    assert session.frame == 10
    session.step(1, long=True)
    assert session.frame == 22
    session.close()


def test_the_place_is_remembered_over_a_reopening(tmp_path: Path, qapp: object) -> None:
    from yolor_studio.project import Project

    session, _, _ = make_session(make_project(tmp_path / "c.yolor", videos=2))
    second = session.media[1].id
    session.go(second, 7)
    session.close()
    again, _, _ = make_session(Project.open(tmp_path / "c.yolor"))
    assert place(again) == (second, 7)
    again.close()


# Editing


def test_drawing_makes_a_selected_object_of_the_category_in_use(kit: Kit) -> None:
    session, selection, editor = kit
    session.set_category(2)
    object_id = editor.draw(Box(5, 6, 30, 20))
    assert [(box.object.category_id, box.box) for box in session.boxes()] == [(2, Box(5, 6, 30, 20))]
    assert selection.refs == {BoxRef("object", object_id or 0)}


def test_editing_a_prediction_accepts_it_as_corrected_by_hand(kit: Kit) -> None:
    session, selection, editor = kit
    editor.change(BoxRef("prediction", 0), Box(12, 10, 50, 40))
    (box,) = session.boxes()
    assert (box.box, box.origin) == (Box(12, 10, 50, 40), Origin.HUMAN)
    assert selection.object_ids == [box.object.id]
    assert session.project.undo() is not None
    assert session.boxes() == []


def test_accepting_what_is_shown_leaves_out_what_the_score_hides(kit: Kit) -> None:
    session, _, editor = kit
    assert editor.accept_shown() == 2
    assert {box.origin for box in session.boxes()} == {Origin.MODEL}
    shown = session.shown()
    assert shown is not None
    assert len(shown) == 0


def test_space_accepts_reviews_and_is_one_step_to_undo(kit: Kit) -> None:
    session, _, editor = kit
    assert editor.accept_shown_and_review() == 2
    assert session.state() is FrameState.REVIEWED
    session.seek(20)
    assert editor.undo() == "Accept and review"
    assert session.frame == 0
    assert (session.state(), session.boxes()) == (FrameState.UNTOUCHED, [])


def test_undo_and_redo_go_to_the_frame_that_they_change(kit: Kit) -> None:
    session, _, editor = kit
    first, second = session.media[0].id, session.media[1].id
    session.go(first, 3)
    editor.draw(Box(0, 0, 10, 10))
    session.go(second, 9)
    editor.undo()
    assert place(session) == (first, 3)
    session.go(second, 9)
    editor.redo()
    assert place(session) == (first, 3)


def test_a_run_of_nudges_is_one_step(kit: Kit) -> None:
    session, _, editor = kit
    editor.draw(Box(50, 50, 20, 20))
    for _ in range(5):
        editor.nudge(1, 0)
    assert session.boxes()[0].box == Box(55, 50, 20, 20)
    editor.undo()
    assert session.boxes()[0].box == Box(50, 50, 20, 20)


def test_a_nudge_stops_at_the_border(kit: Kit) -> None:
    session, _, editor = kit
    editor.draw(Box(4, 4, 20, 20))
    editor.nudge(-10, -10)
    assert session.boxes()[0].box == Box(0, 0, 20, 20)


def test_recategorising_objects_and_predictions_at_once(kit: Kit) -> None:
    session, selection, editor = kit
    object_id = editor.draw(Box(200, 10, 20, 20))
    selection.set([BoxRef("object", object_id or 0), BoxRef("prediction", 1)])
    editor.recategorise(3)
    assert {box.object.category_id for box in session.boxes()} == {3}
    assert len(session.boxes()) == 2
    editor.undo()
    assert len(session.boxes()) == 1


def test_deleting_selected_boxes_rejects_selected_predictions(kit: Kit) -> None:
    session, selection, editor = kit
    object_id = editor.draw(Box(200, 10, 20, 20))
    selection.set([BoxRef("object", object_id or 0), BoxRef("prediction", 0)])
    editor.delete()
    shown = session.shown()
    assert shown is not None
    assert (session.boxes(), shown.rows.tolist()) == ([], [1])


def test_copy_paste_and_duplicate_make_new_objects(kit: Kit) -> None:
    session, _, editor = kit
    editor.draw(Box(10, 10, 20, 20))
    assert editor.copy() == 1
    session.seek(5)
    assert editor.paste() == 1
    assert editor.duplicate() == 1
    boxes = sorted(box.box for box in session.boxes())
    assert boxes == [Box(10, 10, 20, 20), Box(22, 22, 20, 20)]


def test_repeating_the_previous_frame_keeps_the_objects(kit: Kit) -> None:
    session, _, editor = kit
    object_id = editor.draw(Box(10, 10, 20, 20))
    session.step(1)
    assert editor.repeat_previous() == 1
    assert [box.object.id for box in session.boxes()] == [object_id]
    assert editor.repeat_previous() == 0


def test_a_click_offers_the_best_hidden_prediction_and_a_digit_takes_it(kit: Kit) -> None:
    session, _, editor = kit
    assert editor.offers(300, 200) == []
    (offer,) = editor.offers(210, 110)
    assert (offer.row, round(offer.score, 2), offer.category_id) == (2, 0.1, 3)
    editor.take_offer(offer, 1)
    assert [box.object.category_id for box in session.boxes()] == [1]


def test_reviewing_says_how_many_predictions_it_leaves_out(kit: Kit) -> None:
    _, _, editor = kit
    assert editor.set_state(FrameState.REVIEWED) == 2
    assert editor.set_state(FrameState.UNTOUCHED) == 0


def test_reviewing_to_here_and_the_whole_media(kit: Kit) -> None:
    session, _, editor = kit
    session.seek(4)
    assert editor.review_from_last() == 5
    assert editor.review_media() == 25
    assert session.project.counts().reviewed == 30


def test_the_next_open_frame_skips_reviewed_ones_and_crosses_media(kit: Kit) -> None:
    session, _, editor = kit
    editor.review_media()
    assert session.next_open() == (session.media[1].id, 0)
    assert session.next_open(with_predictions=True) is None


def test_occluded_is_for_this_frames_box(kit: Kit) -> None:
    session, _, editor = kit
    editor.draw(Box(10, 10, 20, 20))
    editor.toggle_occluded()
    assert session.boxes()[0].occluded
    editor.toggle_occluded()
    assert not session.boxes()[0].occluded


def test_before_anything_is_drawn_the_commonest_category_is_chosen(kit: Kit) -> None:
    session, _, _ = kit
    two_people = predictions(((10, 10, 50, 40), 1, 0.9), ((120, 60, 20, 60), 1, 0.6), ((200, 100, 40, 40), 0, 0.5))
    session.set_category(3)
    layer = session.project.shown_layer()
    assert layer is not None
    session.project.write_predictions(layer.id, session.media[0].id, {2: two_people})
    session.choose_common_category()
    assert session.category_id == 2


def test_digits_go_in_order_until_a_person_gives_one(kit: Kit) -> None:
    from yolor_studio.gui.hotkeys import effective_hotkeys
    from yolor_studio.gui.panels.categories import CategoryEditor

    session, _, _ = kit
    categories = CategoryEditor(session)
    assert effective_hotkeys(session.categories) == {1: "1", 2: "2", 3: "3"}
    categories.set_hotkey(3, "1")
    assert effective_hotkeys(session.categories) == {2: "2", 3: "1"}
    added = categories.add("cat")
    assert effective_hotkeys(session.categories)[added] == "3"
    assert session.category_id == added


def test_a_category_in_use_goes_only_into_another(kit: Kit) -> None:
    from yolor_studio.core.errors import ProjectError
    from yolor_studio.gui.panels.categories import CategoryEditor

    session, _, editor = kit
    session.set_category(1)
    editor.draw(Box(5, 6, 30, 20))
    categories = CategoryEditor(session)
    with pytest.raises(ProjectError):
        categories.delete(1)
    categories.delete(1, into=2)
    assert [box.object.category_id for box in session.boxes()] == [2]
    assert categories.objection("Person") != ""
    assert categories.objection("Person", but=2) == ""
