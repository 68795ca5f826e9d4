"""Checkpoints of all forms in both containers, changed at random: each is read or refused in one sentence."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import pytest
from checkpoint_files import Pickle, legacy_bytes, numpy_array, pickled_network, save_zip
from checkpoint_kit import VALUE, read
from hypothesis import given, settings
from hypothesis import strategies as st

from yolor_studio.core.errors import ModelError
from yolor_studio.yolor.modules import translate
from yolor_studio.yolor.plan import build_plan
from yolor_studio.yolor.reference import random_weights

EXAMPLES = int(os.environ.get("YOLOR_STUDIO_FUZZ", "150"))
YAML = {
    "nc": 2,
    "depth_multiple": 1.0,
    "width_multiple": 1.0,
    "anchors": [[10, 13], [16, 30]],
    "backbone": [[-1, 1, "Conv", [8, 3, 2]], [-1, 1, "BottleneckCSPF", [8]], [-1, 1, "Conv", [8, 3, 2]]],
    "head": [[[1, 2], 1, "IDetect", ["nc", "anchors"]]],
}
NETWORK = pickled_network(
    YAML,
    random_weights(build_plan(translate(YAML).description), seed=0, bn_eps=1e-3),
    names=["a", "b"],
    strides=(2, 4),
)
PICKLED = {"epoch": -1, "best_fitness": numpy_array(), "model": NETWORK, "ema": None, "optimizer": None}


def archive(value: object, *, deflate: bool = False) -> bytes:
    file = io.BytesIO()
    save_zip(file, value, deflate=deflate)  # pyright: ignore[reportArgumentType]
    return file.getvalue()


FORMS = [
    (make(value), described)
    for value, described in ((VALUE, True), (PICKLED, False))
    for make in (archive, lambda value: archive(value, deflate=True), legacy_bytes)
]
"""(content, whether it needs its description)"""
PIECES = [bytes([code]) for code in range(256)] + [
    b"cmodels.a\nB\n",
    b"ctorch\nFloatStorage\n",
    b"ctorch\nSize\n",
    b"ccollections\nOrderedDict\n",
    b"ctorch._utils\n_rebuild_tensor_v3\n",
    b"c_codecs\nencode\n",
    b"K\x00",
    b"J\xff\xff\xff\xff",
    b"h\x01",
]


def read_or_refuse(path: Path, content: bytes, *, described: bool) -> bool:
    """Whether it was read."""
    path.write_bytes(content)
    sentence = ""
    try:
        read(path, described=described)
    except ModelError as error:
        sentence = str(error)
    assert not sentence or (sentence.isprintable() and sentence.startswith("changed.pt cannot be used: "))
    assert len(sentence) < 600
    return not sentence


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("changed") / "changed.pt"


@pytest.mark.parametrize("form", range(len(FORMS)))
def test_unchanged_it_is_read(changed: Path, form: int):
    content, described = FORMS[form]
    assert read_or_refuse(changed, content, described=described)


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.data())
def test_a_changed_file(changed: Path, data: st.DataObject):
    content, described = data.draw(st.sampled_from(FORMS))
    whole = bytearray(content)
    for _ in range(data.draw(st.integers(0, 4))):
        place = data.draw(st.integers(0, len(whole) - 1))
        whole[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=4))
    length = data.draw(st.one_of(st.just(len(whole)), st.integers(4, len(whole))))
    read_or_refuse(changed, bytes(whole[:length]), described=described)


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.data())
def test_a_changed_pickle_in_a_whole_archive(changed: Path, data: st.DataObject):
    """Checksums would hide the pickle from the test before."""
    value, form = data.draw(st.sampled_from([(VALUE, 0), (PICKLED, 3)]))
    content, described = FORMS[form]
    pickled = bytearray(Pickle().dumps(value))
    for _ in range(data.draw(st.integers(1, 5))):
        place = data.draw(st.integers(0, len(pickled)))
        pieces = data.draw(st.lists(st.sampled_from(PIECES), max_size=4))
        pickled[place : place + data.draw(st.integers(0, 5))] = b"".join(pieces)
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(file, "w") as new:
        for name in old.namelist():
            new.writestr(name, bytes(pickled) if name.endswith("data.pkl") else old.read(name))
    read_or_refuse(changed, file.getvalue(), described=described)
