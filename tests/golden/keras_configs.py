"""Writes tests/golden/data/keras_configs/*.txt: how each layer of the golden cases, and each part
below, stands in a .keras file. Before a line is written real Keras 3.15.1 has read it: it made the same
layer of it, to the last option, and predicted the same.

    python tests/golden/keras_configs.py --antler build/src/tool/antler [FAMILY…]

To be run again when a case was added, or when what is written changes.
"""
import argparse
import importlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import zipfile

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
import keras  # noqa: E402
import numpy as np  # noqa: E402

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE))
from generate import NAMES, make_input  # noqa: E402

LAYERS = {k: getattr(keras.layers, k) for k in dir(keras.layers)}
# What Keras's own get_config leaves out, or says in another way after reading.
FORGOTTEN = {"Huber": {"delta"}, "SimpleRNN": {"seed"}}

PARTS = {
    "kernel_initializer": """zeros ones Constant(0.3) GlorotUniform GlorotNormal(seed=4) he_normal HeUniform
        lecun_uniform LecunNormal Orthogonal(gain=0.5) RandomNormal(mean=0.1,stddev=0.2) RandomUniform(-0.2,0.3)
        TruncatedNormal(stddev=0.4,seed=2) VarianceScaling(scale=0.5,mode='fan_avg',distribution='uniform')
        Identity(gain=2)""",
    "kernel_regularizer": "L1(0.02) L2(0.03) l2 L1L2(l1=0.01,l2=0.02) OrthogonalRegularizer(factor=0.1,mode='columns')",
    "kernel_constraint": "MaxNorm(1.5) MaxNorm(max_value=2,axis=0) NonNeg UnitNorm MinMaxNorm(0.1,0.9,rate=0.5,axis=1)",
    "activation": """relu linear relu6 leaky_relu elu celu selu gelu silu mish softplus softsign squareplus sigmoid
        log_sigmoid hard_sigmoid hard_silu sparse_sigmoid sparse_plus tanh hard_tanh tanh_shrink soft_shrink
        hard_shrink exponential glu softmax log_softmax sparsemax relu(negative_slope=0.1,max_value=2,threshold=0.2)
        leaky_relu(negative_slope=0.4) elu(alpha=0.5) softmax(axis=1)""",
    "optimizer": """sgd SGD(0.1,momentum=0.9,nesterov=True) RMSprop(0.01,rho=0.8,momentum=0.2,centered=True)
        Adam(0.002,beta_1=0.8,beta_2=0.9,epsilon=1e-5,amsgrad=True) AdamW(weight_decay=0.02) Adamax nadam
        Adagrad(initial_accumulator_value=0.2) Adadelta(rho=0.9) Lion Lamb()
        Ftrl(0.01,learning_rate_power=-0.4,l1_regularization_strength=0.1,l2_regularization_strength=0.2,beta=0.3)
        Adam(clipnorm=0.5) SGD(clipvalue=0.1) Adam(global_clipnorm=2) SGD(weight_decay=0.01)
        Adam(use_ema=True,ema_momentum=0.9,ema_overwrite_frequency=3) SGD(loss_scale_factor=4)
        Adam(gradient_accumulation_steps=2,name='mine')
        Adam(ExponentialDecay(0.1,10,0.5,staircase=True)) SGD(InverseTimeDecay(0.1,10,0.5))
        SGD(PiecewiseConstantDecay([5,10],[0.1,0.05,0.01])) SGD(PolynomialDecay(0.1,9,end_learning_rate=0.01,power=2,cycle=True))
        SGD(CosineDecay(0.1,9,alpha=0.2,warmup_target=0.3,warmup_steps=4)) SGD(CosineDecayRestarts(0.1,9,t_mul=1.5,m_mul=0.9))""",
    "loss": """mse mae mape msle bce kld MeanSquaredError(reduction='sum') BinaryCrossentropy(from_logits=True,label_smoothing=0.1)
        BinaryFocalCrossentropy(apply_class_balancing=True,alpha=0.3,gamma=1.5) CategoricalCrossentropy(label_smoothing=0.2,axis=1)
        CategoricalFocalCrossentropy(alpha=0.5,gamma=1) categorical_hinge CosineSimilarity(axis=1) hinge Huber(delta=0.4)
        log_cosh poisson SparseCategoricalCrossentropy(ignore_class=2) squared_hinge crossentropy
        MeanAbsoluteError(reduction='mean_with_sample_weight',name='far')""",
    "metrics": """mae accuracy acc mse msle rmse bce logcosh kld cosine_similarity CosineSimilarity(axis=0) Precision(thresholds=0.3,class_id=1)
        Recall(top_k=2) AUC(num_thresholds=20,curve='PR') BinaryAccuracy(threshold=0.2) TopKCategoricalAccuracy(k=2)
        SparseTopKCategoricalAccuracy(k=2) PrecisionAtRecall(0.5) RecallAtPrecision(0.4,num_thresholds=50)
        SensitivityAtSpecificity(0.5) SpecificityAtSensitivity(0.6,class_id=1) F1Score(average='macro',threshold=0.4)
        FBetaScore(average='micro',beta=0.5) R2Score(class_aggregation='variance_weighted_average') TruePositives
        FalseNegatives(thresholds=[0.2,0.6]) CategoricalCrossentropy(from_logits=True,label_smoothing=0.1)
        SparseCategoricalCrossentropy(ignore_class=1) BinaryCrossentropy(from_logits=True) LogCoshError RootMeanSquaredError
        FalsePositives TrueNegatives mean_squared_error mean_absolute_percentage_error categorical_accuracy sparse_categorical_accuracy
        mean_squared_logarithmic_error hinge squared_hinge categorical_hinge poisson MeanAbsoluteError(name='far') f1_score r2_score""",
}


