"""The wheel carries the models and resources, and an installed copy finds them."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from yolor_studio.core.resources import shipped

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from a copy of what git tracks, so that leftovers of the checkout cannot hide a missing file."""
    if not shutil.which("git") or not (ROOT / ".git").exists():
        pytest.skip("what belongs to the project is known only in a git checkout")
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    for name in tracked.decode().split("\0"):
        if name and (ROOT / name).is_file():
            copy = source / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes((ROOT / name).read_bytes())
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", str(target)]
    subprocess.run([*command, str(source)], check=True, capture_output=True)
    return next(target.glob("yolor_studio-*.whl"))


def test_the_wheel_carries_models_and_resources(wheel):
    inside = set(zipfile.ZipFile(wheel).namelist())
    for folder in ("models", "resources"):
        for path in (ROOT / folder).rglob("*"):
            if path.is_file() and path.suffix not in (".py", ".pyc"):
                assert f"yolor_studio/_shipped/{path.relative_to(ROOT).as_posix()}" in inside
    assert not [name for name in inside if name.startswith("tests/")]
    metadata = next(name for name in inside if name.endswith("entry_points.txt"))
    assert b"yolor-studio = yolor_studio.__main__:main" in zipfile.ZipFile(wheel).read(metadata)


def test_an_installed_copy_finds_them(wheel, tmp_path):
    zipfile.ZipFile(wheel).extractall(tmp_path)
    script = (
        "from yolor_studio.core.resources import shipped\n"
        "print(shipped('resources', 'networks', 'yolor-n.cfg').is_file(), shipped('models').is_dir())"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env={"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True
    )
    assert done.stdout.split() == ["True", "True"], done.stderr


def test_the_checkout_finds_them():
    assert shipped("resources", "networks", "yolor-n.cfg") == ROOT / "resources" / "networks" / "yolor-n.cfg"
    assert shipped("resources", "networks", "yolor-n.cfg").is_file()
