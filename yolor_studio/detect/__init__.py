"""Running a model: its library, devices, letterbox, suppression."""
