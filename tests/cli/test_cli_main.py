"""The command line as its user meets it: exit codes, one sentence, JSON alone on stdout, resuming."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from yolor_studio.cli.main import run
from yolor_studio.cli.names import COMMANDS
from yolor_studio.media.write import save_png
from yolor_studio.project import Project

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def tell(capsys):
    """Run a command; returns (exit code, stdout, stderr)."""

    def call(*arguments):
        code = run([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def test_label_accept_review_export_and_stats_are_the_whole_job(tell, tmp_path, grey_clip, brightness_model):
    project, dataset = tmp_path / "grey.yolor", tmp_path / "grey-coco"
    code, out, err = tell("label", grey_clip, "--project", project, "--model", brightness_model, "--json")
    labelled = json.loads(out)
    assert (code, labelled["frames"], labelled["boxes"], labelled["failed"]) == (0, 30, 30, 0)
    assert labelled["own_cpu_ms"] > 0
    assert "brightness on CPU" in err

    code, out, _ = tell("label", grey_clip, "--project", project, "--model", brightness_model, "--json")
    again = json.loads(out)
    assert (code, again["frames"], again["skipped"]) == (0, 0, 30)

    code, out, _ = tell("accept", project, "--min-score", "0.5", "--frames", "0-9", "--json")
    assert (code, json.loads(out)["accepted"]) == (0, 10)
    code, out, _ = tell("review", project, "--frames", "0-19", "--json")
    assert (code, json.loads(out)["reviewed"]) == (0, 20)

    code, out, _ = tell("export", project, "--out", dataset, "--json")
    written = json.loads(out)
    assert (code, written["frames"], written["boxes"], written["check"]["ap"]) == (0, 20, 10, 1.0)
    annotations = json.loads((dataset / "annotations" / "instances_train.json").read_text())
    assert len(annotations["images"]) == 20
    assert [c["name"] for c in annotations["categories"]] == ["light", "dark"]
    assert len(list((dataset / "images").rglob("*.jpg"))) == 20

    code, out, _ = tell("stats", project)
    assert code == 0
    assert "1 media, 30 frames, 20 reviewed, 10 objects" in out


def test_people_get_the_path_as_the_last_line(tell, tmp_path, grey_clip, brightness_model):
    project = tmp_path / "grey.yolor"
    code, out, _ = tell("label", grey_clip, "--project", project, "--model", brightness_model)
    assert code == 0
    assert out.splitlines()[-1] == str(project)
    assert "30 frames labelled with brightness" in out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["label", "nowhere.mp4", "--project", "x.yolor"], "nowhere.mp4 does not exist"),
        (["accept", "nowhere.yolor"], "nowhere.yolor does not exist"),
        (["bogus"], "bogus"),
        (["label"], "SOURCE"),
        (["label", "--no-such-option"], "--no-such-option"),
        (["nowhere.mp4"], "nowhere.mp4 does not exist"),
        (["bench", "everything"], "startup, canvas, video, label, export"),
    ],
)
def test_wrong_usage_is_2_and_says_what(tell, arguments, sentence):
    code, out, err = tell(*arguments)
    assert code == 2
    assert sentence in err
    assert out == ""
    assert "Traceback" not in err


def test_wrong_values_are_wrong_usage_and_make_no_project(tell, tmp_path, grey_clip, brightness_model):
    project = tmp_path / "x.yolor"
    line = ["label", grey_clip, "--project", project, "--model", brightness_model]
    for wrong, sentence in (("--every=0", "--every must be 1"), ("--min-score=7", "between 0 and 1")):
        code, _, err = tell(*line, wrong)
        assert code == 2
        assert sentence in err
    for wrong, sentence in (
        (("--device", "gpu"), "auto, tensorrt, cuda, coreml, cpu"),
        (("--size", "100000"), "32 to 4,096 pixels; found 100,000"),
        (("--size", "0"), "found 0"),
    ):
        code, _, err = tell(*line, *wrong)
        assert code == 2
        assert sentence in err
    assert not project.exists()


def test_an_unknown_model_is_told_before_anything_is_made(tell, tmp_path, grey_clip):
    project = tmp_path / "x.yolor"
    code, _, err = tell("label", grey_clip, "--project", project, "--model", "yolov99")
    assert code == 1
    assert "yolov99" in err
    assert not project.exists()


def test_frames_and_media_are_checked(tell, tmp_path, grey_clip, brightness_model):
    project = tmp_path / "grey.yolor"
    tell("label", grey_clip, "--project", project, "--model", brightness_model)
    for arguments, sentence in (
        (["--frames", "9-3"], "comes after the last"),
        (["--frames", "a-b"], "--frames wants A-B"),
        (["--frames", "30-40"], "30 frames, 0 to 29"),
        (["--media", "other.mp4"], "It has: grey.mp4"),
    ):
        code, _, err = tell("review", project, *arguments)
        assert code == 2
        assert sentence in err


def test_accept_and_review_are_one_step_each_over_all_media(tell, tmp_path, brightness_model):
    (tmp_path / "pictures").mkdir()
    for name in ("a", "b", "c"):
        save_png(tmp_path / "pictures" / f"{name}.png", np.full((64, 96, 3), 200, np.uint8))
    path = tmp_path / "p.yolor"
    tell("label", tmp_path / "pictures", "--project", path, "--model", brightness_model, "--no-tracks")
    tell("accept", path, "--media", "a.png")
    code, out, _ = tell("review", path, "--min-score", "0.5", "--json")
    assert (code, json.loads(out)) == (0, {"project": str(path), "reviewed": 3, "left_out": 2})
    _, out, _ = tell("review", path)
    assert "2 predictions are still shown there and left out. Accept them" in out
    tell("accept", path)
    with Project.open(path) as project:
        assert project.counts().objects_by_category == {1: 3}
        assert project.undo_name() == "Accept predictions"
        project.undo()
        assert project.counts().objects_by_category == {1: 1}
        assert project.undo_name() == "Mark reviewed"
        project.undo()
        assert project.counts().reviewed == 0


def test_info_and_frame_show_what_the_app_would(tell, tmp_path, grey_clip):
    code, out, _ = tell("info", grey_clip, "--json")
    found = json.loads(out)
    assert code == 0
    assert {"kind", "codec", "width", "height", "frames", "constant_rate", "fps", "rotation", "notes"} <= set(found)
    assert (found["kind"], found["frames"], found["width"], found["height"]) == ("video", 30, 96, 64)
    target = tmp_path / "f.png"
    code, _, _ = tell("frame", grey_clip, 12, "-o", target)
    assert code == 0
    from yolor_studio.media import open_media

    with open_media(target) as source:
        assert abs(int(source.read(0).mean()) - (16 + 7 * 12)) <= 2
    assert tell("frame", grey_clip, 12, "-o", tmp_path / "f.jpg")[0] == 2
    code, _, err = tell("frame", grey_clip, 30, "-o", target)
    assert code == 2
    assert "0 to 29" in err


def test_a_file_that_is_no_media_fails_with_a_sentence(tell, tmp_path):
    empty = tmp_path / "empty.mp4"
    empty.touch()
    code, out, err = tell("info", empty, "--json")
    assert (code, out) == (1, "")
    assert "empty.mp4" in err


def test_a_folder_with_one_bad_picture_labels_the_rest_and_lists_it(tell, tmp_path, brightness_model):
    folder = tmp_path / "pictures"
    folder.mkdir()
    save_png(folder / "good.png", np.full((48, 64, 3), 90, np.uint8))
    (folder / "bad.png").write_bytes(b"no picture")
    code, out, err = tell("label", folder, "--project", tmp_path / "x.yolor", "--model", brightness_model, "--json")
    data = json.loads(out)
    assert (code, data["frames"]) == (0, 1)
    assert data["failures"][0]["what"] == "bad.png"
    assert "bad.png" in err


def test_every_command_has_help_with_an_example(tell):
    for command in sorted(COMMANDS - {"models"}):
        code, out, _ = tell(command, "--help")
        assert code == 0
        assert f"Example: yolor-studio {command}" in " ".join(out.split())
    for command in ("list", "show", "add", "remove"):
        code, out, _ = tell("models", command, "--help")
        assert code == 0
        assert f"Example: yolor-studio models {command}" in " ".join(out.split())


def test_version(tell):
    from yolor_studio import __version__

    assert tell("--version")[:2] == (0, f"yolor-studio {__version__}\n")


def test_debug_shows_where_an_error_came_from():
    from yolor_studio.core.errors import StudioError

    with pytest.raises(StudioError):
        run(["--debug", "models", "show", "no-such-model"])


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is sent as a POSIX signal")
def test_ctrl_c_keeps_what_was_found_and_the_same_line_resumes(tmp_path, brightness_model):
    from fractions import Fraction

    from yolor_studio.media.encode import encode_mp4

    clip, project = tmp_path / "long.mp4", tmp_path / "long.yolor"
    encode_mp4(clip, (np.full((180, 320, 3), k % 200, np.uint8) for k in range(1500)), fps=Fraction(25))
    command = [sys.executable, "-m", "yolor_studio", "label", clip, "--project", project, "--model", brightness_model]
    child = subprocess.Popen(
        [str(part) for part in command],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert child.stderr is not None
    for line in child.stderr:
        if line.startswith("Pre-labelling"):
            break
    time.sleep(0.4)
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=20)
    assert child.returncode == 130, (out, err)
    assert "Traceback" not in err
    done = subprocess.run([*map(str, command), "--json"], capture_output=True, text=True, check=True)
    data = json.loads(done.stdout)
    assert data["frames"] + data["skipped"] == 1500
    assert data["skipped"] > 0


def test_without_a_display_the_window_is_refused_in_a_sentence(tell, monkeypatch):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    code, out, err = tell()
    assert (code, out) == (1, "")
    assert err.startswith("There is no display")


def test_a_split_named_twice_is_wrong_usage(tell, tmp_path):
    Project.create(tmp_path / "a.yolor").close()
    code, _, err = tell("export", tmp_path / "a.yolor", "--out", tmp_path / "out", "--split", "train=0.5,train=0.5")
    assert code == 2
    assert "names train twice" in err


def test_everything_but_the_window_loads_no_qt():
    package = ROOT / "yolor_studio"
    modules = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in sorted(package.rglob("*.py"))
        if path.relative_to(package).parts[0] not in ("gui", "app.py", "__main__.py")
    ]
    assert len(modules) > 100
    script = (
        "import importlib, sys\n"
        f"for name in {modules!r}:\n"
        "    try:\n"
        "        importlib.import_module(name)\n"
        "    except ModuleNotFoundError as error:\n"
        "        assert error.name == 'torch', error\n"
        "assert not [name for name in sys.modules if name.startswith('PySide6')]\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_light_packages_load_no_heavy_library():
    script = (
        "import sys\n"
        "import yolor_studio.project, yolor_studio.media, yolor_studio.jobs.prelabel, yolor_studio.detect.library\n"
        "heavy = {'cv2', 'av', 'onnx', 'onnxruntime', 'scipy', 'torch', 'pycocotools', 'PIL'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_eval_measures_on_a_dataset_and_on_a_project(tell, tmp_path, grey_clip, brightness_model):
    project, dataset = tmp_path / "grey.yolor", tmp_path / "coco"
    tell("label", grey_clip, "--project", project, "--model", brightness_model)
    tell("accept", project)
    tell("review", project)
    tell("export", project, "--out", dataset, "--images", "png")
    annotations = dataset / "annotations" / "instances_train.json"
    images = ["--images", dataset / "images"]
    for source in (["--data", annotations, *images], ["--data", annotations], [project]):
        code, out, err = tell("eval", *source, "--model", brightness_model, "--json")
        assert code == 0, err
        scores = json.loads(out)
        assert {"AP", "AP50", "AP75", "APs", "APm", "APl", "per_category"} <= set(scores)
        assert scores["AP"] > 0.9
    for wrong in ([], [project, "--data", annotations], images):
        assert tell("eval", *wrong)[0] == 2


def test_a_failed_import_leaves_no_new_project(tell, tmp_path):
    broken = tmp_path / "broken.json"
    broken.write_text("{")
    code, _, err = tell("import", tmp_path / "new.yolor", broken)
    assert code == 1
    assert "broken.json" in err
    assert not list(tmp_path.glob("new.yolor*"))


def test_an_export_named_by_a_relative_path_comes_in_with_its_frames(
    tell, tmp_path, monkeypatch, grey_clip, brightness_model
):
    monkeypatch.chdir(tmp_path)
    tell("label", grey_clip, "--project", "grey.yolor", "--model", brightness_model, "--every", "10")
    tell("accept", "grey.yolor")
    tell("review", "grey.yolor")
    tell("export", "grey.yolor", "--out", "coco")
    code, out, err = tell("import", "new.yolor", "coco", "--json")
    assert (code, json.loads(out)["placed"], json.loads(out)["objects"]) == (0, 3, 3), err


@pytest.mark.skipif(sys.platform == "win32", reason="a shell's closed streams")
@pytest.mark.parametrize(
    ("streams", "code"), [(">&-", 0), ("2>&-", 0), ("<&-", 0), ("<&- >&- 2>&-", 0), (">/dev/full", 1)]
)
def test_closed_or_full_streams_are_no_accident(tmp_path, grey_clip, brightness_model, streams, code):
    project = tmp_path / "grey.yolor"
    line = f'exec "$0" -m yolor_studio label "$1" --project "$2" --model "$3" --every 9 --json {streams}'
    done = subprocess.run(
        ["sh", "-c", line, sys.executable, grey_clip, project, brightness_model],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == code, done.stderr
    if done.stdout:
        assert json.loads(done.stdout)["frames"] == 4
    if code:
        assert "cannot be read or written: No space left on device" in done.stderr
    with Project.open(project) as opened:
        assert opened.counts().frames == 30


@pytest.mark.skipif(sys.platform != "linux", reason="names of files are text there")
def test_a_name_that_is_no_text_is_told(tell, tmp_path, brightness_model):
    bad = tmp_path / os.fsdecode(b"bad\xff.png")
    for path in (bad, tmp_path / "good.png"):
        save_png(path, np.full((20, 30, 3), 90, np.uint8))
    code, out, _ = tell("frame", bad, "0", "-o", tmp_path / os.fsdecode(b"out\xff.png"))
    assert (code, out) == (0, f"{tmp_path}/out\\udcff.png\n")
    code, out, _ = tell("info", bad, "--json")
    assert (code, Path(json.loads(out)["path"])) == (0, bad)
    code, out, err = tell("label", bad, tmp_path / "good.png", "--project", tmp_path / "p.yolor", "--json",
                          "--model", brightness_model)  # fmt: skip
    assert (code, json.loads(out)["frames"], len(json.loads(out)["failures"])) == (0, 1, 1)
    assert "no text in UTF-8" in err
