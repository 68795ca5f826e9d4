"""Where the program keeps what belongs to the user: models, settings, the demo."""

from __future__ import annotations

import os
from pathlib import Path


def user_folder(*parts: str) -> Path:
    """A path in the user's data folder, which the environment variable YOLOR_STUDIO_HOME moves; need not exist."""
    home = os.environ.get("YOLOR_STUDIO_HOME")
    if home:
        return Path(home).expanduser().joinpath(*parts)
    from platformdirs import user_data_path

    return user_data_path("yolor-studio", appauthor=False).joinpath(*parts)
