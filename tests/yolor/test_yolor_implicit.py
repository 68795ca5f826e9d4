"""What is told of implicit knowledge: every way, every kind, every place, folded or kept with the reason."""

from __future__ import annotations

import numpy as np
import pytest
from fold_kit import difference, kinds, plan_of

from yolor_studio.core.resources import shipped
from yolor_studio.yolor.cfg import parse_cfg, read_cfg
from yolor_studio.yolor.implicit import (
    ImplicitVector,
    Modelling,
    Way,
    implicit_report,
)
from yolor_studio.yolor.layers import Joined
from yolor_studio.yolor.plan import Plan, build_plan
from yolor_studio.yolor.reference import random_weights


def conv(filters: int, *, size: int = 1, act: str = "linear", more: str = "") -> str:
    return f"[convolutional]\nfilters={filters}\nsize={size}\npad=1\nactivation={act}\n{more}\n"


FIRST = "[net]\nwidth=32\nheight=32\n" + conv(4, act="leaky")
YOLO = "[yolo]\nanchors=8,9\nclasses=1\n"
HEAD = conv(6) + YOLO
VECTOR = "[implicit_add]\nfilters=4\n[route]\nlayers=0\n[{}_channels]\nfrom=1\n"


def report(body: str) -> tuple[ImplicitVector, ...]:
    plan = build_plan(parse_cfg(body))
    return implicit_report(plan, random_weights(plan, seed=1, bn_eps=1e-4))


def only(body: str) -> ImplicitVector:
    (vector,) = report(body)
    return vector


def bundled() -> Plan:
    return build_plan(read_cfg(shipped("resources", "networks", "yolor-n.cfg")))


def test_the_bundled_network_adds_before_and_multiplies_on_every_prediction():
    plan = bundled()
    weights = random_weights(plan, seed=0, bn_eps=1e-4)
    vectors = implicit_report(plan, weights)
    assert [v.where for v in vectors] == [
        f"{place} the prediction of stride {stride}" for stride in (8, 16, 32) for place in ("before", "on")
    ]
    assert [v.way for v in vectors] == [Way.ADD, Way.MULTIPLY] * 3
    assert all(v.folded and v.kind is Modelling.VECTOR and v.task == "boxes" for v in vectors)
    assert sum(v.size for v in vectors) == plan.implicit
    for v in vectors:
        np.testing.assert_array_equal(v.values, weights[f"layers.{v.layer}.implicit"].ravel())
    on = vectors[1].layout()
    assert on is not None
    assert on.shape == (3, 25)
    assert vectors[1].anchors == plan.anchors[0]
    assert vectors[0].layout() is None


@pytest.mark.parametrize(
    ("way", "told"),
    [("shift", Way.ADD), ("control", Way.MULTIPLY), ("alternate", Way.CONCATENATE), ("select", Way.SELECT)],
)
def test_every_way_is_folded_before_a_one_by_one(way: str, told: Way):
    vector = only(FIRST + VECTOR.format(way) + HEAD)
    assert (vector.way, vector.folded, vector.where) == (told, True, "before the prediction of stride 1")
    assert vector.reason == "Folded into the convolution after it."


@pytest.mark.parametrize("way", ["shift", "alternate"])
def test_what_stands_before_a_padded_convolution_is_kept_and_told(way: str):
    vector = only(FIRST + VECTOR.format(way) + conv(4, size=3, act="leaky") + HEAD)
    assert not vector.folded
    assert "pads its map with zeros" in vector.reason
    assert (vector.where, vector.task) == ("on a map of stride 1", "boxes")


def test_a_factor_before_a_padded_convolution_is_folded():
    assert only(FIRST + VECTOR.format("control") + conv(4, size=3) + HEAD).folded


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (VECTOR.format("shift") + "[maxpool]\nsize=3\n" + HEAD, "something other than a convolution reads it"),
        (VECTOR.format("alternate") + conv(6, more="groups=2") + YOLO, "works in groups"),
        ("[implicit_mul]\nfilters=4\n[scale_channels]\nfrom=0\nactivation=relu\n" + HEAD, "an activation follows it"),
    ],
)
def test_whatever_else_cannot_be_folded_is_told(body: str, reason: str):
    vector = only(FIRST + body)
    assert not vector.folded
    assert reason in vector.reason


