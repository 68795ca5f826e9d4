"""Plans: the published counts to the digit, and descriptions that do not fit together."""

from __future__ import annotations

import pytest

from yolor_studio.core.errors import ModelError
from yolor_studio.core.resources import shipped
from yolor_studio.yolor.cfg import parse_cfg, read_cfg
from yolor_studio.yolor.layers import Decode, Head, Route
from yolor_studio.yolor.plan import Plan, build_plan
from yolor_studio.yolor.rebuild import with_anchors, with_classes
from yolor_studio.yolor.weights import darknet_bytes

YOLOR_N = shipped("resources", "networks", "yolor-n.cfg")


def conv(filters: int, size: int, *, stride: int = 1, act: str = "leaky", norm: int = 1) -> str:
    return (
        f"[convolutional]\nbatch_normalize={norm}\nfilters={filters}\nsize={size}\nstride={stride}\npad=1\n"
        f"activation={act}\n"
    )


def pool(size: int, stride: int) -> str:
    return f"[maxpool]\nsize={size}\nstride={stride}\n"


def route(layers: str, more: str = "") -> str:
    return f"[route]\nlayers={layers}\n{more}\n"


def yolo(mask: str) -> str:
    return f"[yolo]\nmask={mask}\nanchors=10,14, 23,27, 37,58, 81,82, 135,169, 344,319\nclasses=80\nnum=6\n"


UP = "[upsample]\nstride=2\n"
BARE_HEAD = conv(255, 1, act="linear", norm=0)


def yolov3_tiny() -> str:
    body = "".join(conv(16 << i, 3) + pool(2, 2) for i in range(5)) + conv(512, 3) + pool(2, 1)
    head = conv(1024, 3) + conv(256, 1) + conv(512, 3) + BARE_HEAD + yolo("3,4,5")
    return (
        "[net]\n"
        + body
        + head
        + route("-4")
        + conv(128, 1)
        + UP
        + route("-1,8")
        + conv(256, 3)
        + BARE_HEAD
        + yolo("0,1,2")
    )


