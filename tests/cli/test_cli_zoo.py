"""`yolor-studio models zoo` as its user meets it."""

from __future__ import annotations

import json

from yolor_studio.cli.main import run
from yolor_studio.yolor import zoo


def test_the_table_is_grouped_and_aligned(capsys):
    assert run(["models", "zoo"]) == 0
    lines = capsys.readouterr().out.splitlines()
    families = [line for line in lines if line in set(zoo.Family)]
    assert families == list(zoo.Family)
    rows = [line for line in lines if line.startswith("  ")]
    assert len({len(row) for row in rows}) == 1
    assert len(rows) == 1 + len(zoo.names())
    csp = next(row.split() for row in rows if row.split()[0] == "yolor_csp")
    assert csp == ["yolor_csp", "640", "188", "52,923,994", "2,557", "120.24", "25,200"]
    assert max(map(len, lines)) <= 100


def test_the_table_for_scripts_holds_exact_numbers(capsys):
    assert run(["models", "zoo", "--json"]) == 0
    networks = json.loads(capsys.readouterr().out)["networks"]
    assert [network["name"] for network in networks] == list(zoo.names())
    assert next(network for network in networks if network["name"] == "yolov4-tiny") == {
        "name": "yolov4-tiny",
        "family": "YOLOv4",
        "size": 416,
        "layers": 38,
        "parameters": 6_056_606,
        "implicit": 0,
        "gflops": 6.907876,
        "boxes": 2535,
        "state_dict_keys": None,
        "weights_bytes": 24_251_276,
    }
