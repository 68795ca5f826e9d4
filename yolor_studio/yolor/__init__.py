"""The YOLOR network family: descriptions, safe weight readers and the ONNX builder that folds implicit knowledge."""
