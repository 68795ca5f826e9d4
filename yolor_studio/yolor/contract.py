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
TAGS = "tags"
"""Optional: float32 [N, classes], from 0 to 1, how surely each class is anywhere in the picture."""
EMBEDDINGS = "embeddings"
"""Optional: float32 [N, K, length], row k belongs to boxes[k] and has the length 1 (rows beyond the candidates 0)."""
TAGS_KEY = "tags"
"""The metadata entry that is "1" where the model has tags."""
EMBEDDING_KEY = "embedding"
"""The metadata entry that holds the length of the embeddings, where the model has them."""
CANDIDATES = 3000
"""K."""
OPSET = 17
