"""The commands' names, known without loading them, so that the window starts at once."""

COMMANDS = frozenset(
    {
        "label",
        "accept",
        "review",
        "relink",
        "export",
        "import",
        "models",
        "eval",
        "train",
        "info",
        "frame",
        "stats",
        "demo",
        "bench",
        "screenshots",
        "doctor",
    }
)