def yolov4_tiny() -> str:
    def stage(c: int) -> str:
        half = route("-1", "groups=2\ngroup_id=1")
        return conv(c, 3) + half + conv(c // 2, 3) * 2 + route("-1,-2") + conv(c, 1) + route("-6,-1") + pool(2, 2)

    body = conv(32, 3, stride=2) + conv(64, 3, stride=2) + stage(64) + stage(128) + stage(256) + conv(512, 3)
    head = conv(256, 1) + conv(512, 3) + BARE_HEAD + yolo("3,4,5")
    return (
        "[net]\n"
        + body
        + head
        + route("-4")
        + conv(128, 1)
        + UP
        + route("-1,23")
        + conv(256, 3)
        + BARE_HEAD
        + yolo("1,2,3")
    )


def test_yolor_n_has_the_published_counts():
    plan = build_plan(read_cfg(YOLOR_N))
    assert plan.parameters == 2_240_226
    assert plan.implicit == 673
    assert [round(plan.gflops(size), 2) for size in (224, 320, 416, 640)] == [0.57, 1.17, 1.97, 4.67]
    assert (plan.strides, plan.stride, plan.size, plan.classes) == ((8, 16, 32), 32, 416, 20)
    assert plan.boxes(320, 192) == 3780
    assert {head.decode for head in plan.heads} == {Decode.YOLOR}


def test_yolor_n_for_80_classes_has_the_published_counts():
    plan = build_plan(with_classes(read_cfg(YOLOR_N), 80))
    assert round(plan.parameters / 1e6, 3) == 2.322
    assert [round(plan.gflops(size), 2) for size in (416, 640)] == [2.08, 4.93]
    assert plan.implicit == 64 + 128 + 256 + 3 * 255
    assert plan.classes == 80


@pytest.mark.parametrize(
    ("text", "parameters", "gflops", "length", "strides"),
    [(yolov3_tiny(), 8_852_366, 5.56, 35_434_956, (32, 16)), (yolov4_tiny(), 6_056_606, 6.91, 24_251_276, (32, 16))],
)
def test_darknet_networks_have_the_published_counts(
    text: str, parameters: int, gflops: float, length: int, strides: tuple[int, ...]
):
    plan = build_plan(parse_cfg(text))
    assert plan.parameters == parameters
    assert round(plan.gflops(416), 2) == gflops
    assert darknet_bytes(plan) == length
    assert plan.strides == strides
    assert {head.decode for head in plan.heads} == {Decode.EXPONENTIAL}


def test_a_mask_chooses_among_the_anchors():
    plan = build_plan(parse_cfg(yolov4_tiny()))
    assert plan.anchors == (((81, 82), (135, 169), (344, 319)), ((23, 27), (37, 58), (81, 82)))


def test_classes_and_back_is_the_same_network():
    description = read_cfg(YOLOR_N)
    assert build_plan(with_classes(with_classes(description, 3), 20)) == build_plan(description)


def test_anchors_can_be_replaced_but_not_their_number():
    description = read_cfg(YOLOR_N)
    anchors = [(float(i + 1), 2.5 * (i + 1)) for i in range(9)]
    plan = build_plan(with_anchors(description, anchors))
    assert [anchor for level in plan.anchors for anchor in level] == anchors
    with pytest.raises(ModelError, match="8 anchors were given, but the network has 9"):
        with_anchors(description, anchors[:8])


def small(body: str, *, head: str = "", classes: int = 1) -> Plan:
    end = f"[yolo]\nanchors=8,8\nclasses={classes}\n{head}"
    return build_plan(parse_cfg(f"[net]\nwidth=32\nheight=32\n{body}{end}"))


LAST = "[convolutional]\nfilters=6\nsize=1\nactivation=linear\n"
MIXED = "[implicit_add_2d]\natoms=2\nfilters={}\n[convolutional]\nbias=0\nactivation=linear\n[route]\nlayers=0\n"
ATOMS = LAST + MIXED.format(6)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("[gru]\n", r"Line 4, \[gru\]: this kind of layer is not supported\. Supported are: alternate_channels"),
        ("[convolutional]\nfilters=7\n", "7 channels, but 1 classes and 1 anchors need filters=6"),
        ("[convolutional]\nactivation=elu\n", "the activation 'elu' is not supported"),
        ("[convolutional]\ngroups=2\nfilters=2\n", "do not divide into 2 groups"),
        ("[convolutional]\nsize=3\nfilters=6\n", "does not divide sizes evenly"),
        ("[convolutional]\nsize=3\npad=1\ndilation=2\n", "dilation=2 is not supported"),
        ("[route]\nlayers=-1\n", "reads layer -1"),
        ("[route]\nlayers=0\n", r"but 0 layers \(from 0\) stand before it"),
        ("[route]\n", "'layers' is missing"),
        ("[reorg]\nstride=2\n", "Darknet's old reorg"),
        (LAST + "[upsample]\nstride=2\n", "cannot be enlarged"),
        (LAST + "[reorg]\n[route]\nlayers=0,1\n", "maps of different sizes"),
        (LAST + "[reorg]\n[shortcut]\nfrom=0\n", "maps of different sizes"),
        (LAST + "[shift_channels]\nfrom=-1\n", "must read an implicit layer"),
        ("[implicit_add]\nfilters=4\n" + LAST, "it reads a map of one cell"),
        (LAST + "[route]\nlayers=-1\ngroups=4\n", "do not divide into 4 groups"),
        (LAST + "[shortcut]\nfrom=-1\nweights_type=per_feature\n", "weights_type=per_feature"),
        (LAST + "[maxpool]\nsize=3\npadding=0\n", "does not divide sizes evenly"),
        (LAST + "[avgpool]\n[implicit_add]\nfilters=6\n[route]\nlayers=-1,-2\n", "mixes implicit layers with maps"),
        (LAST + "[avgpool]\n[implicit_add]\nfilters=6\n[shortcut]\nfrom=1\n", "mixes implicit layers with maps"),
        (LAST + "[reorg]\n" * 9, "1,572,864 channels; at most 1,048,576"),
        ("[convolutional]\nfilters=65536\n[dwt]\n", "wavelets of 65536 channels are not supported"),
        (LAST + "[avgpool]\n[dwt]\n", "a map of one cell has no wavelets"),
        ("[implicit_add_2d]\natoms=2\nfilters=6\n[route]\nlayers=0\n", "only convolutions and .*_channels_2d read"),
        ("[implicit_add_2d]\natoms=2\nfilters=6\n[convolutional]\nstride=2\n", "a step over implicit atoms"),
        ("[implicit_add_2d]\natoms=4096\nfilters=65536\n", "4096 atoms of 65536 numbers are too many"),
        (ATOMS + "[shift_channels_2d]\nfrom=1\n", "that a convolution with filters=1 has mixed"),
        (LAST + "[avgpool]\n[route]\nlayers=0\n[shift_channels_2d]\nfrom=-2\n", "it must read implicit atoms"),
        (ATOMS + "[shift_channels]\nfrom=2\n", "only convolutions and .*_channels_2d read"),
        (LAST + MIXED.format(5) + "[shift_channels_2d]\nfrom=2\n", "has 5 values, but its input has 6 channels"),
        (LAST + "[tags]\nclasses=6\n", "must read a map of one cell"),
        ("[implicit_add]\nfilters=6\n[tags]\nclasses=6\n", "must read a map of one cell"),
        (LAST + "[avgpool]\n[tags]\nclasses=5\n", "has 6 channels, but 5 classes need as many"),
        (LAST + "[avgpool]\n[embedding]\n", "every cell of a .yolo. needs a vector"),
        (LAST + "[embedding]\n[dropout]\n", "an output of the network, which gives no map"),
    ],
)
def test_what_does_not_fit_is_named(body: str, told: str):
    with pytest.raises(ModelError, match=told):
        small(body)


