"""Answers to `source/challenges/regularization.ipynb`."""

from variants import Correct, Tasks, Variant, Wrong

PENALTY_GRADIENTS: list[Variant] = [
    Correct("""
def penalty_gradients(W, strength):
    l1, l2 = np.zeros(W.shape), np.zeros(W.shape)
    for place in np.ndindex(W.shape):
        if W[place] > 0:
            l1[place] = strength
        elif W[place] < 0:
            l1[place] = -strength
        l2[place] = strength * W[place]
    return l1, l2
"""),
    Correct("""
def penalty_gradients(W, strength):
    # By measured slopes, except where L1 has its kink.
    def slope(penalty, h=1e-3):
        return (penalty(W + h) - penalty(W - h)) / (2 * h)

    l1 = np.where(np.abs(W) < 2e-3, np.sign(W) * strength, slope(lambda v: strength * np.abs(v)))
    return [l1, slope(lambda v: strength / 2 * v**2)]
"""),
    Correct("""
def penalty_gradients(W, strength):
    W = W.astype(np.float32)
    up, down = (W > 0).astype(np.float32), (W < 0).astype(np.float32)
    return np.float32(strength) * (up - down), np.multiply(W, np.float32(strength))
"""),
]


def _penalty_gradients(*, l1: str = "strength * np.sign(W)", l2: str = "strength * W") -> str:
    """Return the model solution with one gradient in another way."""
    return f"""
def penalty_gradients(W, strength):
    return {l1}, {l2}
"""


PENALTY_GRADIENTS += [
    Wrong(_penalty_gradients(l1="strength * np.abs(W)"), "the slope of |W| is 1 or -1"),
    Wrong(_penalty_gradients(l1="np.sign(W)"), "the strength is missing in the gradient of L1"),
    Wrong(_penalty_gradients(l1="np.full(W.shape, strength)"), "this loses the sign"),
    Wrong(
        _penalty_gradients(l1="np.where(W >= 0, strength, -strength)"),
        "at W = 0 take 0",
    ),
    Wrong(_penalty_gradients(l2="2 * strength * W"), "twice too large"),
    Wrong(_penalty_gradients(l2="strength / 2 * W**2"), "this is the penalty of each weight"),
    Wrong(
        _penalty_gradients(l1="-strength * np.sign(W)", l2="-strength * W"),
        "a larger W costs more, so the slope is above 0 there",
    ),
    Wrong(
        _penalty_gradients(l1="strength * W", l2="strength * np.sign(W)"),
        "these are swapped: the gradient of L2 comes second",
    ),
    Wrong(
        _penalty_gradients(l1="strength * np.sign(W)", l2="np.multiply(W, strength, out=W)"),
        "you changed W in place",
    ),
]


DROPOUT: list[Variant] = [
    Correct(
        """
def dropout(x, rate, rng):
    mask = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        if rng.random() >= rate:
            mask[place] = 1 / (1 - rate)
    return [mask * x, mask]


def dropout_backward(dy, mask):
    dx = np.empty(dy.shape)
    for place in np.ndindex(dy.shape):
        dx[place] = dy[place] * mask[place]
    return dx
"""
    ),
    Correct(
        """
def dropout(x, rate, rng):
    keep = 1 - rate
    mask = rng.binomial(1, keep, size=x.shape) / keep
    return np.where(mask > 0, x / keep, 0.0), mask


def dropout_backward(dy, mask):
    return np.where(mask > 0, dy * mask.max(), 0.0)
"""
    ),
    Correct(
        """
def dropout(x, rate, rng):
    kept = rng.random(x.shape, dtype=np.float32) < 1 - rate
    mask = kept.astype(np.float32) / np.float32(1 - rate)
    y = x.astype(np.float32)
    y *= mask
    return y, mask


def dropout_backward(dy, mask):
    return np.multiply(dy, mask, dtype=np.float32, casting="same_kind")
"""
    ),
]


def _dropout(
    *,
    mask: str = "(rng.random(x.shape) >= rate) / (1 - rate)",
    result: str = "x * mask, mask",
    dx: str = "dy * mask",
) -> str:
    """Return the model solution with one line in another way."""
    return f"""
def dropout(x, rate, rng):
    mask = {mask}
    return {result}


def dropout_backward(dy, mask):
    return {dx}
"""


DROPOUT += [
    Wrong(
        _dropout(
            mask="(rng.random(x.shape) < rate) / max(rate, 1e-9) if rate else np.ones(x.shape)"
        ),
        "you keep with probability rate",
    ),
    Wrong(
        _dropout(mask="(rng.random(x.shape) >= rate).astype(float)"),
        "what is kept must be scaled up by 1 / (1 - rate)",
    ),
    Wrong(
        _dropout(mask="(rng.random(x.shape) >= rate) * (1 - rate)"),
        "divide by 1 - rate: do not multiply by it",
    ),
    Wrong(
        _dropout(mask="(rng.random(x.shape) >= rate) / (rate or 1)"),
        "you divided by the rate: divide by the share that is kept",
    ),
    Wrong(
        _dropout(mask="(np.random.rand(*x.shape) >= rate) / (1 - rate)"),
        "the same seed gave another mask",
    ),
    Wrong(
        _dropout(mask="(np.random.default_rng(0).random(x.shape) >= rate) / (1 - rate)"),
        "every seed gives the same mask",
    ),
    Wrong(_dropout(result="x * (mask > 0), mask"), "y is not scaled"),
    Wrong(_dropout(dx="dy * (mask > 0)"), "the scale is missing backward"),
    Wrong(_dropout(dx="dy"), "nothing may pass where nothing passed forward"),
]

