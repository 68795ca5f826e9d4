"""The child process of `ap.evaluate_coco`: `python -m yolor_studio.metrics.ap_child`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from yolor_studio.core.child import answer


def _score(request: Any) -> Any:
    from yolor_studio.metrics.cocoeval import score

    return asdict(score(request))


if __name__ == "__main__":
    answer(_score)
