"""Optimizers turn gradients into changes of the parameters: downhill, by a step of size lr.

Equation of gradient descent: ``W += -lr * g``; the others keep a memory of earlier gradients.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable

import numpy as np

from course_lib._checks import Array, check_fraction, check_not_negative, check_positive
from course_lib.architecture.parameter import Parameter, count_parameters


class Optimizer(ABC):
    """What every optimizer can do: `step` adds `change` to the parameters.

    All gradients are laid end to end in one vector g, so that `change` is written once for all
    parameters, and computed with a few large array operations instead of many small ones.

    Parameters
    ----------
    parameters : iterable of Parameter
        What to change; a parameter that is given twice (shared by two layers) is changed once.
    lr : float
        Learning rate, at least 0. Schedules assign ``optimizer.lr``.

    Raises
    ------
    TypeError, ValueError
        If there is no parameter, or something else; if `lr` is no finite number of at least 0.

    Examples
    --------
    >>> class SignDescent(Optimizer):
    ...     def change(self, g):
    ...         return -self.lr * np.sign(g)
    >>> W = Parameter([1.0, 2.0])
    >>> optimizer = SignDescent([W], lr=0.5)
    >>> W.grad += [0.1, -20.0]
    >>> optimizer.step()
    >>> W.value
    array([0.5, 2.5])
    """

    def __init__(self, parameters: Iterable[Parameter], lr: float) -> None:
        parameters = list(parameters)
        for parameter in parameters:
            if not isinstance(parameter, Parameter):
                raise TypeError(f"{type(self).__name__} expected parameters, got {parameter!r}")
        self.parameters = list(dict.fromkeys(parameters))  # each once, in the order given
        if not self.parameters:
            raise ValueError(f"{type(self).__name__} expected at least one parameter, got none")
        self.lr = lr
        dtype = np.result_type(*(parameter.value.dtype for parameter in self.parameters))
        self._g: Array = np.zeros(count_parameters(self.parameters), dtype)

    @property
    def lr(self) -> float:
        """The learning rate, at least 0."""
        return self._lr

    @lr.setter
    def lr(self, lr: float) -> None:
        # A Python float: a NumPy one would turn float32 parameters' changes into float64.
        self._lr = check_not_negative(lr, type(self).__name__, "lr")

    @abstractmethod
    def change(self, g: Array) -> Array:
        """Return what to add to the parameters, all in one vector like their gradient `g`."""

    def step(self) -> None:
        """Change every parameter's value, in place, by its gradient."""
        np.concatenate([p.grad for p in self.parameters], axis=None, out=self._g)
        change = self.change(self._g)
        start = 0
        for parameter in self.parameters:
            value = parameter.value
            value += change[start : start + value.size].reshape(value.shape)
            start += value.size

    def __repr__(self) -> str:
        return f"{type(self).__name__}(lr={self.lr:g})"


class SGD(Optimizer):
    """Gradient descent, with momentum if wanted: ``v = μ v − lr g; W += v``.

    Batch, stochastic and mini-batch descent differ in the batch that made the gradient, not here.

    Parameters
    ----------
    parameters, lr
        As in `Optimizer`.
    momentum : float, optional
        μ, in [0, 1): how much of the last change is kept.

    Attributes
    ----------
    v : ndarray
        Velocity: the last change of all parameters, in one vector.

    References
    ----------
    Rumelhart, Hinton and Williams (1986), "Learning representations by back-propagating errors",
    Nature 323, equation 9.

    Examples
    --------
    >>> W = Parameter([1.0])
    >>> optimizer = SGD([W], lr=0.1, momentum=0.5)
    >>> W.grad += 1.0
    >>> optimizer.step()
    >>> optimizer.step()
    >>> W.value  # 1 - 0.1 - (0.05 + 0.1)
    array([0.75])
    """

    def __init__(
        self, parameters: Iterable[Parameter], lr: float, *, momentum: float = 0.0
    ) -> None:
        super().__init__(parameters, lr)
        self.momentum = check_fraction(momentum, "SGD", "momentum")
        self.v: Array = np.zeros_like(self._g)

    def change(self, g: Array) -> Array:
        """Return ``v = μ v − lr g``."""
        v = self.v
        v *= self.momentum
        v -= self.lr * g
        return v


