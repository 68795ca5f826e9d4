"""The published networks, composed in code: every layer that YOLOR.md or a checkpoint's keys name is at its place."""

from __future__ import annotations

import pytest

from yolor_studio.yolor import zoo
from yolor_studio.yolor.layers import Activation, Conv, Decode, Head, Implicit, MaxPool, Route, Scale, Upsample
from yolor_studio.yolor.plan import Plan, build_plan


def plan_of(name: str) -> Plan:
    return build_plan(zoo.description(name))


def places(plan: Plan, kind: type) -> list[int]:
    return [layer.index for layer in plan.layers if isinstance(layer, kind)]


def laterals(plan: Plan) -> list[int]:
    """What is read behind each enlargement, beside it."""
    found = []
    for index in places(plan, Upsample):
        before = next(layer for layer in plan.layers[index + 1 :] if isinstance(layer, Route))
        found.append(min(before.inputs))
    return found


def joins(plan: Plan) -> list[int]:
    """What the maps that were halved in the neck are put beside."""
    last_up = places(plan, Upsample)[-1]
    halved = [layer.index for layer in plan.layers[last_up:] if isinstance(layer, Conv) and layer.step == 2]
    routes = [plan.layers[index + 1] for index in halved]
    return [min(route.inputs) for route in routes]


def head_sources(plan: Plan) -> list[int]:
    """The finished maps that the heads' first convolutions read."""
    found = []
    for head in plan.heads:
        index = head.index
        while not (isinstance(layer := plan.layers[index], Route) or index in found):
            index -= 1
        found.append(layer.inputs[0])
    return found


MAIN_LINE = {
    # name: first implicit layer, [yolo] sections, pools, laterals, joins, maps before the heads
    "yolor_csp": (164, [175, 181, 187], [104, 106, 108], [79, 48], [127, 113], [141, 152, 163]),
    "yolor_csp_x": (192, [203, 209, 215], [122, 124, 126], [94, 57], [149, 133], [165, 178, 191]),
    "yolor_p6": (203, [216, 222, 228, 234], [106, 108, 110], [85, 70, 43], [147, 131, 115], [163, 176, 189, 202]),
    "yolor_w6": (203, [216, 222, 228, 234], [106, 108, 110], [85, 70, 43], [147, 131, 115], [163, 176, 189, 202]),
}


@pytest.mark.parametrize("name", MAIN_LINE)
def test_the_main_lines_layers_are_where_its_checkpoints_number_them(name: str):
    plan = plan_of(name)
    implicit, heads, pools, lateral, join, sources = MAIN_LINE[name]
    assert places(plan, Implicit) == list(range(implicit, implicit + 2 * len(heads)))
    assert places(plan, Head) == heads
    assert places(plan, MaxPool) == pools
    assert laterals(plan) == lateral
    assert joins(plan) == join
    assert head_sources(plan) == sources
    assert {head.decode for head in plan.heads} == {Decode.YOLOR}


def test_darknets_older_csp_has_each_head_right_behind_its_map():
    plan = plan_of("yolov4-csp")
    assert places(plan, Head) == [144, 159, 174]
    assert (laterals(plan), joins(plan)) == ([79, 48], [127, 113])
    for head in plan.heads:
        numbers = plan.layers[head.index - 1]
        assert isinstance(numbers, Conv)
        assert numbers.activation is Activation.LOGISTIC
        assert (head.decode, head.scale_xy) == (Decode.NEW_COORDS, 2.0)


def test_darknets_p7_attends_to_cells_before_each_head():
    plan = plan_of("cspx-p7-mish")
    assert laterals(plan) == [180, 152, 124, 72]
    assert joins(plan) == [271, 255, 239, 223]
    assert head_sources(plan) == [287, 300, 313, 326, 339]
    assert places(plan, Scale) == [head.index - 3 for head in plan.heads]
    assert plan.anchors[4] == ((812, 393), (477, 808), (1070, 908), (1408, 1408))


def test_darknets_yolov4_scales_each_level_differently():
    plan = plan_of("yolov4")
    assert (laterals(plan), joins(plan)) == ([85, 54], [126, 116])
    assert [(head.stride, head.scale_xy) for head in plan.heads] == [(8, 1.2), (16, 1.1), (32, 1.05)]
    kinds = [layer.activation for layer in plan.layers if isinstance(layer, Conv)]
    assert kinds.count(Activation.MISH) == 72
    assert kinds.index(Activation.LEAKY) == 72


@pytest.mark.parametrize("name", ["yolov3", "yolov3-spp"])
def test_yolov3_begins_with_the_coarsest_level(name: str):
    plan = plan_of(name)
    assert [head.stride for head in plan.heads] == [32, 16, 8]
    assert laterals(plan) == [61, 36]
    assert plan.anchors[0] == ((116, 90), (156, 198), (373, 326))
    assert {head.decode for head in plan.heads} == {Decode.EXPONENTIAL}


def test_the_tiny_networks_share_their_quirks_of_anchors():
    assert plan_of("yolov4-tiny").anchors[1] == ((23, 27), (37, 58), (81, 82))
    assert plan_of("yolov3-tiny").anchors[1] == ((10, 14), (23, 27), (37, 58))
    assert laterals(plan_of("yolov4-tiny")) == [23]
    assert laterals(plan_of("yolov4-tiny-3l")) == [23, 15]


def test_the_tiny_yolov4s_blocks_read_the_second_half_of_the_channels():
    halves = [layer for layer in plan_of("yolov4-tiny").layers if isinstance(layer, Route) and layer.groups == 2]
    assert [(half.index, half.group) for half in halves] == [(3, 1), (11, 1), (19, 1)]


def test_yolov7_joins_all_three_maps_on_the_way_up():
    plan = plan_of("yolov7")
    assert laterals(plan) == [42, 27]
    joined = [layer.inputs for layer in plan.layers if isinstance(layer, Route) and len(layer.inputs) == 3]
    assert [min(inputs) for inputs in joined] == [86, 72]
    assert head_sources(plan) == [100, 115, 130]


def test_yolov7_tiny_has_its_maps_at_their_places():
    plan = plan_of("yolov7-tiny")
    assert laterals(plan) == [24, 16]
    assert joins(plan) == [56, 44]
    assert head_sources(plan) == [68, 77, 86]
