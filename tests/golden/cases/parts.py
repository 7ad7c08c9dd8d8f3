"""Losses, metrics, schedules, regularizers, constraints, initializers: values of single parts."""
import zlib

import keras
import numpy as np
import tensorflow as tf

rng = np.random.default_rng(7)
UNIT = rng.uniform(0.05, 0.95, (6, 4)).astype("float32")
BITS = (rng.uniform(size=(6, 4)) > 0.5).astype("float32")
REAL = rng.uniform(-1, 1, (6, 4)).astype("float32")
OTHER = rng.uniform(-1, 1, (6, 4)).astype("float32")
PROB = (UNIT / UNIT.sum(-1, keepdims=True)).astype("float32")
HOT = np.eye(4, dtype="float32")[[0, 3, 1, 1, 2, 0]]
IDS = np.array([0, 3, 1, 1, 2, 0], "int32")
ROWS = np.array([0.5, 1, 2, 0, 1, 0.25], "float32")
ONE = rng.uniform(0.02, 0.98, (12, 1)).astype("float32")
ONEB = (rng.uniform(size=(12, 1)) > 0.6).astype("float32")
W12 = rng.uniform(0, 2, (12,)).astype("float32")


def loss(text, y, p, w=None):
    return {"kind": "loss", "name": f"loss {text} {y.shape} {'weighted' if w is not None else ''}",
            "text": text, "y": y, "p": p, "w": w}


def metric(text, y, p, w=None):
    return dict(loss(text, y, p, w), kind="metric", name=f"metric {text} {'weighted' if w is not None else ''}")


CASES = []
for w in (None, ROWS):
    for t in ("MeanSquaredError()", "MeanAbsoluteError()", "Huber()", "Huber(delta=0.3)", "LogCosh()",
              "MeanSquaredError(reduction='sum')", "MeanSquaredError(reduction='mean')"):
        CASES.append(loss(t, REAL, OTHER, w))
    for t in ("BinaryCrossentropy()", "BinaryCrossentropy(label_smoothing=0.1)"):
        CASES.append(loss(t, BITS, UNIT, w))
    CASES.append(loss("BinaryCrossentropy(from_logits=True)", BITS, 3 * REAL, w))
    for t in ("CategoricalCrossentropy()", "CategoricalCrossentropy(label_smoothing=0.2)"):
        CASES.append(loss(t, HOT, PROB, w))
    CASES.append(loss("CategoricalCrossentropy(from_logits=True, label_smoothing=0.1)", HOT, 3 * REAL, w))
    CASES.append(loss("CategoricalCrossentropy()", HOT, UNIT, w))  # rows that do not sum to 1
    CASES.append(loss("SparseCategoricalCrossentropy()", IDS, PROB, w))
    CASES.append(loss("SparseCategoricalCrossentropy(from_logits=True)", IDS, 3 * REAL, w))
    for t in ("MeanAbsolutePercentageError()", "MeanSquaredLogarithmicError()", "CosineSimilarity()",
              "CosineSimilarity(axis=0, reduction='sum')", "Hinge()", "SquaredHinge()", "CategoricalHinge()"):
        CASES.append(loss(t, REAL, OTHER, None if "axis" in t else w))
    for t in ("Hinge()", "SquaredHinge()", "KLDivergence()", "Poisson()", "BinaryFocalCrossentropy()",
              "BinaryFocalCrossentropy(apply_class_balancing=True, alpha=0.4, gamma=1.5)",
              "BinaryFocalCrossentropy(label_smoothing=0.1)"):
        CASES.append(loss(t, BITS, UNIT, w))
    CASES.append(loss("BinaryFocalCrossentropy(from_logits=True)", BITS, 3 * REAL, w))
    CASES.append(loss("KLDivergence()", UNIT, PROB, w))
    for t in ("CategoricalFocalCrossentropy()", "CategoricalFocalCrossentropy(alpha=0.5, gamma=1, label_smoothing=0.1)"):
        CASES.append(loss(t, HOT, PROB, w))
    CASES.append(loss("CategoricalFocalCrossentropy(from_logits=True)", HOT, 3 * REAL, w))
