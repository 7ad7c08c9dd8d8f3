"""What the workers of the peers share: data like antler-bench's, and the loop that answers requests.

A request is a line `ID MODE STEPS`; the answer `ID MODE STEPS NANOSECONDS`, or `ID MODE - reason`.
"""
import argparse
import os
import sys
import time

SHAPES = {
    "W1": (4,), "W2": (784,), "W3": (60, 1), "W3R": (60, 1), "W4": (28, 28, 1), "W5": (32, 32, 64),
    "W6": (28, 28, 128), "W7": (128, 256), "W8": (200,), "W9": (1024,), "W10": (64,),
}
BATCHES = {"W1": 32, "W2": 32, "W3": 32, "W3R": 32, "W4": 128, "W5": 8, "W6": 8, "W7": 8, "W8": 32,
           "W9": 256, "W10": 64}
CLASSES = {"W1": 3, "W2": 10, "W4": 10, "W5": 10, "W6": 10, "W7": 10}


def options(**more):
    """Command line and environment, before any library is imported: it must know its threads."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, default=1)
    for name, how in more.items():
        parser.add_argument("--" + name, **how)
    args = parser.parse_args()
    os.sched_setaffinity(0, list(os.sched_getaffinity(0))[:args.threads])
    for name in ("OMP", "OPENBLAS", "MKL", "TF_INTRAOP", "TF_INTEROP"):
        tf = name.startswith("TF_")
        os.environ[f"TF_NUM_{name[3:]}_THREADS" if tf else f"{name}_NUM_THREADS"] = str(args.threads)
    os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="-1", JAX_PLATFORMS="cpu")
    return args


def data(w, batch):
    """Inputs and targets of a workload, as lists."""
    import numpy as np
    rng = np.random.default_rng(1)

    def reals(*shape):
        return rng.standard_normal((batch, *shape)).astype("float32")

    def ints(most, *shape):
        return rng.integers(0, most, (batch, *shape)).astype("int32")

    if w == "W8":
        return [ints(10000, 200)], [ints(2, 1).astype("float32")]
    x = [reals(*SHAPES[w]) for _ in range(2 if w == "W10" else 1)]
    if w == "W10":
        return x, [ints(2, 1).astype("float32"), ints(5)]
    return x, [ints(CLASSES[w]) if w in CLASSES else reals(1024 if w == "W9" else 1)]


def warm_up(step):
    start = time.perf_counter()
    for k in range(50):
        step()
        if k >= 4 and time.perf_counter() - start > 2:
            break


def timed(step, n):
    start = time.perf_counter_ns()
    for _ in range(n):
        step()
    return time.perf_counter_ns() - start


def serve(prepare):
    """Answers until the input ends; prepare(w, mode) gives the function that is one step."""
    ready = {}
    for line in sys.stdin:
        w, mode, n = line.split()
        try:
            key = w.rstrip("F"), mode  # W5F is W5 where Antler may be less exact
            if key not in ready:
                ready[key] = prepare(*key)
                warm_up(ready[key])
            print(w, mode, n, timed(ready[key], int(n)), flush=True)
        except Exception as e:  # the reason is the answer
            print(w, mode, "-", " ".join(str(e).split())[:200] or type(e).__name__, flush=True)


def batch_of(w, mode):
    return 1 if mode == "infer1" else BATCHES[w]
