"""The words of the ONNX contract that every part of the program goes by."""

from __future__ import annotations

CONTRACT = "1"
"""The version of the contract."""
CONTRACT_KEY = "yolor_studio.contract"
"""The metadata entry that holds it; beside it stand names (a JSON list), stride, size, source_hash, licence and
producer."""
INPUT = "images"
"""uint8 [N, H, W, 3] RGB, H and W multiples of the stride."""
BOXES = "boxes"
"""float32 [N, K, 4]: x1, y1, x2, y2 in input pixels."""
SCORES = "scores"
"""float32 [N, K, classes], rows falling by their best class; rows beyond the candidates have score 0."""
CANDIDATES = 3000
"""K."""
OPSET = 17
