"""Answers to `source/training/supervised_learning.ipynb`."""

from variants import Correct, Tasks, Variant, Wrong

SOFTMAX_CROSS_ENTROPY: list[Variant] = [
    Correct("""
def softmax_cross_entropy(z, y):
    log_p = z - np.logaddexp.reduce(z, axis=1, keepdims=True)
    return -log_p[range(len(y)), y].mean()
"""),
    Correct("""
import math

def softmax_cross_entropy(z, y):
    total = 0.0
    for row, label in zip(z.tolist(), y.tolist()):
        top = max(row)
        total += top + math.log(sum(math.exp(value - top) for value in row)) - row[label]
    return total / len(z)
"""),
    Correct("""
def softmax_cross_entropy(z, y):
    # Measured from the right logit, then the largest of the rest is taken out; in float32.
    z = z.astype(np.float32)
    gap = z - np.take_along_axis(z, y[:, None], axis=1)
    top = gap.max(axis=1, keepdims=True)
    return np.mean(top[:, 0] + np.log(np.sum(np.exp(gap - top), axis=1)))
"""),
]


def _softmax(
    *,
    exponent: str = "z - z.max(axis=1, keepdims=True)",
    first: str = "",
    result: str = "-log_p[np.arange(len(y)), y].mean()",
) -> str:
    """Return a right solution with one line in another way."""
    return f"""
def softmax_cross_entropy(z, y):
    {first or "pass"}
    shifted = {exponent}
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return {result}
"""


SOFTMAX_CROSS_ENTROPY += [
    Wrong(
        _softmax(result="-log_p[np.arange(len(y)), y].sum()"), "this is the sum over the examples"
    ),
    Wrong(
        _softmax(result="-(log_p * (y[:, None] == np.arange(z.shape[1]))).mean()"),
        "you averaged over the classes too",
    ),
    Wrong(_softmax(result="log_p[np.arange(len(y)), y].mean()"), "the sign is wrong"),
    Wrong(
        _softmax(result="-np.log(np.exp(log_p)[np.arange(len(y)), y].mean())"),
        "take the logarithm of each example's probability first",
    ),
    Wrong(_softmax(result="-log_p.sum(axis=1).mean()"), "surprises of all classes"),
    Wrong(_softmax(exponent="z"), "exp overflowed"),
    Wrong(_softmax(exponent="z - z.max()"), "subtract each row's own largest logit"),
    Wrong(
        """
def softmax_cross_entropy(z, y):
    p = np.exp(z - z.max(axis=1, keepdims=True))
    p = p / p.sum(axis=1, keepdims=True)
    return -np.log(p[np.arange(len(y)), y] + 1e-12).mean()
""",
        "a confident mistake costs too little",
    ),
    Wrong(
        _softmax(first="z -= z.max(axis=1, keepdims=True)", exponent="z"),
        "you changed z in place",
    ),
]

CONFUSION_MATRIX: list[Variant] = [
    Correct("""
def confusion_matrix(predicted, y, classes):
    counts = np.zeros((classes, classes), dtype=int)
    np.add.at(counts, (y, predicted), 1)
    return counts
"""),
    Correct("""
def confusion_matrix(predicted, y, classes):
    return [
        [sum(1 for t, p in zip(y, predicted) if t == j and p == k) for k in range(classes)]
        for j in range(classes)
    ]
"""),
    Correct("""
def confusion_matrix(predicted, y, classes):
    every = np.arange(classes)
    truth = (y[:, None] == every).astype(np.int32)
    answer = (predicted[:, None] == every).astype(np.int32)
    return truth.T @ answer
"""),
]


def _confusion(
    *, size: str = "classes", where: str = "t, p", result: str = "counts", first: str = "pass"
) -> str:
    """Return a right solution with one line in another way."""
    return f"""
def confusion_matrix(predicted, y, classes):
    {first}
    counts = np.zeros(({size}, {size}), dtype=int)
    for t, p in zip(y, predicted):
        counts[{where}] += 1
    return {result}
"""


CONFUSION_MATRIX += [
    Wrong(_confusion(where="p, t"), "this is the transpose"),
    Wrong(
        """
def confusion_matrix(predicted, y, classes):
    counts = np.zeros((classes, classes), dtype=int)
    counts[y, predicted] += 1
    return counts
""",
        "overlooks repeated pairs",
    ),
    Wrong(_confusion(size="max(y.max(), predicted.max()) + 1"), "take its size from classes"),
    Wrong(_confusion(size="len(np.unique(y))"), "the matrix is too small"),
    Wrong(
        _confusion(result="counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)"),
        "these are shares of each row",
    ),
    Wrong(_confusion(result="np.diag(np.diag(counts))"), "only right answers are counted"),
    Wrong(_confusion(result="counts - np.diag(np.diag(counts))"), "only mistakes are counted"),
    Wrong(_confusion(where="t - 1, p - 1"), "the first class is 0"),
    Wrong(
        """
def confusion_matrix(predicted, y, classes):
    y *= classes
    y += predicted
    return np.bincount(y, minlength=classes**2).reshape(classes, classes)
""",
        "you changed the labels in place",
    ),
]

