"""`yolor-studio models` as its user meets it: shown, checked, downloaded, stopped and gone on with."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import onnx
import pytest
from file_server import Shop, serving
from onnx import numpy_helper
from toy_networks import write_toy_network

from yolor_studio.cli import model_text
from yolor_studio.cli.main import run
from yolor_studio.cli.output import describe_amount, describe_rate
from yolor_studio.core.paths import user_folder
from yolor_studio.detect.releases import RELEASES
from yolor_studio.jobs.events import Progress
from yolor_studio.yolor import truth

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def tell(capsys):
    """Run a command; returns (exit code, stdout, stderr)."""

    def call(*arguments):
        code = run([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


@pytest.fixture
def without_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(truth, "has_torch", lambda: False)


@pytest.fixture
def network(tmp_path: Path) -> Path:
    return write_toy_network(tmp_path / "toy.safetensors")


def test_show_tells_the_network_and_plots_its_implicit_vectors(tell, network):
    assert tell("models", "add", network)[0] == 0
    code, out, _ = tell("models", "show", "toy")
    assert code == 0
    lines = out.splitlines()
    assert "8 layers, 380 parameters, 0.00 GFLOPs and 4,608 boxes at 96 px" in lines[2]
    assert "22 numbers in 2 places, 2 of them folded" in lines[3]
    assert lines[5].startswith("  add before the prediction of stride 2")
    assert lines[6].startswith("  multiply on the prediction of stride 2")
    assert set(lines[6].split()[-1]) <= set("▁▂▃▄▅▆▇█")
    assert "anchor 8 x 8" in lines[7]
    assert "objectness" in lines[8]
    code, out, _ = tell("models", "show", "toy", "--json")
    shown = json.loads(out)
    assert (shown["network"]["implicit"], len(shown["network"]["vectors"][1]["values"])) == (22, 14)


def test_show_says_no_more_than_it_knows(tell, brightness_model):
    code, out, _ = tell("models", "show", brightness_model, "--json")
    assert (code, json.loads(out)["network"]) == (0, None)
    assert len(tell("models", "show", brightness_model)[1].splitlines()) == 3


def test_a_plot_keeps_what_stands_out_and_every_terminal_can_show_it(monkeypatch):
    values = [1.0] * 100
    values[51] = 0.0
    assert model_text.spark(values).count("▁") == 1
    assert model_text.spark([2.0, 2.0, 2.0]) == "▁▁▁"
    assert model_text.spark([0, 0.5, 1]) == "▁▅█"
    monkeypatch.setattr(sys, "stdout", open(os.devnull, "w", encoding="ascii"))  # noqa: SIM115
    assert model_text.spark([0, 0.5, 1]) == "_=#"
    sys.stdout.close()


@pytest.mark.usefixtures("without_torch")
def test_check_says_what_it_compared_and_writes_the_picture(tell, network, tmp_path):
    tell("models", "add", network)
    code, out, _ = tell("models", "check", "toy", "-o", tmp_path / "found.png")
    assert code == 0
    assert "Contract  kept" in out
    assert "against the numpy reference at 96 x 54, largest difference" in out
    assert "limit 0.05 px" in out
    assert out.splitlines()[-1] == str(tmp_path / "found.png")
    assert (tmp_path / "found.png").stat().st_size > 10_000
    code, out, _ = tell("models", "check", "toy", "--json")
    report = json.loads(out)
    assert (code, report["ok"], report["against"]) == (0, True, "the numpy reference")
    assert {measure["name"]: measure["ok"] for measure in report["measures"]}["boxes"]
    assert report["picture"] == str(user_folder("checks", "toy.png"))


@pytest.mark.usefixtures("without_torch")
def test_check_exits_with_1_when_the_model_differs(tell, network):
    tell("models", "add", network)
    path = user_folder("models", "toy.onnx")
    model = onnx.load(path)
    bias = next(tensor for tensor in model.graph.initializer if tensor.name.endswith("bias"))
    bias.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(bias) + 1, bias.name))
    path.write_bytes(model.SerializeToString())
    code, out, _ = tell("models", "check", "toy")
    assert code == 1
    assert "TOO LARGE" in out
    code, out, _ = tell("models", "check", "toy", "--json")
    assert (code, json.loads(out)["ok"]) == (1, False)


def test_check_of_what_cannot_be_checked_is_one_sentence(tell, tmp_path):
    code, out, err = tell("models", "check", "nobody")
    assert (code, out) == (1, "")
    assert err.startswith("There is no model named nobody.")
    assert tell("models", "check", "yolor-n", "--device", "abacus")[0] == 2
    assert tell("models", "check", "yolor-n", "--size", "3")[0] == 2
    (tmp_path / "file").write_text("")
    code, _, err = tell("models", "check", "yolor-n", "-o", tmp_path / "file" / "x.png")
    assert code == 1
    assert "cannot be written" in err or "cannot be read or written" in err


def test_download_without_a_name_lists_what_there_is(tell):
    code, out, _ = tell("models", "download")
    assert code == 0
    assert len(out.splitlines()) == len(RELEASES)
    assert "yolov4-tiny                   24 MB  YOLOv4-tiny, COCO, 416 px" in out
    assert "about 75 MB" in out
    listed = json.loads(tell("models", "download", "--json")[1])["releases"]
    assert {release["name"]: release["size"] for release in listed}["yolov4-tiny"] == 24_251_276


def test_download_of_an_unknown_name_is_one_sentence(tell):
    code, out, err = tell("models", "download", "yolov44-tiny")
    assert (code, out) == (1, "")
    assert err == "No published model named yolov44-tiny is known here. Did you mean yolov4-tiny?\n"


DOWNLOAD = """
import functools, sys
from yolor_studio.detect import releases
from yolor_studio.jobs import model_adding
from yolor_studio.yolor import truth
truth.has_torch = lambda: False
releases.RELEASES = (releases.Release("toy", sys.argv[1], "a toy", "MIT"),)
model_adding.download = functools.partial(model_adding.download, local=True)
from yolor_studio.cli.main import run
sys.exit(run(["models", "download", "toy", "--json"]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C cannot be sent to a child there")
def test_ctrl_c_keeps_the_part_and_another_process_goes_on_from_it(network):
    with serving(Shop(network.read_bytes(), stalls=True)) as shop:
        command = [sys.executable, "-c", DOWNLOAD, shop.url.replace("model.weights", "toy.safetensors")]
        first = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        part = user_folder("downloads", "toy.safetensors.part")
        deadline = time.monotonic() + 60
        while not shop.requests and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(0.5)
        first.send_signal(signal.SIGINT)
        out, err = first.communicate(timeout=30)
        assert (first.returncode, out) == (130, "")
        assert err.splitlines()[-1].startswith("Stopped. The ")
        assert part.stat().st_size == len(shop.data) // 2
        shop.stalls = False
        second = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
        assert second.returncode == 0, second.stderr
        assert json.loads(second.stdout)["check"]["ok"]
        assert shop.requests[-1]["range"] == f"bytes={len(shop.data) // 2}-"
        assert not part.exists()


def test_bytes_are_told_as_people_read_them():
    progress = Progress(12_000_000, 24_251_276, rate=1_500_000.0, eta=8.2)
    assert describe_amount(progress, "bytes") == "12 MB of 24 MB"
    assert describe_rate(progress, "bytes") == "1.5 MB/s, 0:08 left"
    assert describe_amount(Progress(1204, 5000)) == "1,204 of 5,000"
    assert describe_amount(Progress(1204, None)) == "1,204"