@pytest.mark.parametrize(
    ("head", "told"),
    [
        ("anchors=", None),
        ("mask=1", "does not fit 1 anchors"),
        ("decode=nonsense", "decode=nonsense is unknown"),
    ],
)
def test_a_head_that_makes_no_sense_is_named(head: str, told: str | None):
    if told is None:
        with pytest.raises(ModelError, match="'anchors' must hold pairs"):
            build_plan(parse_cfg(f"[net]\n{LAST}[yolo]\nanchors=8\nclasses=1\n"))
        return
    with pytest.raises(ModelError, match=told):
        small(LAST, head=head)


def test_a_network_without_boxes_or_of_other_pictures_is_refused():
    with pytest.raises(ModelError, match=r"no \[yolo\] section"):
        build_plan(parse_cfg("[net]\n[convolutional]\n"))
    with pytest.raises(ModelError, match="pictures of 1 channels"):
        build_plan(parse_cfg("[net]\nchannels=1\n"))
    with pytest.raises(ModelError, match="disagree on the number of classes"):
        two = LAST + "[yolo]\nanchors=8,8\nclasses=1\n[route]\nlayers=0\n"
        small(two + "[convolutional]\nfilters=7\nactivation=linear\n", classes=2)


TAGGED = (
    LAST.replace("6", "{boxes}")
    + "[yolo]\nanchors=8,8\nclasses={classes}\n[route]\nlayers=0\n[avgpool]\n"
    + LAST.replace("6", "{tags}")
    + "[tags]\nclasses={tags}\n"
)