EARLY_STOPPING: list[Variant] = [
    Correct("""
def early_stopping(losses, patience):
    best_loss, best_epoch, waited, epoch = float("inf"), 0, 0, 0
    while epoch < len(losses) and waited < patience:
        loss = losses[epoch]
        epoch += 1
        if loss < best_loss:
            best_loss, best_epoch, waited = loss, epoch, 0
        else:
            waited += 1
    return [best_epoch, epoch]
"""),
    Correct("""
def early_stopping(losses, patience):
    # The epoch of the lowest loss so far, at every epoch; argmin takes the first of equals.
    for end in range(1, len(losses) + 1):
        best = int(np.argmin(losses[:end])) + 1
        if end - best == patience:
            return best, end
    return best, len(losses)
"""),
    Correct("""
def early_stopping(losses, patience):
    losses = np.asarray(losses)
    lowest = np.minimum.accumulate(losses)
    is_best = np.concatenate([[True], losses[1:] < lowest[:-1]])
    epochs = np.arange(1, len(losses) + 1)
    best = np.maximum.accumulate(np.where(is_best, epochs, 0))
    out = np.flatnonzero(epochs - best >= patience)
    last = epochs[out[0]] if len(out) else epochs[-1]
    return best[last - 1], last
"""),
]


def _early_stopping(
    *,
    better: str = "loss < best_loss",
    stop: str = "epoch - best_epoch >= patience",
    start: str = "1",
    after: str = "",
    result: str = "best_epoch, epoch",
) -> str:
    """Return the model solution with one line in another way."""
    return f"""
def early_stopping(losses, patience):
    best_loss, best_epoch = losses[0], {start}
    for epoch, loss in enumerate(losses, start={start}):
        if {better}:
            best_loss, best_epoch = loss, epoch
        if {stop}:
            break
    {after}
    return {result}
"""


EARLY_STOPPING += [
    Wrong(_early_stopping(better="loss <= best_loss"), "a tie is no new best"),
    Wrong(_early_stopping(stop="epoch - best_epoch > patience"), "one epoch too late"),
    Wrong(
        _early_stopping(stop="epoch - best_epoch >= max(patience - 1, 1)"), "one epoch too early"
    ),
    Wrong(_early_stopping(start="0"), "epochs count from 1"),
    Wrong(_early_stopping(result="epoch, best_epoch"), "the two are swapped"),
    Wrong(_early_stopping(result="epoch, epoch"), "this is the last epoch, not the best one"),
    Wrong(_early_stopping(result="best_loss, epoch"), "the best epoch, not its loss"),
    Wrong(
        _early_stopping(after="best_epoch = int(np.argmin(losses)) + 1"),
        "this epoch is never trained",
    ),
    Wrong(
        """
def early_stopping(losses, patience):
    best_loss, best_epoch, bad = losses[0], 1, 0
    for epoch, loss in enumerate(losses, start=1):
        if loss < best_loss:
            best_loss, best_epoch = loss, epoch
        elif epoch > 1:
            bad += 1
        if bad >= patience:
            break
    return best_epoch, epoch
""",
        "a new best starts the count anew",
    ),
]

ELASTIC_NET_STEP: list[Variant] = [
    Correct("""
def elastic_net_step(W, dW, lr, l1, l2):
    new = np.zeros(W.shape)
    for place in np.ndindex(W.shape):
        u = W[place] - lr * dW[place]
        if u > lr * l1:
            new[place] = (u - lr * l1) / (1 + lr * l2)
        elif u < -lr * l1:
            new[place] = (u + lr * l1) / (1 + lr * l2)
    return new
"""),
    Correct("""
def elastic_net_step(W, dW, lr, l1, l2):
    # What is cut off at -lr l1 and lr l1 is what L1 takes.
    u = W - lr * dW
    return (u - np.clip(u, -lr * l1, lr * l1)) / (1 + lr * l2)
"""),
    Correct("""
def elastic_net_step(W, dW, lr, l1, l2):
    u = (W - lr * dW).astype(np.float32)
    size = np.abs(u) - np.float32(lr * l1)
    size[size < 0] = 0
    return np.copysign(size, u) / np.float32(1 + lr * l2)
"""),
]


def _elastic_net_step(
    *, u: str = "W - lr * dW", new: str = "np.sign(u) * size / (1 + lr * l2)", size: str = ""
) -> str:
    """Return the model solution with one line in another way."""
    return f"""
def elastic_net_step(W, dW, lr, l1, l2):
    u = {u}
    size = {size or "np.maximum(np.abs(u) - lr * l1, 0)"}
    return {new}
"""