def run(antler, *command):
    done = subprocess.run((antler, *command), capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr.strip())


def dtype_of(spec):
    kind = spec[1] if isinstance(spec[0], tuple) else ""
    return "int32" if kind.startswith("int:") else "bool" if kind == "bool" else "float32"


def model_of(case):
    """A model of one call of the layer, as both suites read it."""
    xs = [make_input(case, k, s) for k, s in enumerate(case["inputs"])]
    xs += [np.zeros(s, "float32") + 0.1 for s in case.get("states", [])]
    inputs = {f"in{k}": dict(shape=list(x.shape[1:]), dtype=str(x.dtype)) for k, x in enumerate(xs)}
    n = len(case["inputs"])
    words = [f"in{k}" for k in range(n)]
    if len(xs) > n:
        words.append("initial_state=[" + ", ".join(f"in{k}" for k in range(n, len(xs))) + "]")
    words += [f"{flag}=true" for flag in case.get("call", [])]
    return dict(inputs=inputs, layers=dict(l=case.get("said", case["layer"])), calls=dict(c=f"l({', '.join(words)})"),
                outputs=dict(y="c"), name="m"), xs


def without_names(x):
    """Names are given anew; Keras numbers what is not named."""
    if isinstance(x, dict):
        drop = {"build_config"} | ({"name"} if "trainable" in x or "class_name" not in x else set())
        return {k: without_names(v) for k, v in x.items() if k not in drop}
    return [without_names(v) for v in x] if isinstance(x, (list, tuple)) else x


def compare(mine, theirs, what):
    a, b = (json.loads(json.dumps(without_names(keras.saving.serialize_keras_object(o)))) for o in (mine, theirs))
    for o in (a, b):
        for k in FORGOTTEN.get(o.get("class_name"), ()):
            o["config"].pop(k, None)
    if a != b:
        raise RuntimeError(f"{what}: Keras has\n{json.dumps(b)}\nafter reading\n{json.dumps(a)}")


def call_theirs(layer, case, xs):
    """Some options are settled only then."""
    n = len(case["inputs"])
    kw = {flag: True for flag in case.get("call", [])}
    if xs[n:]:
        kw["initial_state"] = xs[n:]
    try:
        layer(*xs[:n], **kw) if case.get("apart") else layer(xs[0] if n == 1 else xs[:n], **kw)
    except Exception:
        assert "channels_first" in case["layer"]


def layer_line(args, case):
    keras.utils.clear_session(free_memory=False)
    model, xs = model_of(case)
    with tempfile.TemporaryDirectory() as d:
        at = lambda name: os.path.join(d, name)  # noqa: E731
        pathlib.Path(at("m.yaml")).write_text(json.dumps(dict(model=model)))
        run(args.antler, "convert", at("m.yaml"), at("m.safetensors"))
        run(args.antler, "convert", at("m.safetensors"), at("m.keras"))
        np.savez(at("x.npz"), **{f"in{k}": x for k, x in enumerate(xs)})
        run(args.antler, "predict", at("m.safetensors"), "--input", at("x.npz"), "--output", at("y.npy"))
        want = np.load(at("y.npy"))
        config = json.loads(zipfile.ZipFile(at("m.keras")).read("config.json"))
        m = keras.models.load_model(at("m.keras"))
        if "channels_first" not in case["layer"]:  # TensorFlow has no such kernels on a CPU
            got = m(xs if len(xs) > 1 else xs[0], training=False)
            got = np.asarray(got[0] if isinstance(got, (list, tuple)) else got)
            np.testing.assert_allclose(got, want, rtol=2e-5, atol=2e-6)
    theirs = eval(case["layer"], NAMES)
    call_theirs(theirs, case, xs)
    compare(m.get_layer("l"), theirs, case["layer"])
    entry = next(e for e in config["config"]["layers"] if e["name"] == "l")
    return dict(model=model, entry=entry)