STRATIFIED_SPLIT: list[Variant] = [
    Correct("""
def stratified_split(y, test, rng):
    # Sort by class, by chance within a class; then every class's first rows are tested.
    order = np.lexsort((rng.random(len(y)), y))
    place = np.arange(len(y)) - np.searchsorted(y[order], y[order])
    size = np.floor(test * np.bincount(y))[y[order]]
    return order[place >= size], order[place < size]
"""),
    Correct("""
def stratified_split(y, test, rng):
    chosen = []
    for label in range(y.max() + 1):
        rows = np.flatnonzero(y == label)
        size = int(np.ceil(test * len(rows)))
        chosen += list(rng.choice(rows, size, replace=False))
    return [i for i in range(len(y)) if i not in chosen], [int(i) for i in chosen]
"""),
    Correct("""
def stratified_split(y, test, rng):
    # Walk through a shuffled list; a class's example is tested whenever its account is full.
    in_test = np.zeros(len(y), dtype=bool)
    account = {int(label): 0.5 for label in y}
    for i in rng.permutation(len(y)):
        account[int(y[i])] += test
        if account[int(y[i])] >= 1:
            account[int(y[i])] -= 1
            in_test[i] = True
    return np.flatnonzero(~in_test).astype(np.int32), np.flatnonzero(in_test).astype(np.int32)
"""),
]


def _split(
    *,
    rows: str = "rng.permutation(np.flatnonzero(y == label))",
    size: str = "round(test * len(rows))",
    train: str = "rows[size:]",
    result: str = "np.array(train_rows, dtype=int), np.array(test_rows, dtype=int)",
) -> str:
    """Return a right solution with one line in another way."""
    return f"""
def stratified_split(y, test, rng):
    train_rows, test_rows = [], []
    for label in np.unique(y):
        rows = {rows}
        size = {size}
        test_rows.extend(rows[:size])
        train_rows.extend({train})
    return {result}
"""


STRATIFIED_SPLIT += [
    Wrong(
        """
def stratified_split(y, test, rng):
    order = rng.permutation(len(y))
    size = round(test * len(y))
    return order[size:], order[:size]
""",
        "chance alone is right only on average",
    ),
    Wrong(
        """
def stratified_split(y, test, rng):
    order = np.argsort(y)
    size = round(test * len(y))
    return order[:-size], order[-size:]
""",
        "a class is missing in the test part",
    ),
    Wrong(
        _split(
            result="np.array(test_rows, dtype=int), np.array(train_rows, dtype=int)",
        ),
        "return train_rows first",
    ),
    Wrong(
        _split(size="round(test * len(y) / len(np.unique(y)))"),
        "the same number of examples",
    ),
    Wrong(_split(train="rows"), "a row is in both parts"),
    Wrong(
        """
def stratified_split(y, test, rng):
    test_rows = []
    for label in np.unique(y):
        rows = np.flatnonzero(y == label)
        test_rows.extend(rng.choice(rows, round(test * len(rows))))
    return np.setdiff1d(np.arange(len(y)), test_rows), np.array(test_rows, dtype=int)
""",
        "draw without replacement",
    ),
    Wrong(
        _split(rows="np.random.permutation(np.flatnonzero(y == label))"),
        "equal generators must give equal splits",
    ),
    Wrong(_split(rows="np.flatnonzero(y == label)"), "every generator gives the same split"),
    Wrong(
        _split(rows="(rng.shuffle(y), rng.permutation(np.flatnonzero(y == label)))[1]"),
        "you changed y",
    ),
]

HUBER_LOSS: list[Variant] = [
    Correct("""
def huber_loss(y_predicted, target, delta):
    total = 0.0
    for prediction, right in zip(y_predicted, target):
        e = prediction - right
        if -delta <= e <= delta:
            total += 0.5 * e * e
        else:
            total += delta * (abs(e) - 0.5 * delta)
    return total / len(target)
"""),
    Correct("""
def huber_loss(y_predicted, target, delta):
    # The part of the error inside delta is squared; what sticks out counts delta times itself.
    e = np.abs(y_predicted - target)
    inside = np.minimum(e, delta)
    return np.mean(0.5 * inside**2 + delta * (e - inside))
"""),
    Correct("""
def huber_loss(y_predicted, target, delta):
    e = (y_predicted - target).astype(np.float32)
    large = np.abs(e) > delta
    loss = np.square(e) / 2
    loss[large] = delta * np.abs(e[large]) - delta**2 / 2
    return loss.sum() / loss.size
"""),
]


