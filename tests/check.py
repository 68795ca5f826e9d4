"""Every check of the project, the cheapest to find a mistake first: `./studio test [--long] [-k ...]`."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent


def main(arguments: list[str]) -> int:
    """Run the checks; returns 0 when all passed."""
    long = "--long" in arguments
    rest = [argument for argument in arguments if argument != "--long"]
    marker = [] if long else ["-m", "not slow"]
    checks = [
        ("lint", [str(BIN / "ruff"), "check", "."]),
        ("format", [str(BIN / "ruff"), "format", "--check", "."]),
        ("layers", [str(BIN / "lint-imports")]),
        ("types", [str(BIN / "basedpyright"), "--level", "error", *typed_files()]),
        ("tests", [sys.executable, "-m", "pytest", *marker, *rest]),
    ]
    failed = [name for name, command in checks if not run(name, command)]
    if failed:
        say(f"Failed: {', '.join(failed)}")
    return 1 if failed else 0


def typed_files() -> list[str]:
    """What the type checker looks at: everything, or without torch, which it would miss, all that does without."""
    if find_spec("torch") is not None:
        return []
    package = ROOT / "yolor_studio"
    with_torch = {package / "yolor" / "network.py", *(package / "train").glob("*.py")}
    return [str(path) for path in sorted(package.rglob("*.py")) if path not in with_torch]


def run(name: str, command: list[str]) -> bool:
    """Run one check in the project's folder; returns whether it passed."""
    started = time.monotonic()
    say(f"== {name}")
    passed = subprocess.run(command, cwd=ROOT, env={**os.environ, "QT_QPA_PLATFORM": "offscreen"}).returncode == 0
    say(f"== {name}: {'passed' if passed else 'FAILED'} in {time.monotonic() - started:.0f} s")
    return passed


def say(text: str) -> None:
    """A line for people, in order with what the checks print."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