def evaluated(kind, text):
    """The part as Python says it."""
    modules = {"kernel_initializer": keras.initializers, "kernel_regularizer": keras.regularizers,
               "kernel_constraint": keras.constraints, "optimizer": keras.optimizers,
               "loss": keras.losses, "metrics": keras.metrics, "activation": keras.activations}
    names = {**vars(keras.optimizers.schedules), **vars(modules[kind])}
    if kind == "activation" and "(" in text:
        text = {"relu": "ReLU", "leaky_relu": "LeakyReLU", "elu": "ELU", "softmax": "Softmax"}[
            text.split("(")[0]] + text[text.index("("):]
        names = LAYERS
    return eval(text, names) if "(" in text else modules[kind].get(text)


def part_line(args, kind, text):
    keras.utils.clear_session(free_memory=False)
    compiled = kind in ("optimizer", "loss", "metrics")
    dense = dict(units=3) if compiled else {"units": 4, kind: text}
    shape = [3] if kind == "metrics" else [4, 3]
    tree = dict(model=dict(Sequential=[dict(Input=dict(shape=shape)), dict(Dense=dense)], name="m"))
    if compiled:
        tree["compile"] = {"optimizer": "sgd", kind: [text] if kind == "metrics" else text}
    with tempfile.TemporaryDirectory() as d:
        at = lambda name: os.path.join(d, name)  # noqa: E731
        pathlib.Path(at("m.yaml")).write_text(json.dumps(tree))
        run(args.antler, "convert", at("m.yaml"), at("m.keras"))
        config = json.loads(zipfile.ZipFile(at("m.keras")).read("config.json"))
        m = keras.models.load_model(at("m.keras"))
    said = config["compile_config"][kind] if compiled else config["config"]["layers"][1]["config"][kind]
    said = said[0] if kind == "metrics" else said
    if kind == "optimizer":
        compare(m.optimizer, evaluated(kind, text), text)
    elif kind == "activation":
        compare(m.layers[0].activation, evaluated(kind, text), text) if "(" in text else None
        assert m.layers[0].activation is evaluated(kind, text) or "(" in text
    elif not compiled:
        compare(getattr(m.layers[0], kind), evaluated(kind, text), text)
    elif isinstance(said, dict):
        mine = keras.saving.deserialize_keras_object(said)
        names = {"rmse": "RootMeanSquaredError()", "logcosh": "LogCoshError()", "kld": "KLDivergence()"}
        compare(mine, evaluated(kind, names.get(text, text)), text)
        if text in names:
            assert mine.name == text
    return dict(kind=kind, text=text, said=said)


def layer_lines(args, module):
    lines, seen, told = [], set(), []
    for case in getattr(module, "CASES", []):
        if not isinstance(case, dict) or case.get("layer", "Operation").startswith("Operation"):
            continue
        key = case["layer"], str(case["inputs"]), str(case.get("states")), str(case.get("call"))
        if key in seen:
            continue
        seen.add(key)
        line = attempt(case["name"], layer_line, args, case)
        said = line and (line["entry"]["class_name"], line["entry"]["config"], case.get("call"),
                         "states" in case)
        if line and said not in told:
            told.append(said)
            lines.append(line)
    return lines


def part_lines(args):
    lines = [attempt(f"{kind} {text}", part_line, args, kind, text)
             for kind, texts in PARTS.items() for text in texts.split()]
    return [line for line in lines if line]


failed = []


def attempt(name, make, *args):
    try:
        return make(*args)
    except Exception as e:
        failed.append(name)
        print(f"{name}: {type(e).__name__}: {e}"[:3000])


def write(name, lines):
    out = HERE / "data" / "keras_configs" / f"{name}.txt"
    out.parent.mkdir(exist_ok=True)
    if lines:
        out.write_text("".join(json.dumps(line) + "\n" for line in lines))
        print(out.name, len(lines), "lines", out.stat().st_size, "bytes")


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument("--antler", default="build/src/tool/antler")
    p.add_argument("families", nargs="*", help="of cases, or 'parts'; none: all")
    args = p.parse_args()
    for path in sorted((HERE / "cases").glob("[a-z]*.py")):
        if path.stem != "parts" and (not args.families or path.stem in args.families):
            write(path.stem, layer_lines(args, importlib.import_module(f"cases.{path.stem}")))
    if not args.families or "parts" in args.families:
        write("parts", part_lines(args))
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