def test_tags_and_embeddings_fit_the_boxes():
    text = "[net]\n" + TAGGED + "[route]\nlayers=0\n[convolutional]\nfilters=9\n[embedding]\n"
    plan = build_plan(parse_cfg(text.format(boxes=8, classes=3, tags=3)))
    assert [layer.index for layer in plan.tags] == [5]
    assert [layer.channels for layer in plan.embeddings] == [9]
    with pytest.raises(ModelError, match=r"\[tags\] has 2 classes, but the \[yolo\] sections have 3"):
        build_plan(parse_cfg(text.format(boxes=8, classes=3, tags=2)))
    with pytest.raises(ModelError, match=r"a second \[tags\] section"):
        again = text.format(boxes=8, classes=3, tags=3) + "[route]\nlayers=4\n[tags]\nclasses=3\n"
        build_plan(parse_cfg(again))
    with pytest.raises(ModelError, match=r"\[embedding\] sections have the strides \[1, 2\]"):
        more = "[route]\nlayers=0\n[reorg]\n[convolutional]\nfilters=9\n[embedding]\n"
        build_plan(parse_cfg(text.format(boxes=8, classes=3, tags=3) + more))


def test_embeddings_stand_in_the_order_of_the_heads():
    text = (
        "[net]\n[convolutional]\nfilters=6\n[yolo]\nanchors=8,8\nclasses=1\n[route]\nlayers=0\n[reorg]\n"
        "[convolutional]\nfilters=6\n[yolo]\nanchors=8,8\nclasses=1\n"
        "[route]\nlayers=4\n[convolutional]\nfilters=4\n[embedding]\n"
        "[route]\nlayers=0\n[convolutional]\nfilters={}\n[embedding]\n"
    )
    plan = build_plan(parse_cfg(text.format(4)))
    assert [layer.stride for layer in plan.embeddings] == [1, 2] == list(plan.strides)
    with pytest.raises(ModelError, match=r"the length of their vectors: \[4, 5\]"):
        build_plan(parse_cfg(text.format(5)))


def test_classes_change_in_every_task_and_in_every_kind_of_implicit_knowledge():
    text = (
        "[net]\n[convolutional]\nfilters=4\n[avgpool]\n[convolutional]\nfilters=2\n[tags]\nclasses=2\n"
        "[implicit_mul_2d]\natoms=3\nfilters=14\n[convolutional]\nbias=0\n"
        "[implicit_add]\nfilters=5\n[convolutional]\nfilters=14\n[implicit_mul]\nfilters=14\n"
        "[route]\nlayers=0\n[convolutional]\nfilters=14\n[control_channels_2d]\nfrom=5\n[dropout]\n"
        "[shift_channels]\nfrom=7\n[control_channels]\nfrom=8\n[yolo]\nanchors=8,8,9,9\nclasses=2\n"
    )
    before = build_plan(parse_cfg(text))
    after = build_plan(with_classes(parse_cfg(text), 7))
    assert (after.classes, after.tags[0].channels, after.heads[0].channels) == (7, 7, 24)
    shapes = after.shapes()
    assert shapes["layers.4.implicit"] == (1, 3, 24, 1)
    assert shapes["layers.6.implicit"] == before.shapes()["layers.6.implicit"]
    assert shapes["layers.7.conv.weight"] == (24, 5, 1, 1)
    assert build_plan(with_classes(with_classes(parse_cfg(text), 7), 2)) == before


def test_the_form_of_a_head_comes_from_the_description():
    implicit = "[implicit_mul]\nfilters=6\n[route]\nlayers=0\n[control_channels]\nfrom=-2\n"
    assert small(LAST).heads[0].decode is Decode.EXPONENTIAL
    assert small(LAST, head="new_coords=1\nscale_x_y=2").heads[0].decode is Decode.NEW_COORDS
    assert small(LAST + implicit).heads[0].decode is Decode.YOLOR
    assert small(LAST, head="decode=yolor").heads[0].decode is Decode.YOLOR
    assert small(LAST + implicit, head="decode=darknet").heads[0].decode is Decode.EXPONENTIAL


def test_a_layer_reads_what_its_index_says():
    plan = small("[convolutional]\nfilters=4\n[convolutional]\nfilters=2\n[route]\nlayers=0,-1\n")
    assert plan.layers[2].inputs == (0, 1)
    assert isinstance(plan.layers[2], Route)
    assert isinstance(plan.layers[3], Head)
