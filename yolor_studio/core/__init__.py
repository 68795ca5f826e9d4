"""The product's words as frozen dataclasses, and pure functions on boxes; imports nothing else of the package."""
