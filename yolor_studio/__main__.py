"""`python -m yolor_studio` and the `yolor-studio` command."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command line with this process's arguments; returns the exit code."""
    from yolor_studio.cli.main import run, settle_output

    code = run(sys.argv[1:])
    settle_output()
    return code


if __name__ == "__main__":
    sys.exit(main())
