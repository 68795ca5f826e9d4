"""A device counts only when the model has run there."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import TensorProto, helper

from yolor_studio.core.errors import ModelError, UsageError
from yolor_studio.detect import devices


@pytest.fixture(scope="module")
def doubler() -> bytes:
    """A model that adds its input to itself."""
    graph = helper.make_graph(
        [helper.make_node("Add", ["x", "x"], ["y"])],
        "doubler",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8).SerializeToString()


def probe(session) -> None:
    assert session.run(None, {"x": np.ones(1, np.float32)})[0].tolist() == [2]


def test_the_cpu_runs_without_a_word(doubler):
    opened = devices.open_session(doubler, "cpu", probe)
    assert opened.device == "cpu"
    assert opened.title.startswith("CPU, ")
    assert opened.notice is None


def test_a_gpu_that_is_not_there_is_told_only_when_it_was_asked_for(doubler, monkeypatch):
    monkeypatch.setattr(devices, "_present", lambda name: name == "cpu")
    assert devices.open_session(doubler, "auto", probe).notice is None
    asked = devices.open_session(doubler, "cuda", probe)
    assert asked.device == "cpu"
    assert "CUDA cannot be used" in (asked.notice or "")
    assert "Running on CPU" in (asked.notice or "")


def test_a_gpu_whose_libraries_fail_falls_back_with_one_sentence(doubler, monkeypatch):
    monkeypatch.setattr(devices, "_missing", lambda name, _ort: None if name in ("cuda", "cpu") else "absent")
    monkeypatch.setattr(devices, "_present", lambda name: name in ("cuda", "cpu"))
    real = devices._create

    def create(ort, model, name):
        if name == "cuda":
            raise RuntimeError("libcublas.so.13: cannot open shared object file\nand a long trace")
        return real(ort, model, name)

    monkeypatch.setattr(devices, "_create", create)
    opened = devices.open_session(doubler, "auto", probe)
    assert opened.device == "cpu"
    assert "libcublas.so.13" in (opened.notice or "")
    assert "trace" not in (opened.notice or "")


def test_a_device_that_opens_but_does_not_run_is_not_used(doubler, monkeypatch):
    monkeypatch.setattr(devices, "_missing", lambda name, _ort: None if name in ("cuda", "cpu") else "absent")
    monkeypatch.setattr(devices, "_present", lambda name: name in ("cuda", "cpu"))
    real = devices._create
    monkeypatch.setattr(devices, "_create", lambda ort, model, name: real(ort, model, "cpu"))
    runs = []

    def failing_first(session):
        runs.append(session)
        if len(runs) == 1:
            raise RuntimeError("out of memory")

    opened = devices.open_session(doubler, "auto", failing_first)
    assert opened.device == "cpu"
    assert "out of memory" in (opened.notice or "")


def test_an_unknown_device_is_wrong_usage(doubler):
    with pytest.raises(UsageError, match="auto, tensorrt, cuda, coreml, cpu"):
        devices.open_session(doubler, "gpu", probe)


def test_a_broken_model_is_refused_in_one_sentence():
    with pytest.raises(ModelError, match="cannot be run"):
        devices.open_session(b"not a model", "cpu", probe)
