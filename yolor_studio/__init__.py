"""YOLOR Studio turns video into a detection dataset: YOLOR pre-labels, a person corrects, COCO comes out."""

__version__ = "1.0.0"
