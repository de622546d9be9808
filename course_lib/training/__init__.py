"""How a network learns: losses, data, gradients, optimizers and the loop that joins them."""

from course_lib.training.data import Standardizer, batches, split
from course_lib.training.evaluation import evaluate
from course_lib.training.gradcheck import check_gradients, numerical_gradient, relative_error
from course_lib.training.loop import DivergenceError, Epoch, gradient_norm, train
from course_lib.training.losses import (
    BinaryCrossEntropy,
    Loss,
    MeanSquaredError,
    SoftmaxCrossEntropy,
)
from course_lib.training.metrics import accuracy, confusion_matrix, precision, recall
from course_lib.training.optimizers import SGD, Adam, Optimizer, RMSProp

__all__ = [
    "SGD",
    "Adam",
    "BinaryCrossEntropy",
    "DivergenceError",
    "Epoch",
    "Loss",
    "MeanSquaredError",
    "Optimizer",
    "RMSProp",
    "SoftmaxCrossEntropy",
    "Standardizer",
    "accuracy",
    "batches",
    "check_gradients",
    "confusion_matrix",
    "evaluate",
    "gradient_norm",
    "numerical_gradient",
    "precision",
    "recall",
    "relative_error",
    "split",
    "train",
]