WAYS = {"add": "shift", "mul": "control", "cat": "alternate", "sig": "select"}
MADE = {
    "vector": "[implicit_mul]\nfilters=4\n",
    "neural network": "[implicit_add]\nfilters=8\n" + conv(6) + conv(4, more="bias=0"),
    "matrix factorisation": "[implicit_add_2d]\natoms=3\nfilters=4\n" + conv(1, more="bias=0"),
}
PLACES = {
    "before 1x1": ("leaky", conv(5, act="silu")),
    "before padded": ("leaky", conv(5, size=3, act="silu")),
    "before 1x1 in groups": ("leaky", conv(4, act="silu", more="groups=2")),
    "after a plain convolution": ("linear", "[maxpool]\nsize=3\nstride=1\n"),
    "alone": ("leaky", "[maxpool]\nsize=3\nstride=1\n"),
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", MADE)
@pytest.mark.parametrize("way", WAYS)
def test_every_way_and_kind_at_every_place_is_folded_exactly_or_kept_and_told(way: str, kind: str, place: str):
    act, following = PLACES[place]
    suffix = "_2d" if kind == "matrix factorisation" else ""
    made = MADE[kind]
    vector = made.count("[")
    body = conv(4, size=3, act=act) + made + f"[route]\nlayers=0\n[{WAYS[way]}_channels{suffix}]\nfrom={vector}\n"
    plan = plan_of(body + following)
    gap, folded = difference(plan, seed=5)
    assert gap < 1e-12
    (told,) = implicit_report(plan, random_weights(plan, seed=5, bn_eps=1e-4))
    adds, multiplies = way in ("add", "cat"), way in ("mul", "sig")
    expected = {
        "before 1x1": True,
        "before padded": multiplies,
        "before 1x1 in groups": way != "cat",
        "after a plain convolution": not (adds and way == "cat"),
        "alone": False,
    }[place]
    assert told.kind == kind
    assert told.folded is expected
    assert told.reason.startswith("Folded" if expected else "Kept")
    assert (Joined in kinds(folded)) is not expected


def test_what_nothing_needs_is_left_out():
    vector = only(FIRST + VECTOR.format("shift") + "[route]\nlayers=0\n" + HEAD)
    assert vector.reason == "Left out: no output depends on it."
    assert vector.task == ""


def test_a_network_over_a_vector_is_worked_out():
    body = FIRST + "[implicit_add]\nfilters=8\n" + conv(4) + "[route]\nlayers=0\n[shift_channels]\nfrom=2\n" + HEAD
    plan = build_plan(parse_cfg(body))
    weights = random_weights(plan, seed=1, bn_eps=1e-4)
    (vector,) = implicit_report(plan, weights)
    assert (vector.kind, vector.layer, vector.size, len(vector.values)) == (Modelling.NETWORK, 1, 8, 4)
    weight, bias = (weights[f"layers.2.conv.{part}"].astype(np.float64) for part in ("weight", "bias"))
    np.testing.assert_allclose(vector.values, weight[:, :, 0, 0] @ weights["layers.1.implicit"].ravel() + bias)
    assert vector.folded


def test_atoms_are_mixed_into_one_vector():
    mixed = "[implicit_mul_2d]\natoms=2\nfilters=6\n" + conv(1, more="bias=0")
    body = FIRST + mixed + "[route]\nlayers=0\n" + conv(6) + "[control_channels_2d]\nfrom=2\n" + YOLO
    plan = build_plan(parse_cfg(body))
    weights = random_weights(plan, seed=1, bn_eps=1e-4)
    (vector,) = implicit_report(plan, weights)
    assert (vector.kind, vector.size, vector.where) == (
        Modelling.FACTORISATION,
        12,
        "on the prediction of stride 1",
    )
    atoms = weights["layers.1.implicit"][0, :, :, 0].astype(np.float64)
    np.testing.assert_allclose(vector.values, weights["layers.2.conv.weight"].ravel() @ atoms)
    assert vector.reason == "Folded into the convolution before it."
    assert vector.layout() is not None


def test_darknets_own_kind_multiplies_through_scale_channels():
    vector = only(FIRST + "[implicit]\nfilters=4\nmean=1\n[scale_channels]\nfrom=0\n" + HEAD)
    assert (vector.way, vector.folded) == (Way.MULTIPLY, True)


def test_a_vector_of_a_picture_is_no_implicit_knowledge():
    body = FIRST + "[avgpool]\n[route]\nlayers=0\n[control_channels]\nfrom=1\n" + HEAD
    assert report(body) == ()


def test_tags_and_embeddings_have_their_own():
    body = (
        FIRST
        + HEAD
        + "[route]\nlayers=0\n[avgpool]\n[implicit_add]\nfilters=4\n[route]\nlayers=4\n[shift_channels]\nfrom=5\n"
        + conv(1)
        + "[tags]\nclasses=1\n[implicit_mul]\nfilters=3\n[route]\nlayers=0\n"
        + conv(3)
        + "[control_channels]\nfrom=10\n[embedding]\n"
    )
    tags, embedding = report(body)
    assert (tags.task, tags.where, tags.folded) == ("tags", "before the tags, from stride 1", True)
    assert (embedding.task, embedding.where) == ("embeddings", "on the embedding of stride 1")


def test_a_pooled_map_is_named_after_the_one_before_its_pools():
    body = (
        FIRST
        + HEAD
        + "[route]\nlayers=0\n[maxpool]\nsize=4\nstride=4\npadding=0\n[avgpool]\n[implicit_mul]\nfilters=4\n"
    )
    vector = only(body + "[route]\nlayers=5\n[control_channels]\nfrom=6\n" + conv(1) + "[tags]\nclasses=1\n")
    assert (vector.where, vector.stride) == ("before the tags, from stride 1", 1)


def test_vectors_that_are_joined_with_one_another_are_worked_out():
    body = (
        FIRST + "[implicit_add]\nfilters=4\n[implicit_mul]\nfilters=4\n[route]\nlayers=1\n[control_channels]\nfrom=2\n"
    )
    together, joined = report(body + "[route]\nlayers=0\n[shift_channels]\nfrom=4\n" + HEAD)
    assert (together.folded, together.reason) == (True, "Worked out once: it depends on no picture.")
    assert (joined.folded, joined.size, joined.layer) == (True, 8, 1)


def test_what_several_tasks_share_says_so():
    shared = FIRST + VECTOR.format("shift") + conv(4, size=3) + HEAD
    vector = only(shared + "[route]\nlayers=4\n[avgpool]\n" + conv(1) + "[tags]\nclasses=1\n")
    assert (vector.task, vector.where) == ("boxes and tags", "on a map of stride 1, for the boxes and tags")


def test_a_thousand_joins_of_a_layer_with_itself_are_looked_through_once():
    body = FIRST + "[avgpool]\n" + "[shift_channels]\nfrom=-1\n" * 1000
    vectors = report(
        body + "[implicit_add]\nfilters=4\n[route]\nlayers=1001\n[shift_channels]\nfrom=-2\n[route]\nlayers=0\n" + HEAD
    )
    assert len(vectors) == 1
