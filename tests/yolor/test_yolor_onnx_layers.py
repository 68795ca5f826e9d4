"""Every kind of layer as onnxruntime runs it against the plain numpy reference, at odd sizes too."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper

from yolor_studio.yolor.cfg import parse_cfg
from yolor_studio.yolor.fold import fold
from yolor_studio.yolor.onnx_layers import LayerWriter
from yolor_studio.yolor.onnx_nodes import Nodes
from yolor_studio.yolor.plan import build_plan
from yolor_studio.yolor.reference import forward, random_weights

ACTIVATIONS = ("leaky", "mish", "silu", "swish", "logistic", "linear", "relu")


def conv(filters: int, *, size: int = 1, more: str = "", act: str = "leaky", norm: int = 1) -> str:
    return f"[convolutional]\nbatch_normalize={norm}\nfilters={filters}\nsize={size}\npad=1\nactivation={act}\n{more}\n"


FIRST = conv(8, size=3)
IMPLICIT = "[implicit_mul]\nfilters=8\n[route]\nlayers=0\n"
ATOMS = "[implicit_add_2d]\natoms=3\nfilters=8\n" + conv(1, norm=0, more="bias=0", act="linear") + "[route]\nlayers=0\n"
WAYS = ("shift", "control", "alternate", "select")
SQUEEZE = FIRST + "[avgpool]\n" + conv(8, act="logistic")

CASES = {
    **{f"conv {act}": conv(5, size=3, act=act) for act in ACTIVATIONS},
    "conv without an activation is logistic": "[convolutional]\nfilters=4\nsize=3\npad=1\n",
    "conv with bias": conv(5, size=3, norm=0),
    "conv in groups": FIRST + conv(12, size=3, more="groups=4"),
    "conv depthwise": FIRST + conv(8, size=5, more="groups=8"),
    "conv of even size": "[convolutional]\nfilters=4\nsize=6\nstride=2\npadding=2\nactivation=silu\n",
    "conv with a step": FIRST + conv(6, size=3, more="stride=2"),
    "route of several": FIRST + conv(4) + "[route]\nlayers=-1,0,-2\n",
    "route of half": FIRST + "[route_lhalf]\nlayers=-1\n",
    "route of the second half": FIRST + "[route]\nlayers=-1\ngroups=2\ngroup_id=1\n",
    "route of a part of each": FIRST + conv(4) + "[route]\nlayers=-1,-2\ngroups=4\ngroup_id=2\n",
    "shortcut": FIRST + conv(8) + "[shortcut]\nfrom=-2\nactivation=linear\n",
    "shortcut with an activation": FIRST + conv(8) + "[shortcut]\nfrom=-2\nactivation=mish\n",
    "shortcut of several": FIRST + conv(8) + conv(8) + "[shortcut]\nfrom=-2,-3\n",
    "shortcut from fewer channels": FIRST + conv(12) + "[shortcut]\nfrom=0\n",
    "shortcut from more channels": FIRST + conv(5) + "[shortcut]\nfrom=0\n",
    "maxpool 2 step 2": FIRST + "[maxpool]\nsize=2\nstride=2\n",
    "maxpool 3 step 2": FIRST + "[maxpool]\nsize=3\nstride=2\n",
    "maxpool 2 step 1": FIRST + "[maxpool]\nsize=2\nstride=1\n",
    "maxpool of one option": FIRST + "[maxpool]\nstride=2\n",
    "spp": FIRST
    + "".join(f"[maxpool]\nsize={k}\nstride=1\n[route]\nlayers=0\n" for k in (5, 9, 13))
    + "[route]\nlayers=1,3,5,0\n",
    "spp downwards": FIRST
    + "".join(f"[maxpool]\nsize={k}\nstride=1\n[route]\nlayers=0\n" for k in (13, 9, 5))
    + "[route]\nlayers=1,3,5,0\n",
    "avgpool": SQUEEZE + "[scale_channels]\nfrom=0\n",
    "scale with an activation": SQUEEZE + "[scale_channels]\nfrom=0\nactivation=relu\n",
    "sam": FIRST + conv(8, act="logistic") + "[sam]\nfrom=0\n",
    "upsample": conv(8, size=3, more="stride=2") + "[upsample]\nstride=2\n",
    "upsample by four": conv(8, size=3, more="stride=2") + conv(8, size=3, more="stride=2") + "[upsample]\nstride=4\n",
    "reorg of the picture": "[reorg]\n",
    "reorg alone": FIRST + "[reorg]\n",
    "reorg and conv": "[reorg]\n" + conv(8, size=3, act="silu"),
    "bare conv": conv(5, size=3, norm=0, more="bias=0"),
    "norm of a bare conv": conv(6, norm=0, more="bias=0", act="linear") + "[batchnorm]\nactivation=silu\n",
    "norm over two convs": FIRST
    + conv(6, norm=0, more="bias=0", act="linear")
    + "[route]\nlayers=0\n"
    + conv(4, norm=0, more="bias=0", act="linear")
    + "[route]\nlayers=1,3\n[batchnorm]\nactivation=mish\n",
    "norm of an activated conv": FIRST + "[batchnorm]\nactivation=silu\n",
    "linear norm": FIRST + "[batchnorm]\n",
    "norm of the picture": "[batchnorm]\nactivation=leaky\n",
    "dwt alone": "[dwt]\n",
    "dwt and conv": "[dwt]\n" + conv(8, size=3, act="silu"),
    "dwt and one by one": FIRST + "[dwt]\n" + conv(8),
    "dwt that two read": FIRST + "[dwt]\n" + conv(4, size=3) + "[route]\nlayers=1,2\n",
    "dropout and silence": FIRST + "[dropout]\n[silence]\n",
    "shift": FIRST + IMPLICIT + "[shift_channels]\nfrom=1\n",
    "control": FIRST + IMPLICIT + "[control_channels]\nfrom=1\n",
    "select": FIRST + IMPLICIT + "[select_channels]\nfrom=1\n",
    "alternate": FIRST + IMPLICIT + "[alternate_channels]\nfrom=1\n",
    **{f"{way} atoms": FIRST + ATOMS + f"[{way}_channels_2d]\nfrom=2\n" for way in WAYS},
    **{
        f"{way} atoms before a padded convolution": FIRST + ATOMS + f"[{way}_channels_2d]\nfrom=2\n" + conv(4, size=3)
        for way in WAYS
    },
    "darknet's implicit": FIRST + "[implicit]\nfilters=8\nmean=1\n[scale_channels]\nfrom=0\n",
    "shift before a padded convolution": FIRST + IMPLICIT + "[shift_channels]\nfrom=1\n" + conv(4, size=3),
    "an implicit vector as a map's factor": FIRST + IMPLICIT + "[scale_channels]\nfrom=1\n",
}


def compare(body: str, *, height: int, width: int, batch: int, seed: int) -> tuple[float, list[str]]:
    """The largest difference between onnxruntime and the reference, and the operators of the graph."""
    head = "[convolutional]\nfilters=6\nactivation=linear\n[yolo]\nanchors=8,8\nclasses=1\n"
    plan = build_plan(parse_cfg(f"[net]\n{body}{head}"))
    weights = random_weights(plan, seed=seed, bn_eps=1e-5)
    folded = fold(plan, weights)
    nodes = Nodes(half_storage=False)
    writer = LayerWriter(nodes, folded, picture="x")
    for layer in folded.layers:
        writer.write(layer)
    nodes.name_output(writer.name(plan.heads[0].index), "y")
    graph = helper.make_graph(
        nodes.nodes,
        "layers",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 3, "H", "W"])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 6, "h", "w"])],
        initializer=nodes.initializers,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    pixels = np.random.default_rng(seed).random((batch, 3, height, width)) * 255
    given_pixels = pixels if folded.scaled else pixels / 255
    got = np.asarray(session.run(None, {"x": given_pixels.astype(np.float32)})[0])
    (wanted,) = forward(plan, weights, pixels / 255)
    assert got.shape == wanted.shape
    return float(np.abs(got - wanted).max()), [node.op_type for node in nodes.nodes]


@pytest.mark.parametrize("case", CASES)
def test_a_layer_equals_its_reference(case: str):
    gap, _ = compare(CASES[case], height=20, width=36, batch=2, seed=1)
    assert gap < 2e-5


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(sorted(CASES)), st.integers(1, 9), st.integers(1, 9), st.integers(1, 3), st.integers(0, 99))
def test_a_layer_equals_its_reference_at_any_size(case: str, rows: int, columns: int, batch: int, seed: int):
    step = 4 if any(mark in CASES[case] for mark in ("stride=2", "reorg", "dwt")) else 1
    gap, _ = compare(CASES[case], height=rows * step, width=columns * step, batch=batch, seed=seed)
    assert gap < 5e-5


def test_pools_side_by_side_are_done_one_after_the_other():
    body = CASES["spp"]
    plan = build_plan(parse_cfg(f"[net]\n{body}[convolutional]\nfilters=6\n[yolo]\nanchors=8,8\nclasses=1\n"))
    folded = fold(plan, random_weights(plan, seed=0, bn_eps=1e-5))
    nodes = Nodes(half_storage=False)
    writer = LayerWriter(nodes, folded, picture="x")
    for layer in folded.layers:
        writer.write(layer)
    pools = [node for node in nodes.nodes if node.op_type == "MaxPool"]
    assert [a.ints[0] for node in pools for a in node.attribute if a.name == "kernel_shape"] == [5, 5, 5]


def test_a_folded_vector_leaves_no_node():
    _, operators = compare(FIRST + IMPLICIT + "[shift_channels]\nfrom=1\n", height=8, width=8, batch=1, seed=0)
    assert "Add" not in operators
