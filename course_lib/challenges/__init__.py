"""What comes after the first network: choosing, regularizing, and seeing, hearing, reading."""

from course_lib.challenges.attention import attention, attention_backward, causal_mask
from course_lib.challenges.augmentation import add_noise, shift_images
from course_lib.challenges.clipping import clip_gradients
from course_lib.challenges.convolution import Conv2D, convolve_by_loops
from course_lib.challenges.distributions import Choice, IntegerUniform, LogUniform, Uniform
from course_lib.challenges.early_stopping import EarlyStopping
from course_lib.challenges.embedding import Embedding, Positions
from course_lib.challenges.error_decomposition import BiasVariance, bias_variance
from course_lib.challenges.im2col import im2col, output_size
from course_lib.challenges.lstm import LSTM
from course_lib.challenges.model_selection import cross_validate, k_fold, learning_curve
from course_lib.challenges.multi_head_attention import MultiHeadAttention
from course_lib.challenges.parallel import sharded_gradient
from course_lib.challenges.parallel_training import train_parallel
from course_lib.challenges.pooling import MaxPool2D
from course_lib.challenges.recurrent import RNN
from course_lib.challenges.regularization import L1, L2, Dropout
from course_lib.challenges.search import run_search
from course_lib.challenges.search_log import Trial
from course_lib.challenges.search_space import grid, random_search
from course_lib.challenges.sequences import LastStep, MeanStep, PerStep, find_lengths, real_steps
from course_lib.challenges.transformer import TransformerBlock

__all__ = [
    "L1",
    "L2",
    "LSTM",
    "RNN",
    "BiasVariance",
    "Choice",
    "Conv2D",
    "Dropout",
    "EarlyStopping",
    "Embedding",
    "IntegerUniform",
    "LastStep",
    "LogUniform",
    "MaxPool2D",
    "MeanStep",
    "MultiHeadAttention",
    "PerStep",
    "Positions",
    "TransformerBlock",
    "Trial",
    "Uniform",
    "add_noise",
    "attention",
    "attention_backward",
    "bias_variance",
    "causal_mask",
    "clip_gradients",
    "convolve_by_loops",
    "cross_validate",
    "find_lengths",
    "grid",
    "im2col",
    "k_fold",
    "learning_curve",
    "output_size",
    "random_search",
    "real_steps",
    "run_search",
    "sharded_gradient",
    "shift_images",
    "train_parallel",
]