CASES.append(loss("SparseCategoricalCrossentropy(ignore_class=1)", IDS, PROB))
CASES.append(loss("SparseCategoricalCrossentropy(ignore_class=1, from_logits=True)", IDS, 3 * REAL))
CASES.append(loss("MeanSquaredError()", REAL.reshape(2, 3, 4), OTHER.reshape(2, 3, 4)))

for w in (None, ROWS):
    for t in ("MeanSquaredError()", "RootMeanSquaredError()", "MeanAbsoluteError()"):
        CASES.append(metric(t, REAL, OTHER, w))
    CASES.append(metric("CategoricalAccuracy()", HOT, PROB, w))
    CASES.append(metric("SparseCategoricalAccuracy()", IDS, PROB, w))
    CASES.append(metric("CategoricalCrossentropy()", HOT, PROB, w))
    CASES.append(metric("SparseCategoricalCrossentropy()", IDS, PROB, w))
for w in (None, W12):
    for t in ("BinaryAccuracy()", "BinaryAccuracy(threshold=0.3)", "Precision()", "Recall()",
              "Precision(thresholds=0.7)", "Recall(thresholds=0.2)", "AUC()",
              "AUC(num_thresholds=20)", "AUC(curve='PR')", "AUC(summation_method='majoring')",
              "AUC(summation_method='minoring', curve='PR')", "BinaryCrossentropy()"):
        CASES.append(metric(t, ONEB, ONE, w))
for w in (None, ROWS):
    for t in ("CosineSimilarity()", "LogCoshError()", "MeanAbsolutePercentageError()",
              "MeanSquaredLogarithmicError()", "Hinge()", "SquaredHinge()", "CategoricalHinge()"):
        CASES.append(metric(t, REAL, OTHER, w))
    for t in ("KLDivergence()", "Poisson()", "TopKCategoricalAccuracy(k=2)"):
        CASES.append(metric(t, HOT, PROB, w))
    CASES.append(metric("SparseTopKCategoricalAccuracy(k=2)", IDS, PROB, w))
    CASES.append(metric("CategoricalCrossentropy(from_logits=True, label_smoothing=0.1)", HOT, 3 * REAL, w))
for w in (None, W12):
    for t in ("TruePositives()", "TrueNegatives()", "FalsePositives()", "FalseNegatives(thresholds=0.3)",
              "AUC(thresholds=[0.7, 0.2, 0.5])", "AUC(summation_method='majoring', curve='PR')",
              "AUC(from_logits=True)"):
        CASES.append(metric(t, ONEB, ONE if "logits" not in t else 4 * ONE - 2, w))
    for t in ("SensitivityAtSpecificity(0.5)", "SpecificityAtSensitivity(0.6, num_thresholds=50)",
              "PrecisionAtRecall(0.6)", "RecallAtPrecision(0.6)", "PrecisionAtRecall(0.3, num_thresholds=1)"):
        CASES.append(metric(t, ONEB, ONE, w))
for w in (None, ROWS):
    for t in ("F1Score(average='macro')", "F1Score(average='micro')", "F1Score(average='weighted')",
              "F1Score(average='macro', threshold=0.3)", "FBetaScore(average='macro', beta=2.0, threshold=0.25)",
              "FBetaScore(average='weighted', beta=0.5)"):
        CASES.append(metric(t, HOT, PROB, w))
    for t in ("R2Score()", "R2Score(class_aggregation='variance_weighted_average')"):
        CASES.append(metric(t, REAL, OTHER, w))
for w in (None, ROWS):
    for t in ("AUC(multi_label=True)", "AUC(multi_label=True, num_labels=4, label_weights=[1.0, 0.5, 2.0, 0.25])",
              "AUC(label_weights=[1.0, 0.5, 2.0, 1.5], num_thresholds=30)",
              "AUC(multi_label=True, curve='PR', label_weights=[0.0, 0.5, 2.0, 1.0])",
              "AUC(multi_label=True, curve='PR', summation_method='minoring', thresholds=[0.2, 0.4])",
              "AUC(curve='PRGAIN')", "AUC(curve='PRGAIN', multi_label=True, summation_method='majoring')"):
        CASES.append(metric(t, HOT, PROB, w))
