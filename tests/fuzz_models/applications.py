#!/usr/bin/env python3
"""The networks of keras.applications, with random weights: from Keras to Antler, as `.keras` and as
legacy `.h5`, and from Antler back to Keras.

    python tests/fuzz_models/applications.py --antler build/src/tool/antler [NAME…]

Needs keras==3.15.1 with a backend. A line per network and way; exits 1 when there was a difference.
"""
import argparse
import os
import sys
import tempfile

import read  # sets Keras's environment
import keras
import numpy as np

# The smallest images that each takes, or nearly. Those with layers of their own (ConvNeXt,
# InceptionResNetV2) are left out: Antler refuses unknown classes by name.
SIDES = {
    "DenseNet121": 64, "EfficientNetB0": 64, "EfficientNetV2B0": 64, "InceptionV3": 80,
    "MobileNet": 64, "MobileNetV2": 64, "MobileNetV3Large": 64, "MobileNetV3Small": 64,
    "NASNetMobile": 64, "ResNet50": 64, "ResNet50V2": 64, "VGG16": 48, "Xception": 80,
}
CLASSES = 10


def lively(model, rng):
    """Statistics that no fresh network has: all else would hide a wrong use of them."""
    for layer in model.layers:
        if not isinstance(layer, keras.layers.BatchNormalization):
            continue
        *scales, mean, variance = layer.get_weights()
        mean = mean + rng.uniform(-0.2, 0.2, mean.shape)
        layer.set_weights([*scales, mean, rng.uniform(0.7, 1.5, variance.shape)])


def antler(*command):
    code, said = read.run(ANTLER, *command)
    if code:
        raise RuntimeError(said)


def by_antler(path, x):
    antler("predict", path, "--input", x, "--output", "y.npy", "--quiet")
    return np.load("y.npy")


def ways(model):
    """Each way's name and what it predicts for x.npy."""
    model.save("there.keras")
    yield "from .keras", by_antler("there.keras", "x.npy")
    antler("convert", "there.keras", "back.keras")
    yield "back in Keras", keras.saving.load_model("back.keras").predict(np.load("x.npy"), verbose=0)
    model.save("legacy.h5")
    yield "from .h5", by_antler("legacy.h5", "x.npy")


def check(name):
    keras.utils.set_random_seed(1)
    rng = np.random.default_rng(1)
    side = SIDES[name]
    model = getattr(keras.applications, name)(
        weights=None, input_shape=(side, side, 3), classes=CLASSES)
    lively(model, rng)
    x = rng.uniform(0, 255, (2, side, side, 3)).astype("float32")
    np.save("x.npy", x)
    want = model.predict(x, verbose=0)
    bad = 0
    for way, got in ways(model):
        worst = read.worst([want], [got])
        bad += not (isinstance(worst, float) and worst <= 1)
        print(f"{name:18} {way:14} error {worst:.3g} of what is allowed" if isinstance(worst, float)
              else f"{name:18} {way:14} {worst}", flush=True)
    return bad


def main():
    global ANTLER
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--antler", required=True)
    parser.add_argument("names", nargs="*", help="of keras.applications; default: all")
    args = parser.parse_args()
    ANTLER = os.path.abspath(args.antler)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        bad = sum(check(name) for name in args.names or SIDES)
    sys.exit(bad > 0)


if __name__ == "__main__":
    main()
