#!/usr/bin/env python3
"""ONNX Runtime as a benchmark worker, on the files that `torch_worker.py --export FOLDER` writes."""
import worker

args = worker.options(onnx=dict(default="onnx", help="the folder of the files"))
import numpy as np  # noqa: E402
import onnxruntime as ort  # noqa: E402


def session(w):
    o = ort.SessionOptions()
    o.intra_op_num_threads, o.inter_op_num_threads = args.threads, 1
    o.add_session_config_entry("session.intra_op.allow_spinning", "1")
    o.add_session_config_entry("session.force_spinning_stop", "1")
    return ort.InferenceSession(f"{args.onnx}/{w}.onnx", o, providers=["CPUExecutionProvider"])


def prepare(w, mode):
    if mode == "train":
        raise KeyError("it does not train here")
    s, (x, _) = session(w), worker.data(w, worker.batch_of(w, mode))
    if len(worker.SHAPES[w]) == 3:
        x = [np.ascontiguousarray(v.transpose(0, 3, 1, 2)) for v in x]
    feed = {f"x{k}": v for k, v in enumerate(x)}
    return lambda: s.run(None, feed)


worker.serve(prepare)
