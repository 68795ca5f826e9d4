"""PyTorch checkpoints (`.pt`, `.pth`), read without PyTorch: tensors and plain values are built, nothing is run."""
