"""The panels of the workspace: each shows one part of the session and asks the studio to change it."""
