"""Controls of our own: what Qt has not, or paints otherwise."""

from yolor_studio.gui.widgets.elided import ElidedLabel
from yolor_studio.gui.widgets.empty_state import EmptyState
from yolor_studio.gui.widgets.frame_strip import FrameStrip
from yolor_studio.gui.widgets.histogram_slider import HistogramSlider
from yolor_studio.gui.widgets.job_button import JobButton
from yolor_studio.gui.widgets.key_button import KeyButton
from yolor_studio.gui.widgets.key_cap import KeyCap, key_cap_width, paint_key_cap
from yolor_studio.gui.widgets.segmented import Segmented
from yolor_studio.gui.widgets.splitter import Splitter
from yolor_studio.gui.widgets.strip_columns import NOT_VISITED, Review
from yolor_studio.gui.widgets.toast import Toast
from yolor_studio.gui.widgets.toggle import Toggle

__all__ = [
    "NOT_VISITED",
    "ElidedLabel",
    "EmptyState",
    "FrameStrip",
    "HistogramSlider",
    "JobButton",
    "KeyButton",
    "KeyCap",
    "Review",
    "Segmented",
    "Splitter",
    "Toast",
    "Toggle",
    "key_cap_width",
    "paint_key_cap",
]