ELASTIC_NET_STEP += [
    Wrong(_elastic_net_step(size="np.abs(u) - lr * l1"), "max(..., 0) stops it at 0"),
    Wrong(_elastic_net_step(new="size / (1 + lr * l2)"), "the sign of u is lost"),
    Wrong(
        _elastic_net_step(new="np.maximum(u - lr * l1, 0) / (1 + lr * l2)"),
        "negative weights are lost",
    ),
    Wrong(
        _elastic_net_step(size="np.maximum(np.abs(u) - l1, 0)"), "L1 takes lr * l1 from |u|, not l1"
    ),
    Wrong(_elastic_net_step(new="np.sign(u) * size / (1 + l2)"), "not by 1 + l2"),
    Wrong(
        _elastic_net_step(new="np.sign(u) * size * (1 - lr * l2)"),
        "multiplying by 1 - lr * l2 is plain weight decay",
    ),
    Wrong(_elastic_net_step(u="W + lr * dW"), "the data pull against their gradient"),
    Wrong(
        _elastic_net_step(new="W - lr * (dW + l1 * np.sign(W) + l2 * W)"),
        "which hops around 0",
    ),
    Wrong(_elastic_net_step(u="np.subtract(W, lr * dW, out=W)"), "you changed W in place"),
]

_MAX_NORM = """
def max_norm(W, limit):
    lengths = np.linalg.norm(W, axis=0)
    return W * np.minimum(1, limit / np.maximum(lengths, 1e-12))
"""
_SMOOTH = """

def smooth_labels(y, classes, amount):
    targets = np.full((len(y), classes), amount / classes)
    targets[np.arange(len(y)), y] += 1 - amount
    return targets
"""

TWO_MORE_BRAKES: list[Variant] = [
    Correct(
        """
def max_norm(W, limit):
    new = W.copy()
    for j in range(W.shape[1]):
        length = sum(w * w for w in W[:, j]) ** 0.5
        if length > limit:
            new[:, j] = W[:, j] * limit / length
    return new


def smooth_labels(y, classes, amount):
    rows = []
    for label in y:
        row = [amount / classes] * classes
        row[label] = 1 - amount + amount / classes
        rows.append(row)
    return rows
"""
    ),
    Correct(_MAX_NORM + _SMOOTH),
    Correct(
        """
def max_norm(W, limit):
    W = W.astype(np.float32)
    lengths = np.sqrt(np.einsum("ij,ij->j", W, W))
    too_long = lengths > limit
    W[:, too_long] *= np.float32(limit) / lengths[too_long]
    return W


def smooth_labels(y, classes, amount):
    hard = (np.arange(classes) == y[:, None]).astype(np.float32)
    even = np.full_like(hard, 1 / classes)
    return (1 - amount) * hard + amount * even
"""
    ),
    Wrong(
        """
def max_norm(W, limit):
    lengths = np.linalg.norm(W, axis=0)
    return W * limit / np.maximum(lengths, 1e-12)
"""
        + _SMOOTH,
        "short columns were stretched",
    ),
    Wrong(
        """
def max_norm(W, limit):
    lengths = np.linalg.norm(W, axis=1, keepdims=True)
    return W * np.minimum(1, limit / np.maximum(lengths, 1e-12))
"""
        + _SMOOTH,
        "you bounded the rows",
    ),
    Wrong(
        """
def max_norm(W, limit):
    return W * min(1, limit / max(np.linalg.norm(W), 1e-12))
"""
        + _SMOOTH,
        "you bounded the length of all weights together",
    ),
    Wrong(
        """
def max_norm(W, limit):
    return np.clip(W, -limit, limit)
"""
        + _SMOOTH,
        "you clipped each weight",
    ),
    Wrong(
        """
def max_norm(W, limit):
    W *= np.minimum(1, limit / np.maximum(np.linalg.norm(W, axis=0), 1e-12))
    return W
"""
        + _SMOOTH,
        "you changed W in place",
    ),
    Wrong(
        _MAX_NORM
        + """

def smooth_labels(y, classes, amount):
    return (1 - amount) * np.eye(classes)[y]
""",
        "what the right class loses goes to all classes",
    ),
    Wrong(
        _MAX_NORM
        + """

def smooth_labels(y, classes, amount):
    hard = np.eye(classes)[y]
    return np.where(hard == 1, 1 - amount, amount / (classes - 1))
""",
        "not over the K - 1 others",
    ),
    Wrong(
        _MAX_NORM
        + """

def smooth_labels(y, classes, amount):
    return np.eye(classes)[y] + amount / classes
""",
        "the right class must give up amount of its 1",
    ),
    Wrong(
        _MAX_NORM
        + """

def smooth_labels(y, classes, amount):
    classes = y.max() + 1
    return (1 - amount) * np.eye(classes)[y] + amount / classes
""",
        "also if a class does not occur",
    ),
]

TASKS: Tasks = {
    "penalty_gradients": PENALTY_GRADIENTS,
    "dropout": DROPOUT,
    "early_stopping": EARLY_STOPPING,
    "elastic_net_step": ELASTIC_NET_STEP,
    "two_more_brakes": TWO_MORE_BRAKES,
}
