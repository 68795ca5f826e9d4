"""Checkpoints that were made to do harm: nothing of them is run, and they take neither memory nor time."""

from __future__ import annotations

import os
import pickle
import sys
import zlib
from pathlib import Path
from typing import Any

import pytest
from checkpoint_files import Call, Obj, save_zip
from checkpoint_kit import refused, text, with_pickle

from yolor_studio.yolor.checkpoints import machine


class Runs:
    """Pickles as a call of `what` with `arguments`."""

    def __init__(self, what: Any, *arguments: Any) -> None:
        self.call = (what, arguments)

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        return self.call


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("protocol", range(1, 6))
@pytest.mark.parametrize(
    ("what", "arguments", "told"),
    [
        (os.system, ("touch MARK",), r"os\.system"),
        (eval, ("__import__('os').system('touch MARK')",), r"eval"),
        (exec, ("open('MARK', 'w')",), r"exec"),
        (getattr, (os, "system"), r"getattr"),
        (__import__, ("os",), r"import__"),
        (open, ("MARK", "w"), r"open"),
        (pickle.loads, (b"",), r"loads"),
        (bytearray, (1 << 40,), r"bytearray"),
        (zlib.decompress, (b"",), r"zlib\.decompress"),
    ],
)
def test_a_call_of_anything_is_refused_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, legacy: bool, protocol: int, what: Any, arguments: Any, told: str
):
    monkeypatch.chdir(tmp_path)
    arguments = tuple(a for a in arguments if not isinstance(a, type(os)))
    for value in (Runs(what, *arguments), {"model": {"a": [Runs(what, *arguments)]}}):
        data = pickle.dumps(value, protocol)
        refused(with_pickle(tmp_path / "a.pt", data, legacy=legacy), told)
    assert [path.name for path in tmp_path.iterdir()] == ["a.pt"]


def test_a_bare_pickle_is_refused_by_name_too(tmp_path: Path):
    for protocol in range(2, 6):
        (tmp_path / "a.pt").write_bytes(pickle.dumps(Runs(os.system, "true"), protocol))
        refused(tmp_path / "a.pt", r"system")
        (tmp_path / "a.pt").write_bytes(pickle.dumps({"a": 1}, protocol))
        refused(tmp_path / "a.pt", "no checkpoint of PyTorch")


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"(S'true'\nios\nsystem\n.", "instruction b'S'"),
        (b"(" + text("true") + b"ios\nsystem\n.", r"os\.system"),
        (b"(cos\nsystem\n" + text("true") + b"o.", r"os\.system"),
        (text("os") + text("system") + b"\x93" + text("true") + b"\x85R.", r"os\.system"),
        (text("models.common") + text("os.system") + b"\x93)R.", r"models\.common\.os\.system"),
        (text("torch.nn.modules.conv") + text("sys.modules") + b"\x93)R.", "sys.modules"),
        (b"cmodels;os\nsystem\n)R.", "models;os"),
        (b"ctorch\nload\n)R.", r"torch\.load"),
        (b"ctorch.hub\nload\n)R.", r"torch\.hub\.load"),
        (b"ctorch.serialization\nload\n)R.", r"torch\.serialization\.load"),
        (b"ctorch.jit\nload\n)R.", r"torch\.jit\.load"),
        (b"cfunctools\npartial\n)R.", r"functools\.partial"),
        (b"c__builtin__\ngetattr\n(cmodels.a\nB\n" + text("system") + b"tR.", r"builtins\.getattr"),
        (b"c__builtin__\ngetattr\n(cmodels.a\nB\n)R" + text("__class__") + b"tR.", r"builtins\.getattr"),
        (b"c__builtin__\ngetattr\n(cmodels.a\nB\n)R" + text("f") + b"tR)R.", "cannot be called"),
        (b"coperator\nattrgetter\n)R.", r"operator\.attrgetter"),
        (b"ccollections\nOrderedDict.fromkeys\n)R.", r"OrderedDict\.fromkeys"),
        (b"cbuiltins\n__dict__\n.", "__dict__"),
        (b"ctorch._utils\n_rebuild_tensor_v2.__globals__\n.", "__globals__"),
        (b"\x82\x01.", "instruction"),  # the registry of extensions
        (b"\x97.", "instruction"),  # out-of-band buffers
        (b"P0\n.", "instruction"),
        (text("x") + b"Q.", "tensor's numbers"),
        (text("a") + b")R.", "cannot be called"),
        (b"}q\0" + text("a") + b"}sh\0R.", "cannot be called"),
        (b"cmodels.a\nB\n" + text("a") + b"R.", "no arguments"),
        (b"ctorch\nFloatStorage\n)R.", "FloatStorage is called"),
        (b"ctorch\nfloat32\n(K\x01tR.", "float32 is called"),
        (b"ctorch._utils\n_rebuild_tensor_v2\n)R.", "a tensor is not described"),
        (b"ctorch._utils\n_rebuild_parameter\n)R.", "no tensor"),
        (b"ctorch._tensor\n_rebuild_from_type_v2\n(ctorch\nSize\nN)NtR.", "a tensor is not described"),
        (b"c_codecs\nencode\n(" + text("a") + text("idna") + b"tR.", "bytes are written"),
        (b"c_codecs\nencode\n(" + text("ā") + text("latin1") + b"tR.", "bytes are written"),
        (b"ccollections\nOrderedDict\n(K\x01tR.", "no items"),
        (b"ccollections\nOrderedDict\n(](K\x01atR.", "no items|missing"),
        (b"cmodels.a\nB\n)R", "breaks off"),
        (b"K\x01}b.", "that has none"),
        (b"](K\x01e}b.", "that has none"),
        (b")}b.", "that has none"),
        (b"ccollections\nOrderedDict\n}b.", "that has none"),
        (b"ctorch\nFloatStorage\n}b.", "that has none"),
    ],
)
def test_tricks_of_the_pickle_are_refused(tmp_path: Path, data: bytes, told: str):
    for legacy in (False, True):
        refused(with_pickle(tmp_path / "a.pt", b"\x80\x02" + data, legacy=legacy), told)