def _huber(
    *,
    small: str = "e**2 / 2",
    large: str = "delta * (np.abs(e) - delta / 2)",
    condition: str = "np.abs(e) <= delta",
    mean: str = ".mean()",
    first: str = "e = y_predicted - target",
) -> str:
    """Return a right solution with one line in another way."""
    return f"""
def huber_loss(y_predicted, target, delta):
    {first}
    return np.where({condition}, {small}, {large}){mean}
"""


HUBER_LOSS += [
    Wrong(_huber(mean=".sum()"), "this is the sum over the examples"),
    Wrong(_huber(small="e**2"), "the square comes with a factor 1/2"),
    Wrong(
        _huber(small="e**2", large="delta * (2 * np.abs(e) - delta)"),
        "this is twice the loss",
    ),
    Wrong(_huber(large="delta * np.abs(e)"), "large errors lack the - delta / 2"),
    Wrong(_huber(large="np.abs(e) - delta / 2"), "large errors lack the factor delta"),
    Wrong(_huber(condition="e <= delta"), "large errors below 0 are squared"),
    Wrong(_huber(condition="np.abs(e) > delta"), "the pieces are swapped"),
    Wrong(_huber(large="np.abs(e) - 1 / 2", condition="np.abs(e) <= 1"), "delta is not used"),
    Wrong(
        _huber(first="e = y_predicted; e -= target"),
        "you changed an array in place",
    ),
]

FOCAL_LOSS: list[Variant] = [
    Correct("""
import math

def focal_loss(z, y, focus):
    total = 0.0
    for logit, label in zip(z, y):
        s = float(logit) if label == 1 else -float(logit)
        shrunk = math.exp(-abs(s))
        surprise = max(-s, 0.0) + math.log1p(shrunk)
        missing = (shrunk if s > 0 else 1.0) / (1.0 + shrunk)
        total += missing**focus * surprise
    return total / len(z)
"""),
    Correct("""
def focal_loss(z, y, focus):
    # (1 - p)**focus is exp(focus * log(1 - p)), and log(1 - p) = -log(1 + exp(s)).
    s = z * (2 * y - 1)
    return np.mean(np.exp(-focus * np.logaddexp(0, s)) * np.logaddexp(0, -s))
"""),
    Correct("""
def focal_loss(z, y, focus):
    z = z.astype(np.float32)
    log_p1, log_p0 = -np.logaddexp(np.float32(0), -z), -np.logaddexp(np.float32(0), z)
    ones = (1 - np.exp(log_p1)) ** focus * log_p1
    zeros = (1 - np.exp(log_p0)) ** focus * log_p0
    return -(ones[y == 1].sum() + zeros[y == 0].sum()) / len(y)
"""),
]


def _focal(
    *,
    s: str = "np.where(y == 1, z, -z)",
    factor: str = "(1 - p) ** focus",
    surprise: str = "np.logaddexp(0, -s)",
    result: str = "mean()",
) -> str:
    """Return a right solution with one line in another way."""
    return f"""
def focal_loss(z, y, focus):
    s = {s}
    surprise = {surprise}
    p = np.exp(-np.logaddexp(0, -s))
    factor = {factor}
    return (factor * surprise).{result}
"""


FOCAL_LOSS += [
    Wrong(_focal(result="sum()"), "this is the sum over the examples"),
    Wrong(_focal(factor="1"), "where is the focus"),
    Wrong(_focal(factor="p**focus"), "this looks away from what is hard"),
    Wrong(_focal(s="z"), "as if their label were 1"),
    Wrong(
        _focal(factor="(1 - np.exp(-np.logaddexp(0, -z))) ** focus"),
        "it must be that of the right label, too",
    ),
    Wrong(_focal(factor="(1 - p) * focus"), "focus is an exponent"),
    Wrong(_focal(surprise="-np.logaddexp(0, -s)"), "the sign is wrong"),
    Wrong(
        """
def focal_loss(z, y, focus):
    p = 1 / (1 + np.exp(-z))
    p = np.where(y == 1, p, 1 - p)
    return ((1 - p) ** focus * -np.log(p)).mean()
""",
        "exp overflowed",
    ),
    Wrong(
        _focal(surprise="-np.log(np.exp(-np.logaddexp(0, -s)) + 1e-9)"),
        "a confident mistake costs too little",
    ),
]

TASKS: Tasks = {
    "softmax_cross_entropy": SOFTMAX_CROSS_ENTROPY,
    "confusion_matrix": CONFUSION_MATRIX,
    "stratified_split": STRATIFIED_SPLIT,
    "huber_loss": HUBER_LOSS,
    "focal_loss": FOCAL_LOSS,
}
