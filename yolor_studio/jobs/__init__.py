"""Long work on threads, without Qt: a job is a generator of events."""
