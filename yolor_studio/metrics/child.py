"""See core.child."""

from yolor_studio.core.child import answer, run_child

__all__ = ["answer", "run_child"]