def test_a_state_for_a_class_without_life_is_only_kept(tmp_path: Path):
    """__setstate__, __reduce__ and slots of an allowed class are plain attributes here."""
    evil = {"__setstate__": "x", "__class__": "y", "__dict__": {"a": 1}, "_modules": [1], "yaml": 3}
    for state in (evil, (evil, evil), [evil], None, ("a", 3), {1: 2}):
        thing = Call("models.yolo", "Model", (), state)
        refused(save_zip(tmp_path / "a.pt", {"model": thing}), "without the yaml", described=False)


def test_nothing_of_a_file_is_imported(tmp_path: Path):
    before = set(sys.modules)
    refused(with_pickle(tmp_path / "a.pt", b"\x80\x02cantigravity\nx\n)R."), r"antigravity\.x")
    save_zip(tmp_path / "b.pt", {"model": Obj("models.antigravity.B"), "x": Obj("utils.this.B")})
    refused(tmp_path / "b.pt", "without the yaml", described=False)
    assert set(sys.modules) == before


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"X\xff\xff\xff\xffab.", "4,294,967,295 bytes are announced"),
        (b"\x8d" + b"\xff" * 7 + b"\x7fab.", "are announced"),
        (b"\x8e" + b"\xff" * 8 + b"ab.", "are announced"),
        (b"\x96" + b"\xff" * 8 + b"ab.", "are announced"),
        (b"B\xff\xff\xff\xffab.", "are announced"),
        (b"T\xff\xff\xff\xffab.", "are announced"),
        (b"\x8b\xff\xff\xff\x7fab.", "a whole number of"),
        (b"L" + b"9" * 450 + b"L\n.", "written wrongly"),
        (b"I" + b"9" * 10_000 + b"\n.", "no end"),
        (b"c" + b"a" * 10_000 + b"\nb\n.", "no end"),
        (text("a" * 10_000) + text("b") + b"\x93.", "far too long"),
        (b"Nr\xff\xff\xff\xff0j\xff\xff\xff\xff.", "no network"),
        (b"j\xff\xff\xff\xff.", "refers to a value that is not there"),
        (b"\x95" + b"\xff" * 8 + b"N.", "no network"),
        (
            b"](" + b"K\x01" * 100_000 + b"eq\x000" + b"c__builtin__\nset\nq\x01" + b"h\x00\x85Rh\x01" * 1000 + b".",
            "over",
        ),
        (
            b"}("
            + b"".join(text(str(i)) + b"N" for i in range(20_000))
            + b"uq\x000cmodels.a\nB\n)R"
            + b"h\x00b" * 1000,
            "over",
        ),
        (
            text("a" * 100_000) + b"q\x000c_codecs\nencode\nq\x01" + (b"h\x00" + text("latin1") + b"\x86Rh\x01") * 1000,
            "over",
        ),
    ],
)
def test_claimed_sizes_and_copies_take_nothing(tmp_path: Path, data: bytes, told: str, legacy: bool):
    refused(with_pickle(tmp_path / "a.pt", b"\x80\x02" + data, legacy=legacy), told)


@pytest.mark.parametrize(
    ("deeper", "count"),
    [(b"\x85", 20_000), (b"]a", 0), (b"(", 20_000), (b"2", 20_000)],
    ids=["tuple", "list", "mark", "dup"],
)
def test_depth_is_no_recursion(tmp_path: Path, deeper: bytes, count: int):
    body = b"N" + deeper * count if count else b"]" * 20_000 + b"a" * 19_999
    refused(with_pickle(tmp_path / "a.pt", b"\x80\x02" + body + b"."))
    key = b"}" + (b"N" + b"\x85" * 20_000) + b"Ns."
    refused(with_pickle(tmp_path / "b.pt", b"\x80\x02" + key), "a dict's key is of a strange kind")


def test_too_many_instructions_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(machine, "_MAX_STEPS", 1000)
    refused(with_pickle(tmp_path / "a.pt", b"\x80\x02" + b"N0" * 600 + b"."), "more than 1,000 instructions")


def test_modules_that_hold_themselves_are_refused(tmp_path: Path):
    """A tree where each of 40 levels names the next one twice has more parts than atoms."""
    thing: Any = b"cmodels.a\nB\n)R"
    data = b""
    for level in range(40):
        below = b"N" if level == 0 else b"h" + bytes([level - 1])
        modules = b"}(" + text("a") + below + text("b") + below + b"u"
        data += thing + b"}" + text("_modules") + modules + b"sbq" + bytes([level]) + b"0"
    yaml = b"}(" + text("backbone") + b"]" + b"u"
    data += (
        b"cmodels.yolo\nModel\n)R}(" + text("yaml") + yaml + text("_modules") + b"}" + text("m") + b"h\x27s" + b"ub."
    )
    refused(with_pickle(tmp_path / "a.pt", b"\x80\x02" + data), "without end|more parts", described=False)
    loop = b"cmodels.yolo\nModel\n)Rq\x00}(" + text("yaml") + yaml + text("_modules") + b"}" + text("m") + b"h\x00sub."
    refused(with_pickle(tmp_path / "b.pt", b"\x80\x02" + loop), "without end|more parts", described=False)
