"""What a person should know before an export is written, in sentences."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from yolor_studio.formats.plan import ExportPlan

_NAMED = 3


def counted(count: int, thing: str, plural: str | None = None) -> str:
    """ "1 box", "1,204 boxes": the number with its thing."""
    return f"{count:,} {thing if count == 1 else plural or thing + 's'}"


def listed(names: list[str]) -> str:
    """ "a", "a and b", "a, b, c and 4 more"."""
    if len(names) > _NAMED:
        return f"{', '.join(names[:_NAMED])} and {len(names) - _NAMED:,} more"
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def advise(plan: ExportPlan) -> tuple[str, ...]:
    """The sentences about a plan, the gravest first."""
    return (*_about_media(plan), *_about_review(plan), *_about_boxes(plan), *_about_splits(plan))


def _about_media(plan: ExportPlan) -> Iterator[str]:
    pictures = plan.request.images != "none"
    if plan.missing:
        names = listed([media.name for media in plan.missing])
        verb = "is" if len(plan.missing) == 1 else "are"
        fate = "left out" if pictures else "not needed, as no pictures are written"
        yield f"{names} {verb} missing and {fate}."
    changed = [media.name for media in plan.snapshot.media if media.id in plan.snapshot.changed]
    if changed:
        verb, are = ("has", "is") if len(changed) == 1 else ("have", "are")
        fate = "left out, as boxes would be on the wrong pictures" if pictures else "taken as labelled"
        yield f"{listed(changed)} {verb} changed since labelled and {are} {fate}."
    if plan.request.images == "reference":
        turned = sum(bool(clip.media.info.get("rotation")) for clip in plan.clips)
        if turned:
            yield (
                f"{counted(turned, 'picture')} turned by EXIF: boxes belong to the picture as shown, and a reader "
                "that ignores EXIF will see them in the wrong place."
            )
    if not plan.frames:
        yield (
            "Nothing would be written: no frame was reviewed yet."
            if "all" not in plan.request.include
            else ("Nothing would be written: no frame has a box or was reviewed.")
        )


def _about_review(plan: ExportPlan) -> Iterator[str]:
    """Reviewed frames that are older than a category: nobody looked for it there, unless a box of it says otherwise."""
    reviewed = plan.reviewed
    unsought = np.zeros(plan.frames, bool)
    names = []
    for category in plan.categories:
        older = reviewed & (plan.known < plan.snapshot.made.get(category.id, 0))
        older[plan.boxes.row[plan.boxes.category == category.id]] = False
        if older.any():
            names.append(f"“{category.name}”")
            unsought |= older
    count = int(unsought.sum())
    if count:
        yield (
            f"{counted(count, 'frame was', 'frames were')} reviewed before there was {listed(names)}, and may lack its "
            "boxes. Look through them and mark them reviewed again."
        )


def _about_boxes(plan: ExportPlan) -> Iterator[str]:
    if plan.clipped:
        over = f"{counted(plan.clipped, 'box', 'boxes')} {'reaches' if plan.clipped == 1 else 'reach'} over the border"
        yield f"{over}, by at most {plan.clipped_most:.1f} px, and will be clipped. The project stays as it is."
    if plan.outside:
        lie = "lies" if plan.outside == 1 else "lie"
        yield f"{counted(plan.outside, 'box', 'boxes')} {lie} outside the picture and will not be written."
    if plan.request.predictions and plan.snapshot.layer is None:
        yield "There are no predictions to include: no model was run yet."


def _about_splits(plan: ExportPlan) -> Iterator[str]:
    wanted = [name for name, share in plan.request.split.items() if share > 0]
    if len(wanted) > 1 and plan.frames:
        if len(plan.clips) == 1:
            yield (
                "There is one clip, so it is cut into blocks"
                + (f" and {counted(plan.left_out, 'frame')} between them are left out." if plan.left_out else ".")
            )
        without = [split.name for split in plan.splits if split.name in wanted and not split.frames]
        if without:
            yield f"Too few clips: nothing falls to {listed(without)}."
    used = np.unique(plan.boxes.category)
    for split in plan.splits:
        if split.name in wanted[1:] and split.frames:
            absent = [f"“{one.name}”" for one in plan.categories if one.id in used and not split.per_category[one.id]]
            if absent:
                yield f"No box of {listed(absent)} is in {split.name}. Its score cannot be measured there."
