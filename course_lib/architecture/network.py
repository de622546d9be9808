"""A network is layers in a row: the output of one is the input of the next.

Equation: ``y = f_L(… f_2(f_1(x)))``; gradients travel the same way back.
"""

import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike

from course_lib._checks import Array, check_array, describe_shape
from course_lib.architecture.layers import Layer
from course_lib.architecture.parameter import Parameter, count_parameters


class Sequential(Layer):
    """Layers one after another.

    Parameters
    ----------
    *layers : Layer
        At least one, in the order in which data pass through them.

    Raises
    ------
    TypeError
        If an argument is not a layer.
    ValueError
        If there is none, or one is there twice: each keeps what its `backward` needs of one
        `forward`, so that the second pass would overwrite the first.

    Examples
    --------
    >>> from course_lib.architecture.activations import ReLU
    >>> from course_lib.architecture.layers import Dense
    >>> rng = np.random.default_rng(0)
    >>> model = Sequential(Dense(64, 32, rng=rng), ReLU(), Dense(32, 10, rng=rng))
    >>> model.forward(np.ones((5, 64))).shape
    (5, 10)
    >>> print(model.summary((64,)))
    layer          output  parameters
    Dense(64, 32)  (N, 32)      2,080
    ReLU()         (N, 32)          0
    Dense(32, 10)  (N, 10)        330
    total                       2,410
    """

    def __init__(self, *layers: Layer) -> None:
        if not layers:
            raise ValueError("Sequential expected at least one layer, got none")
        for layer in layers:
            if not isinstance(layer, Layer):
                raise TypeError(f"Sequential expected layers, got {layer!r}")
        if len(set(map(id, layers))) < len(layers):
            raise ValueError(f"Sequential expected each layer once, got one twice in {layers!r}")
        self.layers = layers

    def forward(self, x: ArrayLike, train: bool = False) -> Array:
        """Pass `x` through the layers, first to last."""
        y: Any = x
        for layer in self.layers:
            y = layer.forward(y, train)
        return cast(Array, y)

    def backward(self, dy: Array) -> Array:
        """Pass the gradient `dy` through the layers, last to first."""
        dx = dy
        for layer in reversed(self.layers):
            dx = layer.backward(dx)
        return dx

    def parameters(self) -> list[Parameter]:
        """Return the parameters of all layers, first layer first."""
        return [parameter for layer in self.layers for parameter in layer.parameters()]

    def buffers(self) -> list[Array]:
        """Return the buffers of all layers, first layer first."""
        return [buffer for layer in self.layers for buffer in layer.buffers()]

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write all parameters and buffers to an ``.npz`` file: plain arrays, no code.

        The file appears whole or not at all.
        """
        path = Path(path)
        arrays = {f"array_{i:04d}": array for i, array in enumerate(self._arrays())}
        unfinished = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
        try:
            with open(unfinished, "xb") as file:
                np.savez(file, **arrays)  # type: ignore[arg-type]
            os.replace(unfinished, path)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise

    def load(self, path: str | os.PathLike[str]) -> None:
        """Read what `save` wrote into this network, which must have the same layers.

        Raises
        ------
        OSError
            If the file cannot be opened.
        ValueError
            If the file is no such archive, or its arrays don't fit; the network is then unchanged.
        """
        with open(path, "rb") as file:
            try:
                with np.load(file, allow_pickle=False) as archive:
                    loaded = [archive[name] for name in sorted(archive.files)]
            # A damaged archive fails in a dozen ways: zip, checksum, header, pickled content.
            except Exception as error:
                message = f"Sequential.load expected an .npz file at {path}: {error}"
                raise ValueError(message) from error
        arrays = self._arrays()
        expected = [describe_shape(array.shape) for array in arrays]
        got = [describe_shape(array.shape) for array in loaded]
        if expected != got:
            raise ValueError(
                f"Sequential.load expected arrays of shapes {', '.join(expected)}, "
                f"got {', '.join(got)}"
            )
        # All arrays are checked before the first is copied: a network is never half loaded.
        try:
            checked = [
                check_array(new, "Sequential.load", f"array {i}", array.shape, array.dtype)
                for i, (array, new) in enumerate(zip(arrays, loaded, strict=True))
            ]
        except TypeError as error:
            raise ValueError(str(error)) from error
        for array, new in zip(arrays, checked, strict=True):
            array[...] = new

    def summary(self, input_shape: tuple[int, ...]) -> str:
        """Describe each layer: its output's shape and how many numbers it learns.

        Parameters
        ----------
        input_shape : tuple of int
            Shape of one example, without N: ``(64,)`` or ``(1, 28, 28)``.

        Returns
        -------
        str
            A table, one line a layer.
        """
        rows = [("layer", "output", "parameters")]
        # Whole numbers, because an embedding takes nothing else; other layers convert them.
        y: Array = np.zeros((1, *input_shape), dtype=np.int64)
        for layer in self.layers:
            y = layer.forward(y)
            count = count_parameters(layer.parameters())
            rows.append((repr(layer), describe_shape(("N", *y.shape[1:])), f"{count:,}"))
        rows.append(("total", "", f"{count_parameters(self.parameters()):,}"))
        left, middle, right = (max(len(row[i]) for row in rows) for i in range(3))
        return "\n".join(f"{a:<{left}}  {b:<{middle}}  {c:>{right}}" for a, b, c in rows)

    def _arrays(self) -> list[Array]:
        return [parameter.value for parameter in self.parameters()] + self.buffers()

    def __len__(self) -> int:
        return len(self.layers)

    def __getitem__(self, index: int) -> Layer:
        return self.layers[index]

    def __iter__(self) -> Iterator[Layer]:
        return iter(self.layers)

    def __repr__(self) -> str:
        return f"Sequential({', '.join(map(repr, self.layers))})"
