"""Network descriptions: what is read, and what a person is told about what cannot be."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yolor_studio.core.errors import ModelError
from yolor_studio.yolor.cfg import Description, Section, format_cfg, parse_cfg, read_cfg
from yolor_studio.yolor.plan import build_plan

MESSY = (
    "\ufeff# [convolutional] in a comment\r\n"
    "; [another]\r\n"
    "[net]\r\n"
    "width = 96   # [-1, -(3k+3)]\r\n"
    "height=64\r\n"
    "\r\n"
    "  [Convolutional]\r\n"
    "filters =18 ###P6\r\n"
    "size= 1\r\n"
    "size=3\r\n"
    "steps=\r\n"
)


def test_comments_line_ends_and_spacing_do_not_matter():
    description = parse_cfg(MESSY)
    assert dict(description.net) == {"width": "96", "height": "64"}
    assert description.net_line == 3
    (section,) = description.sections
    assert (section.kind, section.line) == ("convolutional", 7)
    assert dict(section.options) == {"filters": "18", "size": "1", "steps": ""}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "empty"),
        ("# only a comment\n", "empty"),
        ("width=3\n[net]", "Line 1: the option 'width'"),
        ("[convolutional]\nsize=3", "begins with \\[net\\]"),
        ("[net]\n[conv\n", "Line 2: '\\[conv' is not a section header"),
        ("[net]\n[]\n", "Line 2"),
        ("[net]\nnonsense\n", "Line 2: 'nonsense' is neither"),
        ("[net]\n=3\n", "Line 2"),
    ],
)
def test_a_line_that_cannot_be_read_is_named(text: str, told: str):
    with pytest.raises(ModelError, match=told):
        parse_cfg(text)


@pytest.mark.parametrize("value", ["x", "1.5", "-1", "1e400", "nan", "99999999999", "1" * 400])
def test_a_number_that_is_none_is_named_with_its_line(value: str):
    with pytest.raises(ModelError, match=r"Line 2, \[convolutional\]: 'filters' is"):
        build_plan(parse_cfg(f"[net]\n[convolutional]\nfilters={value}\n"))


def test_a_missing_option_is_named():
    with pytest.raises(ModelError, match=r"Line 2, \[implicit_add\]: the option 'filters' is missing"):
        build_plan(parse_cfg("[net]\n[implicit_add]\n"))


def test_a_file_that_is_no_text_or_is_missing_is_told(tmp_path: Path):
    binary = tmp_path / "binary.cfg"
    binary.write_bytes(b"[net]\0")
    with pytest.raises(ModelError, match=r"binary\.cfg is no text"):
        read_cfg(binary)
    with pytest.raises(ModelError, match=r"missing\.cfg cannot be read"):
        read_cfg(tmp_path / "missing.cfg")
    long = tmp_path / "long.cfg"
    long.write_bytes(b"[net]\n" + b"#" * (1 << 20))
    with pytest.raises(ModelError, match="longer than 1 MiB"):
        read_cfg(long)
    wrong = tmp_path / "wrong.cfg"
    wrong.write_text("[net]\noops\n")
    with pytest.raises(ModelError, match=r"wrong\.cfg: Line 2"):
        read_cfg(wrong)


words = st.text("abcdefghij_", min_size=1, max_size=8)
options = st.dictionaries(words, st.text("abc019.,-", max_size=8), max_size=4)


@settings(deadline=None, max_examples=60)
@given(options, st.lists(st.tuples(words, options), max_size=6))
def test_a_formatted_description_reads_back(net: dict[str, str], blocks: list[tuple[str, dict[str, str]]]):
    described = Description(net, tuple(Section(kind, opts, 0) for kind, opts in blocks))
    read = parse_cfg(format_cfg(described))
    assert dict(read.net) == net
    assert [(section.kind, dict(section.options)) for section in read.sections] == blocks


@settings(deadline=None, max_examples=200)
@given(st.text("[]net#;=\n\r, convyl123-", max_size=60))
def test_any_text_is_read_or_refused(text: str):
    with contextlib.suppress(ModelError):
        build_plan(parse_cfg("[net]\n" + text))
