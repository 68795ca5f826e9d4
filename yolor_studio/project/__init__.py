"""The .yolor file: one SQLite database that holds everything but the pixels. All SQL lives here."""
