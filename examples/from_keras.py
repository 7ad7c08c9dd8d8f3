"""Tutorial 6, first half: a network that was trained in Keras. Needs keras==3.15.1 with a backend.

    python examples/from_keras.py                      trains and writes examples/data/digits.keras
    python examples/from_keras.py digits-more.keras    evaluates a model that came back
"""
import pathlib
import sys

import keras
import numpy as np
from keras import layers

here = pathlib.Path(__file__).parent / "data"
np.set_printoptions(suppress=True, linewidth=120)
rows = np.loadtxt(here / "digits.csv", delimiter=",", skiprows=1, dtype="float32")
x, y = rows[:, :64], rows[:, 64].astype("int32")
test = np.arange(len(x)) % 5 == 4  # every fifth row is kept back

if len(sys.argv) > 1:
    model = keras.models.load_model(sys.argv[1])
else:
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((64,), name="pixels"), layers.Rescaling(1 / 16),
                              layers.Dense(64, activation="relu"), layers.Dense(10, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x[~test], y[~test], epochs=3, verbose=0)
    model.save(here / "digits.keras")

loss, accuracy = model.evaluate(x[test], y[test], verbose=0)
print(f"loss {loss:.4f}, accuracy {accuracy:.3f}, steps {int(model.optimizer.iterations)}")
print("the first:", model.predict(x[test][:1], verbose=0)[0].round(4))