class RMSProp(Optimizer):
    """Divide by the recent size of each gradient: ``W += −lr g / (√s + ε)``.

    ``s = ρ s + (1 − ρ) g²`` is a running mean of the squared gradient.

    Parameters
    ----------
    parameters, lr
        As in `Optimizer`.
    decay : float, optional
        ρ, in [0, 1): how slowly old gradients are forgotten.
    epsilon : float, optional
        ε, above 0: keeps the quotient finite.

    References
    ----------
    Tieleman and Hinton (2012), "Lecture 6.5: RMSProp", Neural Networks for Machine Learning.

    Examples
    --------
    >>> W = Parameter([1.0, 1.0])
    >>> optimizer = RMSProp([W], lr=0.1, decay=0.75)
    >>> W.grad += [3.0, 300.0]
    >>> optimizer.step()
    >>> W.value
    array([0.8, 0.8])
    """

    def __init__(
        self,
        parameters: Iterable[Parameter],
        lr: float = 1e-3,
        *,
        decay: float = 0.9,
        epsilon: float = 1e-8,
    ) -> None:
        super().__init__(parameters, lr)
        self.decay = check_fraction(decay, "RMSProp", "decay")
        self.epsilon = check_positive(epsilon, "RMSProp", "epsilon")
        self.s: Array = np.zeros_like(self._g)

    def change(self, g: Array) -> Array:
        """Return ``−lr g / (√s + ε)`` after ``s = ρ s + (1 − ρ) g²``."""
        s = self.s
        s *= self.decay
        s += (1 - self.decay) * g**2
        change: Array = -self.lr * g / (np.sqrt(s) + self.epsilon)
        return change


class Adam(Optimizer):
    """Momentum and RMSProp together, both corrected for their start: ``W += −lr m̂ / (√v̂ + ε)``.

    ``m = β₁ m + (1 − β₁) g`` and ``v = β₂ v + (1 − β₂) g²`` start at 0 and are too small at
    first; ``m̂ = m / (1 − β₁ᵗ)`` and ``v̂ = v / (1 − β₂ᵗ)`` make up for it in step t.

    Parameters
    ----------
    parameters, lr
        As in `Optimizer`.
    beta1, beta2 : float, optional
        β₁ and β₂, in [0, 1): how slowly old gradients and their squares are forgotten.
    epsilon : float, optional
        ε, above 0: keeps the quotient finite.

    Attributes
    ----------
    m, v : ndarray
        Running means of the gradient and of its square.
    t : int
        Steps so far.

    References
    ----------
    Kingma and Ba (2015), "Adam: a method for stochastic optimization", algorithm 1.

    Examples
    --------
    >>> W = Parameter([1.0, 1.0])
    >>> optimizer = Adam([W], lr=0.1)
    >>> W.grad += [3.0, -300.0]
    >>> optimizer.step()
    >>> W.value
    array([0.9, 1.1])
    """

    def __init__(
        self,
        parameters: Iterable[Parameter],
        lr: float = 1e-3,
        *,
        beta1: float = 0.9,
        beta2: float = 0.999,
        epsilon: float = 1e-8,
    ) -> None:
        super().__init__(parameters, lr)
        self.beta1 = check_fraction(beta1, "Adam", "beta1")
        self.beta2 = check_fraction(beta2, "Adam", "beta2")
        self.epsilon = check_positive(epsilon, "Adam", "epsilon")
        self.m: Array = np.zeros_like(self._g)
        self.v: Array = np.zeros_like(self._g)
        self.t = 0

    def change(self, g: Array) -> Array:
        """Return ``−lr m̂ / (√v̂ + ε)`` after updating m and v."""
        m, v, beta1, beta2 = self.m, self.v, self.beta1, self.beta2
        self.t += 1
        m *= beta1
        m += (1 - beta1) * g
        v *= beta2
        v += (1 - beta2) * g**2
        m_hat = m / (1 - beta1**self.t)
        v_hat = v / (1 - beta2**self.t)
        change: Array = -self.lr * m_hat / (np.sqrt(v_hat) + self.epsilon)
        return change
