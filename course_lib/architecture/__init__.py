"""What a network is made of: neurons, activations, layers and how they start."""

from course_lib.architecture.activations import (
    Activation,
    LeakyReLU,
    ReLU,
    Sigmoid,
    Tanh,
    log_softmax,
    sigmoid,
    softmax,
)
from course_lib.architecture.initializers import constant, glorot, he, lecun, zeros
from course_lib.architecture.layers import Dense, Flatten, Layer
from course_lib.architecture.network import Sequential
from course_lib.architecture.neuron import Perceptron, SigmoidNeuron
from course_lib.architecture.parameter import Parameter, count_parameters

__all__ = [
    "Activation",
    "Dense",
    "Flatten",
    "Layer",
    "LeakyReLU",
    "Parameter",
    "Perceptron",
    "ReLU",
    "Sequential",
    "Sigmoid",
    "SigmoidNeuron",
    "Tanh",
    "constant",
    "count_parameters",
    "glorot",
    "he",
    "lecun",
    "log_softmax",
    "sigmoid",
    "softmax",
    "zeros",
]