CASES.append(metric("Precision(class_id=2)", HOT, PROB))
CASES.append(metric("Recall(top_k=2)", HOT, PROB))
CASES.append(metric("Precision(top_k=2, class_id=1)", HOT, PROB))

for t in ("ExponentialDecay(0.1, 5, 0.9)", "ExponentialDecay(0.1, 5, 0.9, staircase=True)",
          "InverseTimeDecay(0.1, 4, 0.5)", "InverseTimeDecay(0.1, 4, 0.5, staircase=True)",
          "PolynomialDecay(0.1, 10)", "PolynomialDecay(0.1, 7, 0.02, power=2.0, cycle=True)",
          "CosineDecay(0.1, 10, alpha=0.1)", "CosineDecay(0.01, 10, warmup_target=0.1, warmup_steps=4)",
          "CosineDecayRestarts(0.1, 4, t_mul=2.0, m_mul=0.8, alpha=0.05)",
          "PiecewiseConstantDecay([3, 8], [0.1, 0.05, 0.01])"):
    CASES.append({"kind": "schedule", "name": f"schedule {t}", "text": t})
for t in ("L1()", "L1(0.2)", "L2()", "L2(0.3)", "L1L2(l1=0.1, l2=0.2)",
          "OrthogonalRegularizer(factor=0.1)", "OrthogonalRegularizer(factor=0.1, mode='columns')"):
    CASES.append({"kind": "regularizer", "name": f"regularizer {t}", "text": t})
for t in ("NonNeg()", "MaxNorm(0.7)", "MaxNorm(max_value=0.6, axis=1)", "UnitNorm()", "UnitNorm(axis=1)",
          "MinMaxNorm(0.3, 0.6)", "MinMaxNorm(min_value=0.2, max_value=0.5, rate=0.5, axis=1)"):
    CASES.append({"kind": "constraint", "name": f"constraint {t}", "text": t})
for t in ("Zeros()", "Ones()", "Constant(0.3)", "Identity()", "Identity(gain=2.0)"):
    CASES.append({"kind": "initializer", "name": f"initializer {t}", "text": t})

MODULES = {"loss": keras.losses, "metric": keras.metrics, "regularizer": keras.regularizers,
           "schedule": keras.optimizers.schedules, "constraint": keras.constraints,
           "initializer": keras.initializers}


def write(w, case):
    module = MODULES[case["kind"]]
    part = eval(case["text"], {k: getattr(module, k) for k in dir(module)})
    w.word("case", case["name"].strip())
    w.word("kind", case["kind"])
    w.word("part", case["text"])
    if case["kind"] == "loss":
        p = tf.Variable(case["p"])
        with tf.GradientTape() as tape:
            value = part(case["y"], p, sample_weight=case["w"])
        w.array("target", case["y"])
        w.array("in", case["p"])
        if case["w"] is not None:
            w.array("sample_weight", case["w"])
        w.array("out", value.numpy())
        w.array("din", tape.gradient(value, p).numpy())
    elif case["kind"] == "metric":
        half = len(case["y"]) // 2
        for s in (slice(0, half), slice(half, None)):
            part.update_state(case["y"][s], case["p"][s],
                              None if case["w"] is None else case["w"][s])
            w.array("target", case["y"][s])
            w.array("in", case["p"][s])
            if case["w"] is not None:
                w.array("sample_weight", case["w"][s])
        w.array("out", np.asarray(part.result(), "float32"))
    elif case["kind"] == "schedule":
        steps = np.array([0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 12, 15, 25], "int64")
        w.array("in", steps)
        w.array("out", np.array([float(part(int(s))) for s in steps], "float32"))
    elif case["kind"] == "initializer":
        w.array("out", part((4, 4)).numpy())
    else:
        x = tf.Variable(np.random.default_rng(zlib.crc32(b"x")).uniform(-1, 1, (5, 4)).astype("float32"))
        w.array("in", x.numpy())
        if case["kind"] == "constraint":
            w.array("out", tf.convert_to_tensor(part(x)).numpy())
        else:
            with tf.GradientTape() as tape:
                value = part(x)
            w.array("out", np.asarray(value))
            w.array("din", tf.convert_to_tensor(tape.gradient(value, x)).numpy())
