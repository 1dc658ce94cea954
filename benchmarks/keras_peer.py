"""Ruhmer's base network in Keras on TensorFlow, timed; run by bench_train.py in its environment.

Prints one JSON line: the versions and the best images/s of a few epochs of `model.fit` on arrays
that are ready in memory, for the batch size and thread count given.
"""

import argparse
import json
import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def network(keras, size: int, bands: int):
    """The layers of Ruhmer's base_model, 151,297 weights for 25 px and 5 bands."""
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((size, size, bands)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dense(1, activation="sigmoid"),
        ]
    )


def epochs_timed(keras):
    """A callback that keeps the seconds of every epoch."""

    class Clock(keras.callbacks.Callback):
        seconds: list[float] = []  # noqa: RUF012

        def on_epoch_begin(self, epoch, logs=None):
            self.start = time.perf_counter()

        def on_epoch_end(self, epoch, logs=None):
            self.seconds.append(time.perf_counter() - self.start)

    return Clock()


def main() -> None:
    """Time `fit` and print the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in (("n", 4096), ("size", 25), ("bands", 5), ("batch", 256), ("epochs", 6)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()

    import keras
    import numpy as np
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(options.threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    random = np.random.default_rng(0)
    shape = (options.n, options.size, options.size, options.bands)
    images = random.normal(size=shape).astype("float32")
    targets = random.integers(0, 2, options.n).astype("float32")
    model = network(keras, options.size, options.bands)
    model.compile(keras.optimizers.Adam(1e-3), "binary_crossentropy", metrics=["accuracy"])
    clock = epochs_timed(keras)
    model.fit(
        images, targets, batch_size=options.batch, epochs=options.epochs, verbose=0,
        callbacks=[clock],
    )  # fmt: skip
    print(
        json.dumps(
            {
                "images_per_s": options.n / min(clock.seconds[1:]),
                "weights": model.count_params(),
                "keras": keras.__version__,
                "tensorflow": tf.__version__,
            }
        )
    )


if __name__ == "__main__":
    main()
