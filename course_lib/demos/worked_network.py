"""The network that the chapter on backpropagation works by hand, one number after the other.

Equation of every backward step: ``gradient in = gradient out * local slope``, added over all uses.
"""

import re
from dataclasses import dataclass
from functools import cache

import numpy as np

from course_lib._checks import Array
from course_lib.architecture import Dense, Layer, ReLU, Sigmoid
from course_lib.training import MeanSquaredError

W = np.array([[0.6, -0.4], [-0.1, 0.5]])  # (2, 2): row i leaves input i, column j enters neuron j
b = np.array([0.1, 0.2])
V = np.array([[0.6], [-0.5]])  # (2, 1): weights of the output neuron
c = np.array([0.3])
TARGET = 1.0

CASES: dict[str, tuple[list[float], type[Layer]]] = {
    "ReLU": ([1.0, 2.0], ReLU),
    "ReLU, other inputs": ([1.0, -1.0], ReLU),
    "sigmoid": ([1.0, 2.0], Sigmoid),
}


@cache
def both_passes(case: str) -> tuple[dict[str, Array], dict[str, Array]]:
    """Run the 2-2-1 network of one of `CASES` forward and backward, layer by layer.

    Returns
    -------
    values, gradients : dict
        Arrays by name: x, W, b, z, h, V, c, y and loss; a gradient has its value's shape.

    Examples
    --------
    >>> values, gradients = both_passes("ReLU")
    >>> values["y"].round(4), gradients["x"].round(4)
    (array([[0.2]]), array([[-0.896,  0.496]]))
    """
    inputs, activation = CASES[case]
    x, target, rng = np.array([inputs]), np.array([[TARGET]]), np.random.default_rng(0)
    hidden, between, output = Dense(2, 2, rng=rng), activation(), Dense(2, 1, rng=rng)
    hidden.W.value[:], hidden.b.value[:] = W, b
    output.W.value[:], output.b.value[:] = V, c
    loss_fn = MeanSquaredError()

    z = hidden.forward(x)
    h = between.forward(z)
    y = output.forward(h)
    loss = loss_fn.forward(y, target)

    dy = loss_fn.backward()
    dh = output.backward(dy)
    dz = between.backward(dh)
    dx = hidden.backward(dz)

    values = {"x": x, "W": W, "b": b, "z": z, "h": h, "V": V, "c": c, "y": y}
    gradients = {"x": dx, "W": hidden.W.grad, "b": hidden.b.grad, "z": dz, "h": dh}
    gradients |= {"V": output.W.grad, "c": output.b.grad, "y": dy}
    return values | {"loss": np.array(loss)}, gradients | {"loss": np.array(1.0)}


def write(number: float) -> str:
    """Write a number with up to four decimals and a true minus sign.

    Examples
    --------
    >>> write(-0.5), write(2.0)
    ('−0.5', '2')
    """
    return f"{round(float(number), 4) + 0.0:.4f}".rstrip("0").rstrip(".").replace("-", "−")


@dataclass(frozen=True)
class Step:
    """One number of a pass: its name (``dh₁`` is the gradient of ``h₁``) and how it comes about."""

    name: str
    how: str
    numbers: str
    result: float

    @property
    def line(self) -> str:
        """The step as a line of arithmetic."""
        exact = abs(self.result - round(self.result, 4)) < 1e-12
        result = f"{'=' if exact else '≈'} {write(self.result)}"
        worked = [] if self.numbers in ("", write(self.result)) else [f"= {self.numbers}"]
        return " ".join([self.name, f"= {self.how}", *worked, *([result] if self.numbers else [])])


def entries(arrays: dict[str, Array]) -> dict[str, float]:
    """Name every single number: ``W₁₂`` is the weight from input 1 to hidden neuron 2.

    Examples
    --------
    >>> entries({"z": np.array([[0.5, 0.8]])})
    {'z₁': 0.5, 'z₂': 0.8}
    """
    signs, entries = "₁₂", {}
    for name, array in arrays.items():
        # One example, and one output neuron: those axes of length 1 get no index.
        for index in np.ndindex(np.squeeze(array).shape):
            entries[name + "".join(signs[i] for i in index)] = float(np.squeeze(array)[index])
    return entries


@cache
def steps(case: str) -> tuple[Step, ...]:
    """Return the 23 numbers of both passes in the order in which they become known.

    Examples
    --------
    >>> print(steps("ReLU")[0].line)
    z₁ = x₁ · W₁₁ + x₂ · W₂₁ + b₁ = 1 · 0.6 + 2 · (−0.1) + 0.1 = 0.5
    """
    values, gradients = map(entries, both_passes(case))
    known = values | {f"d{name}": number for name, number in gradients.items()}
    known["t"] = TARGET
    smooth = CASES[case][1] is Sigmoid
    rules = {
        "z₁": "x₁ · W₁₁ + x₂ · W₂₁ + b₁",
        "z₂": "x₁ · W₁₂ + x₂ · W₂₂ + b₂",
        "h₁": "σ(z₁)" if smooth else "max(z₁, 0)",
        "h₂": "σ(z₂)" if smooth else "max(z₂, 0)",
        "y": "h₁ · V₁ + h₂ · V₂ + c",
        "loss": "(y − t)²",
        "dloss": "1",
        "dy": "dloss · 2 · (y − t)",
        "dV₁": "dy · h₁",
        "dV₂": "dy · h₂",
        "dc": "dy",
        "dh₁": "dy · V₁",
        "dh₂": "dy · V₂",
        "dz₁": "dh₁ · h₁ · (1 − h₁)" if smooth else f"dh₁ · {int(known['z₁'] > 0)}",
        "dz₂": "dh₂ · h₂ · (1 − h₂)" if smooth else f"dh₂ · {int(known['z₂'] > 0)}",
        "dW₁₁": "dz₁ · x₁",
        "dW₂₁": "dz₁ · x₂",
        "db₁": "dz₁",
        "dW₁₂": "dz₂ · x₁",
        "dW₂₂": "dz₂ · x₂",
        "db₂": "dz₂",
        "dx₁": "dz₁ · W₁₁ + dz₂ · W₁₂",
        "dx₂": "dz₁ · W₂₁ + dz₂ · W₂₂",
    }
    return tuple(
        Step(name, how, "" if name == "dloss" else _with_numbers(how, known), known[name])
        for name, how in rules.items()
    )


def _with_numbers(how: str, known: dict[str, float]) -> str:
    """Put numbers in the place of names; a negative one stands in brackets unless it leads."""
    written = how
    for name in sorted(known, key=len, reverse=True):  # dW₁₁ before W₁₁
        number = write(known[name])
        written = written.replace(name, f"({number})" if number.startswith("−") else number)
    # No brackets are needed at the beginning and right after another bracket.
    return re.sub(r"(^|max\()\((−[\d.]+)\)", r"\1\2", written)
