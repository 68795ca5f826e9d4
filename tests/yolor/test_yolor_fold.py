"""Folding is exact: in float64 a folded network equals the plain one to 1e-12."""

from __future__ import annotations

import numpy as np
import pytest
from fold_kit import BARE, NORM, conv, difference, kinds, plan_of
from hypothesis import given, settings
from hypothesis import strategies as st

from yolor_studio.core.resources import shipped
from yolor_studio.yolor.cfg import parse_cfg, read_cfg
from yolor_studio.yolor.layers import Conv, Dwt, Joined, Norm, ReOrg
from yolor_studio.yolor.plan import build_plan
from yolor_studio.yolor.reference import run_layer


def test_yolor_n_folds_to_convolutions_alone():
    plan = build_plan(read_cfg(shipped("resources", "networks", "yolor-n.cfg")))
    gap, folded = difference(plan)
    assert gap < 1e-12
    assert Joined not in kinds(folded)
    assert folded.scaled


@pytest.mark.parametrize("kind", ["shift", "control", "select"])
@pytest.mark.parametrize("before", [True, False])
def test_a_vector_beside_a_plain_convolution_vanishes(kind: str, before: bool):
    joined = f"[implicit_add]\nfilters=4\n[route]\nlayers=0\n[{kind}_channels]\nfrom=1\n"
    pool = "[maxpool]\nsize=3\nstride=1\n"
    body = conv(4, act="leaky") + joined + conv(8) if before else conv(4) + joined + pool
    gap, folded = difference(plan_of(body))
    assert gap < 1e-12
    assert Joined not in kinds(folded)


def test_a_vector_added_before_a_padded_convolution_is_kept():
    body = conv(4, act="leaky") + "[implicit_add]\nfilters=4\n[route]\nlayers=0\n[shift_channels]\nfrom=1\n"
    gap, folded = difference(plan_of(body + conv(8, size=3)))
    assert gap < 1e-12
    assert Joined in kinds(folded)


@pytest.mark.parametrize("kind", ["control", "select"])
@pytest.mark.parametrize("groups", [1, 2, 4])
def test_a_factor_before_a_padded_convolution_vanishes(kind: str, groups: int):
    body = conv(4, act="leaky") + f"[implicit_mul]\nfilters=4\n[route]\nlayers=0\n[{kind}_channels]\nfrom=1\n"
    gap, folded = difference(plan_of(body + conv(8, size=3, more=f"groups={groups}")))
    assert gap < 1e-12
    assert Joined not in kinds(folded)


@pytest.mark.parametrize(("size", "left"), [(1, False), (3, True)])
def test_concatenated_vectors_vanish_before_a_one_by_one(size: int, left: bool):
    body = conv(4, act="leaky") + "[implicit_cat]\nfilters=2\n[route]\nlayers=0\n[alternate_channels]\nfrom=1\n"
    gap, folded = difference(plan_of(body + conv(8, size=size)))
    assert gap < 1e-12
    assert (Joined in kinds(folded)) is left


def test_a_vector_that_a_network_makes_is_worked_out_once():
    """The paper's neural-network form: an implicit vector through a convolution of its own."""
    made = "[implicit_add]\nfilters=5\n" + conv(4, act="silu")
    body = conv(4, act="leaky") + made + "[route]\nlayers=0\n[shift_channels]\nfrom=2\n" + conv(6)
    gap, folded = difference(plan_of(body))
    assert gap < 1e-12
    assert {layer.index for layer in folded.layers if isinstance(layer, Conv)} == {0, 5, 6}


def test_a_layer_that_others_read_too_is_left_alone():
    body = conv(4) + "[implicit_mul]\nfilters=4\n[route]\nlayers=0\n[control_channels]\nfrom=1\n[shortcut]\nfrom=0\n"
    gap, folded = difference(plan_of(body))
    assert gap < 1e-12
    assert Joined in kinds(folded)


@pytest.mark.parametrize("size", [1, 3, 5])
def test_reorg_and_a_convolution_become_one(size: int):
    gap, folded = difference(plan_of("[reorg]\n" + conv(8, size=size, act="silu")))
    assert gap < 1e-12
    assert ReOrg not in kinds(folded)
    kernel = folded.kernels[1]
    assert kernel.weight.shape == (8, 3, 2 * size, 2 * size)
    assert (kernel.step, kernel.pad) == (2, size - 1)


