"""Tutorial 6, a class of one's own. Needs keras==3.15.1 with a backend.

    python examples/residual.py                        trains and writes examples/data/residual.keras
    python examples/residual.py residual-more.keras    evaluates a model that came back
"""
import pathlib
import sys

import keras
import numpy as np
from keras import layers


@keras.saving.register_keras_serializable(package="digits")
class ResidualBlock(layers.Layer):
    def __init__(self, filters, activation="relu", **kwargs):
        super().__init__(**kwargs)
        self.filters = filters
        self.activation = keras.activations.get(activation)
        self.conv1 = layers.Conv2D(filters, 3, padding="same", use_bias=False)
        self.norm = layers.BatchNormalization(momentum=0.8)
        self.conv2 = layers.Conv2D(filters, 3, padding="same")
        self.scale = self.add_weight(shape=(filters,), initializer="ones", name="scale")

    def call(self, x, training=None):
        y = self.activation(self.norm(self.conv1(x), training=training))
        return self.activation(x + self.conv2(y) * self.scale)

    def get_config(self):
        return {**super().get_config(), "filters": self.filters,
                "activation": keras.activations.serialize(self.activation)}


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
                              layers.Reshape((8, 8, 1)), layers.Conv2D(8, 3, padding="same"),
                              ResidualBlock(8, "elu"), layers.MaxPooling2D(), layers.Flatten(),
                              layers.Dense(10, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x[~test], y[~test], epochs=3, verbose=0)
    model.save(here / "residual.keras")

loss, accuracy = model.evaluate(x[test], y[test], verbose=0)
print(f"loss {loss:.4f}, accuracy {accuracy:.3f}, steps {int(model.optimizer.iterations)}")
print("the first:", model.predict(x[test][:1], verbose=0)[0].round(4))
