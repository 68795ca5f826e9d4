"""How the bundled int8 variant is made of models/yolor-n.safetensors, and how much faster it runs here.

    python models/make_yolor_n_int8.py --pictures PICTURES

PICTURES is what `make_yolor_n.py prepare` wrote; some of its training pictures tell how large the values in the network
become. Convolutions and what lies between them are computed with 8 bits (weights by channel, signed; values unsigned);
what the heads' last convolutions give, and the decoding, stay float32, because boxes are read from them. Only the boxes
are kept of the tasks.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
from make_yolor_n import LICENCE, NAMES, description, weights_of
from numpy.typing import NDArray
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

from yolor_studio.detect.letterbox import Letterbox
from yolor_studio.train.samples import PictureStore
from yolor_studio.yolor.contract import BOXES, INPUT, SCORES
from yolor_studio.yolor.files import write_atomically
from yolor_studio.yolor.onnx_graph import build_onnx
from yolor_studio.yolor.plan import Plan, build_plan
from yolor_studio.yolor.safetensors_io import load_network

log = logging.getLogger("yolor-n-int8")
HERE = Path(__file__).parent
EIGHT_BITS = ["Conv", "Sigmoid", "Mul", "Add", "Concat", "MaxPool", "Resize"]


class Pictures(CalibrationDataReader):
    """Training pictures as the program would show them to the model."""

    def __init__(self, folder: Path, *, count: int, size: int, stride: int) -> None:
        store = PictureStore(folder)
        weights = weights_of(store, np.load(folder / "sources.npy"), scenes_share=0.3)
        chosen = np.random.default_rng(1).choice(len(store), count, replace=False, p=weights)
        self._pictures = self._shown(store, chosen.tolist(), size=size, stride=stride)

    @staticmethod
    def _shown(store: PictureStore, chosen: list[int], *, size: int, stride: int) -> Iterator[NDArray[np.uint8]]:
        for index in chosen:
            height, width = store.size(index)
            letterbox = Letterbox.rectangular(width, height, size=size, stride=stride)
            image = np.empty((letterbox.height, letterbox.width, 3), np.uint8)
            letterbox.apply(store.pixels(index), image)
            yield image[None]

    def get_next(self) -> Any:
        """See CalibrationDataReader."""
        image = next(self._pictures, None)
        return None if image is None else {INPUT: image}


def float_model(file: Path, size: int) -> tuple[Plan, onnx.ModelProto]:
    """The boxes of the network in `file` as float32 throughout."""
    plan, weights = build_plan(description()), load_network(file).weights
    boxes = replace(weights, arrays={name: weights.arrays[name] for name in plan.shapes()})
    source = hashlib.sha256(file.read_bytes()).hexdigest()
    model = build_onnx(plan, boxes, names=NAMES, licence=LICENCE, source_hash=source, size=size)
    for number, node in enumerate(model.graph.node):
        node.name = f"node {number}"
    return plan, model


def kept_float(model: onnx.ModelProto) -> list[str]:
    """The nodes that stay float32: the last convolution of each head, and all that is worked out from it."""
    reshaped = {node.input[0] for node in model.graph.node if node.op_type == "Reshape"}
    last = [node for node in model.graph.node if node.op_type == "Conv" and node.output[0] in reshaped]
    names, values = {node.name for node in last}, {value for node in last for value in node.output}
    for node in model.graph.node:
        if values & set(node.input):
            names.add(node.name)
            values.update(node.output)
    return sorted(names)


def quantized(model: onnx.ModelProto, pictures: CalibrationDataReader) -> bytes:
    """The model with QuantizeLinear and DequantizeLinear around what runs in 8 bits; the metadata stay."""
    with tempfile.TemporaryDirectory() as folder:
        before, after = Path(folder, "float.onnx"), Path(folder, "int8.onnx")
        onnx.save(model, before)
        quantize_static(
            before,
            after,
            pictures,
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=EIGHT_BITS,
            nodes_to_exclude=kept_float(model),
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
        )
        return after.read_bytes()


def milliseconds(models: list[bytes], size: int) -> list[float]:
    """The median time of a run on one thread at 16:9, the models in turns."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    sessions = [ort.InferenceSession(model, options, providers=["CPUExecutionProvider"]) for model in models]
    letterbox = Letterbox.rectangular(1280, 720, size=size, stride=32)
    image = np.random.default_rng(1).integers(0, 256, (1, letterbox.height, letterbox.width, 3), np.uint8)
    spent: list[list[float]] = [[] for _ in sessions]
    for _ in range(60):
        for session, times in zip(sessions, spent, strict=True):
            began = time.process_time()
            session.run([BOXES, SCORES], {INPUT: image})
            times.append(1000 * (time.process_time() - began))
    return [float(np.median(times)) for times in spent]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=Path, required=True)
    parser.add_argument("--count", type=int, default=160)
    parser.add_argument("--network", type=Path, default=HERE / "yolor-n.safetensors")
    parser.add_argument("--out", type=Path, default=HERE / "yolor-n-int8.onnx")
    args = parser.parse_args()
    size = load_network(args.network).size
    plan, model = float_model(args.network, size)
    pictures = Pictures(args.pictures, count=args.count, size=size, stride=plan.stride)
    made = quantized(model, pictures)
    write_atomically(args.out, made)
    float_ms, int8_ms = milliseconds([model.SerializeToString(), made], size)
    log.info("%s", json.dumps({"float32 ms": round(float_ms, 1), "int8 ms": round(int8_ms, 1), "bytes": len(made)}))


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    main()