def test_a_picture_that_something_else_reads_is_divided_in_the_graph():
    gap, folded = difference(plan_of("[reorg]\n" + "[maxpool]\nsize=3\nstride=1\n" + conv(8)))
    assert gap < 1e-12
    assert not folded.scaled


def test_a_bare_convolution_has_one_array_and_folds():
    plan = plan_of(BARE.format(4) + NORM.format("silu"))
    assert [name for name in plan.shapes() if name.startswith("layers.0")] == ["layers.0.conv.weight"]
    gap, folded = difference(plan)
    assert gap < 1e-12
    assert not folded.affines


def paper_merge(*, branch: str, after: str = "") -> str:
    """The paper line's cross-stage block: one batch norm over two concatenated maps."""
    return conv(4, act="silu") + branch + "[route]\nlayers=0\n" + BARE.format(4) + f"[route]\nlayers=-3,-1\n{after}"


def test_a_norm_over_bare_convolutions_goes_into_them():
    gap, folded = difference(plan_of(paper_merge(branch=BARE.format(6), after=NORM.format("silu"))))
    assert gap < 1e-12
    assert not folded.affines
    assert Norm in kinds(folded)  # its activation stays


def test_a_linear_norm_over_bare_convolutions_vanishes():
    gap, folded = difference(plan_of(paper_merge(branch=BARE.format(6), after=NORM.format("linear"))))
    assert gap < 1e-12
    assert Norm not in kinds(folded)


@pytest.mark.parametrize(
    ("branch", "more"),
    [
        (conv(6, act="silu"), ""),
        (BARE.format(6), "[route]\nlayers=-2,1\n" + BARE.format(4)),
        ("[maxpool]\nsize=3\n", ""),
    ],
    ids=["activated", "read by another", "a pool"],
)
def test_a_norm_over_anything_else_is_one_product_and_one_sum(branch: str, more: str):
    gap, folded = difference(plan_of(paper_merge(branch=branch, after=NORM.format("silu")) + more))
    assert gap < 1e-12
    assert len(folded.affines) == 1


def test_a_vector_over_concatenated_plain_convolutions_vanishes():
    joined = "[implicit_mul]\nfilters=10\n[route]\nlayers=4\n[control_channels]\nfrom=5\n[maxpool]\nsize=3\nstride=1\n"
    gap, folded = difference(plan_of(paper_merge(branch=conv(6), after=joined)))
    assert gap < 1e-12
    assert Joined not in kinds(folded)


def test_a_vector_that_several_convolutions_read_goes_into_each():
    joined = "[implicit_add]\nfilters=4\n[route]\nlayers=0\n[shift_channels]\nfrom=1\n"
    gap, folded = difference(
        plan_of(conv(4, act="silu") + joined + conv(6) + "[route]\nlayers=3\n" + conv(2) + "[route]\nlayers=4,6\n")
    )
    assert gap < 1e-12
    assert Joined not in kinds(folded)


@pytest.mark.parametrize(("size", "left"), [(1, False), (3, True)])
def test_wavelets_go_into_an_unpadded_convolution(size: int, left: bool):
    gap, folded = difference(plan_of("[dwt]\n" + conv(8, size=size, act="silu")))
    assert gap < 1e-12
    assert (Dwt in kinds(folded)) is left
    assert folded.scaled


def test_wavelets_of_wavelets_are_one_convolution():
    gap, folded = difference(plan_of("[dwt]\n[dwt]\n[dwt]\n" + conv(4)))
    assert gap < 1e-12
    assert kinds(folded) == {Conv}
    assert folded.kernels[3].weight.shape == (4, 3, 8, 8)


@pytest.mark.parametrize("kind", ["dwt", "reorg"])
def test_what_several_convolutions_read_goes_into_each(kind: str):
    stem = f"[{kind}]\n" * 3
    gap, folded = difference(plan_of(stem + conv(4) + "[route]\nlayers=2\n" + BARE.format(4) + "[route]\nlayers=3,5\n"))
    assert gap < 1e-12
    assert not {Dwt, ReOrg} & kinds(folded)
    assert folded.scaled


