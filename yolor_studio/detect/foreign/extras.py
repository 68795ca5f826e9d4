"""Fields of a row beyond box and classes: masks and key points, of which the boxes alone are kept."""

from __future__ import annotations

from yolor_studio.detect.foreign.sized import SizedFile


def dropped_fields(sized: SizedFile) -> tuple[int, tuple[str, ...]]:
    """(fields at the end of each row that belong to no class, what a person is told of them).

    A second output [N, masks, H, W] holds prototypes of masks, for which every row ends in as many coefficients; a file
    for poses says its key points' shape in its metadata.
    """
    match [output.shape for output in sized.beside]:
        case [(_, int(masks), int(), int())]:
            return masks, ("It finds outlines as well, which are left out: boxes alone are used.",)
    if sized.signature.metadata.get("task") == "pose":
        match sized.signature.value("kpt_shape"):
            case [int(points), int(numbers)] if 0 < points <= 1000 and numbers in (2, 3):
                return points * numbers, ("It finds key points as well, which are left out: boxes alone are used.",)
    return 0, ()
