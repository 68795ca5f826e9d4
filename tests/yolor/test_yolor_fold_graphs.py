"""Folding in networks that branch: what one layer takes in, others may still read."""

from __future__ import annotations

import pytest
from fold_kit import NORM, Graph, conv, difference, kinds
from hypothesis import given, settings
from hypothesis import strategies as st

from yolor_studio.yolor.layers import Join, Joined


def start() -> tuple[Graph, int]:
    graph = Graph()
    return graph, graph.conv(graph.add(conv(6, act="leaky"), 6, 1), 4, act="silu")


@pytest.mark.parametrize("way", ["shift", "control", "select"])
@pytest.mark.parametrize("first", [True, False])
def test_a_vector_goes_into_a_convolution_behind_a_concatenation(way: str, first: bool):
    graph, source = start()
    joined = graph.join(source, way)
    graph.head(graph.conv(graph.cat(joined, 0) if first else graph.cat(0, joined), 3, act="silu"))
    gap, folded = difference(graph.plan())
    assert gap < 1e-12
    assert Joined not in kinds(folded)
    assert not folded.before


@pytest.mark.parametrize("way", ["shift", "control", "select"])
def test_a_vector_goes_into_a_convolution_behind_a_mean_or_an_enlarged_map(way: str):
    graph, source = start()
    small = graph.conv(source, 4, more="stride=2", act="mish")
    large = graph.enlarge(graph.join(small, way))
    factor = graph.conv(graph.mean(graph.join(large, "shift")), 4, act="logistic")
    graph.head(graph.scale(source, factor))
    graph.head(graph.conv(graph.enlarge(graph.join(small, way)), 5, act="silu"))
    gap, folded = difference(graph.plan())
    assert gap < 1e-12
    assert Joined not in kinds(folded)


@pytest.mark.parametrize("way", ["shift", "control"])
def test_a_vector_goes_back_into_a_convolution_through_a_mean(way: str):
    graph, source = start()
    mean = graph.join(graph.mean(graph.conv(source, 4)), way)
    graph.head(graph.scale(source, graph.same(mean, "[shortcut]\nfrom=-1\nactivation=logistic\n")))
    gap, folded = difference(graph.plan())
    assert gap < 1e-12
    assert Joined not in kinds(folded)
    assert len(folded.before) == 1


def test_a_vector_added_before_a_concatenation_and_a_padded_convolution_is_kept():
    graph, source = start()
    graph.head(graph.conv(graph.cat(graph.join(source, "shift"), graph.join(0, "control")), 3, size=3))
    gap, folded = difference(graph.plan())
    assert gap < 1e-12
    assert [layer.join for layer in folded.layers if isinstance(layer, Joined)] == [Join.SHIFT]


@pytest.mark.parametrize("way", ["alternate", "shift"])
def test_what_another_layer_reads_on_the_way_stays_as_it_is(way: str):
    graph, source = start()
    both = graph.cat(graph.join(source, "shift"), 0)
    again = graph.join(both, way)
    graph.head(graph.conv(again, 4, act="silu"))
    graph.head(graph.same(again, "[maxpool]\nsize=3\nstride=1\n"))
    gap, _ = difference(graph.plan())
    assert gap < 1e-12


def test_wavelets_beside_another_reader_leave_what_is_before_them():
    graph, source = start()
    again = graph.join(graph.cat(graph.join(source, "shift"), 0), "control")
    graph.conv(graph.halve(again, "dwt"), 4)
    up = graph.enlarge(len(graph.shapes) - 1)
    graph.head(graph.cat(up, graph.same(again, "[maxpool]\nsize=3\nstride=1\n")))
    gap, _ = difference(graph.plan())
    assert gap < 1e-12


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_any_network_folds_exactly(data: st.DataObject):
    graph, _ = start()
    draw = data.draw
    for _ in range(draw(st.integers(3, 14))):
        source = draw(st.integers(0, len(graph.shapes) - 1))
        channels, stride = graph.shapes[source]
        alike = [i for i, (_, other) in enumerate(graph.shapes) if other == stride and stride]
        match draw(
            st.sampled_from(["conv", "bare", "norm", "join", "join", "cat", "dwt", "reorg", "up", "se", "pool"])
        ):
            case _ if not stride or channels > 64:
                continue
            case "conv":
                act, size = draw(st.sampled_from(["linear", "silu"])), draw(st.sampled_from([1, 3]))
                graph.conv(source, draw(st.sampled_from([2, 4])), act=act, size=size)
            case "bare":
                graph.bare(source, draw(st.sampled_from([2, 4])))
            case "norm":
                graph.same(source, NORM.format(draw(st.sampled_from(["linear", "mish"]))))
            case "join":
                graph.join(source, draw(st.sampled_from(["shift", "control", "select", "alternate"])))
            case "cat":
                graph.cat(*draw(st.lists(st.sampled_from(alike), min_size=2, max_size=3)))
            case "up" if stride > 1:
                graph.enlarge(source)
            case "dwt" | "reorg" as kind if stride < 4 and channels < 16:
                graph.halve(source, kind)
            case "se":
                graph.scale(source, graph.conv(graph.join(graph.mean(source), "shift"), channels, act="logistic"))
            case "pool":
                graph.same(source, "[maxpool]\nsize=3\nstride=1\n")
            case _:
                continue
    maps = [i for i, (_, stride) in enumerate(graph.shapes) if stride]
    for source in draw(st.lists(st.sampled_from(maps), min_size=1, max_size=3)):
        graph.head(source)
    gap, _ = difference(graph.plan(), seed=draw(st.integers(0, 99)), shape=(8, 12))
    assert gap < 1e-10