def test_wavelets_are_means_and_details_channel_by_channel():
    plan = build_plan(parse_cfg("[net]\n[dwt]\n[convolutional]\nfilters=6\n[yolo]\nanchors=8,8\nclasses=1\n"))
    a, b, c, d = 1.0, 2.0, 5.0, 9.0
    picture = np.zeros((1, 3, 2, 2))
    picture[0, 1] = [[a, b], [c, d]]
    out = run_layer(plan.layers[0], [picture], {}, 0.0)[0, :, 0, 0]
    flat = [0.5] * 3
    details = [(a + b - c - d) / 4 + 0.5, (a - b + c - d) / 4 + 0.5, (a - b - c + d) / 4 + 0.5]
    np.testing.assert_allclose(out, [0, (a + b + c + d) / 4, 0, *flat, *details, *flat])


@pytest.mark.parametrize(("kind", "way"), [("add", "shift"), ("mul", "control"), ("add", "select")])
@pytest.mark.parametrize("before", [True, False])
def test_mixed_atoms_vanish_like_a_vector(kind: str, way: str, before: bool):
    atoms = f"[implicit_{kind}_2d]\natoms=3\nfilters=4\n" + BARE.format(1)
    joined = atoms + f"[route]\nlayers=0\n[{way}_channels_2d]\nfrom=2\n"
    body = conv(4, act="leaky") + joined + conv(8) if before else conv(4) + joined + "[maxpool]\nsize=3\nstride=1\n"
    plan = plan_of(body)
    assert plan.shapes()["layers.1.implicit"] == (1, 3, 4, 1)
    assert plan.implicit == 12
    gap, folded = difference(plan)
    assert gap < 1e-12
    assert Joined not in kinds(folded)


@pytest.mark.parametrize(("size", "left"), [(1, False), (3, True)])
def test_mixed_atoms_beside_a_map_vanish_before_a_one_by_one(size: int, left: bool):
    atoms = "[implicit_cat_2d]\natoms=2\nfilters=3\n" + BARE.format(1)
    joined = atoms + "[route]\nlayers=0\n[alternate_channels_2d]\nfrom=2\n"
    gap, folded = difference(plan_of(conv(4, act="leaky") + joined + conv(8, size=size)))
    assert gap < 1e-12
    assert (Joined in kinds(folded)) is left


def test_a_norm_over_a_thousand_maps_in_one_another_folds():
    level = "[route]\nlayers=0\n" + BARE.format(1) + "[route]\nlayers=-1,{}\n"
    levels = "".join(level.format(-2 if i == 0 else -3) for i in range(1100))
    body = conv(2) + BARE.format(1) + "[route]\nlayers=1\n" + levels + NORM.format("linear")
    plan = plan_of(body.replace("layers=-1,-2", "layers=-1,2", 1))
    gap, folded = difference(plan, shape=(1, 1))
    assert gap < 1e-12
    assert not folded.affines


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_any_chain_folds_exactly(data: st.DataObject):
    body, channels, count = "", 3, 0
    for _ in range(data.draw(st.integers(1, 5))):
        kind = data.draw(
            st.sampled_from(
                ["conv", "bare", "norm", "shift", "control", "select", "alternate", "reorg", "dwt", "drop", "shortcut"]
            )
        )
        if kind == "conv":
            channels = data.draw(st.sampled_from([2, 4, 6]))
            act = data.draw(st.sampled_from(["linear", "silu", "mish"]))
            body += conv(channels, size=data.draw(st.sampled_from([1, 3])), act=act)
            count += 1
        elif kind == "bare":
            channels = data.draw(st.sampled_from([2, 4]))
            body, count = body + BARE.format(channels), count + 1
        elif kind == "norm":
            body, count = body + NORM.format(data.draw(st.sampled_from(["linear", "silu"]))), count + 1
        elif kind in ("reorg", "dwt"):
            if body.count("[reorg]") + body.count("[dwt]") < 2:
                body, channels, count = body + f"[{kind}]\n", channels * 4, count + 1
        elif kind == "drop":
            body, count = body + "[dropout]\n", count + 1
        elif kind == "shortcut":
            if count:
                body, count = body + "[shortcut]\nfrom=-1\nactivation=leaky\n", count + 1
        elif count:
            body += (
                f"[implicit_mul]\nfilters={channels}\n[route]\nlayers={count - 1}\n[{kind}_channels]\nfrom={count}\n"
            )
            channels, count = channels * (2 if kind == "alternate" else 1), count + 3
    gap, _ = difference(plan_of(body), seed=data.draw(st.integers(0, 99)), shape=(12, 20))
    assert gap < 1e-10
