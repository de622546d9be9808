"""Answers to `source/training/backpropagation.ipynb`."""

from variants import Correct, Tasks, Variant, Wrong

DENSE_BACKWARD: list[Variant] = [
    Correct("""
def dense_backward(x, W, dy):
    N, D_in = x.shape
    D_out = dy.shape[1]
    dW, db, dx = np.zeros((D_in, D_out)), np.zeros(D_out), np.zeros((N, D_in))
    for n in range(N):
        for j in range(D_out):
            db[j] += dy[n, j]
            for i in range(D_in):
                dW[i, j] += x[n, i] * dy[n, j]
                dx[n, i] += dy[n, j] * W[i, j]
    return dW, db, dx
"""),
    Correct("""
def dense_backward(x, W, dy):
    x, W, dy = (array.astype(np.float32) for array in (x, W, dy))
    dW = np.einsum("ni,nj->ij", x, dy)
    db = np.ones(len(dy), dtype=np.float32) @ dy
    dx = np.einsum("nj,ij->ni", dy, W)
    return dW, db, dx
"""),
    Correct("""
def dense_backward(x, W, dy):
    dW = (dy.T @ x).T
    dx = (W @ dy.T).T
    return [dW, sum(dy), dx]
"""),
]


def _dense(dW: str = "x.T @ dy", db: str = "dy.sum(axis=0)", dx: str = "dy @ W.T") -> str:
    """Return the model solution with one gradient in another way."""
    return f"""
def dense_backward(x, W, dy):
    dW = {dW}
    db = {db}
    dx = {dx}
    return dW, db, dx
"""


DENSE_BACKWARD += [
    Wrong(_dense(dW="dy.T @ x"), "did you compute dy.T @ x?"),
    Wrong(_dense(dW="x.T @ dy / len(x)"), "this is the mean over the examples: the gradients of"),
    Wrong(_dense(dW="x[:, :, None] * dy[:, None, :]"), "this is one gradient for each example"),
    Wrong(_dense(db="dy"), "db has a row for each example"),
    Wrong(_dense(db="dy.mean(axis=0)"), "the bias was used N times, and gradients add"),
    Wrong(_dense(db="dy.sum(axis=1)"), "this sums over the neurons"),
    Wrong(_dense(db="dy.sum()"), "db is a single number"),
    Wrong(_dense(dx="dy @ W"), "so transpose W"),
    Wrong(
        """
def dense_backward(x, W, dy):
    return dy @ W.T, x.T @ dy, dy.sum(axis=0)
""",
        "this is dx: return dW first",
    ),
]

RELU_BACKWARD: list[Variant] = [
    Correct("""
def relu_backward(x, dy):
    return np.where(x > 0, dy, 0.0)
"""),
    Correct("""
def relu_backward(x, dy):
    dx = dy.astype(np.float32)  # a copy
    dx[x <= 0] = 0
    return dx
"""),
    Correct("""
def relu_backward(x, dy):
    numbers = [d if s > 0 else 0.0 for s, d in zip(x.ravel(), dy.ravel())]
    return np.reshape(numbers, x.shape)
"""),
    Wrong(
        """
def relu_backward(x, dy):
    return dy * (dy > 0)
""",
        "you look at the sign of dy",
    ),
    Wrong(
        """
def relu_backward(x, dy):
    return dy * (x >= 0)
""",
        "at x = 0 the slope is 0",
    ),
    Wrong(
        """
def relu_backward(x, dy):
    return dy
""",
        "nothing is stopped",
    ),
    Wrong(
        """
def relu_backward(x, dy):
    return (x > 0).astype(float)
""",
        "this is the slope alone",
    ),
    Wrong(
        """
def relu_backward(x, dy):
    return dy * np.maximum(x, 0)
""",
        "you multiplied by x",
    ),
    Wrong(
        """
def relu_backward(x, dy):
    return np.maximum(x, 0)
""",
        "this is the forward pass",
    ),
    Wrong(
        """
def relu_backward(x, dy):
    return dy * (x < 0)
""",
        "dx is dy where x is above 0, and 0 elsewhere",
    ),
    Wrong(
        """
def relu_backward(x, dy):
    dy[x <= 0] = 0
    return dy
""",
        "you changed dy",
    ),
    Wrong(
        """
def relu_backward(x, dy):
    dx = dy * (x > 0)
""",
        "a function without return gives back None",
    ),
]

TWO_LAYER_GRADIENTS: list[Variant] = [
    Correct("""
def two_layer_gradients(x, target, W, b, V, c):
    dW, db, dV, dc = (np.zeros(np.shape(array)) for array in (W, b, V, c))
    for n in range(len(x)):
        z = [b[j] + sum(x[n, i] * W[i, j] for i in range(len(W))) for j in range(len(b))]
        h = [max(value, 0.0) for value in z]
        for k in range(len(c)):
            y = c[k] + sum(h[j] * V[j, k] for j in range(len(h)))
            dy = 2 * (y - target[n, k]) / (len(x) * len(c))
            dc[k] += dy
            for j in range(len(h)):
                dV[j, k] += dy * h[j]
                if z[j] > 0:
                    db[j] += dy * V[j, k]
                    for i in range(len(W)):
                        dW[i, j] += dy * V[j, k] * x[n, i]
    return dW, db, dV, dc
"""),
    Correct("""
def two_layer_gradients(x, target, W, b, V, c):
    x, target, W, b, V, c = (a.astype(np.float32) for a in (x, target, W, b, V, c))
    h = (x @ W + b).clip(min=0)
    dy = (h @ V + c - target) * np.float32(2 / target.size)
    dz = np.where(h > 0, dy @ V.T, np.float32(0))
    return x.T @ dz, dz.sum(axis=0), h.T @ dy, dy.sum(axis=0)
"""),
    Correct("""
def two_layer_gradients(x, target, W, b, V, c):
    # The biases as weights of an input that is always 1.
    ones = np.ones((len(x), 1))
    x = np.hstack([x, ones])
    z = x @ np.vstack([W, b])
    h = np.hstack([z * (z > 0), ones])
    dy = np.divide(h @ np.vstack([V, c]) - target, target.size / 2)
    first = x.T @ ((dy @ V.T) * (z > 0))
    second = h.T @ dy
    return [first[:-1], first[-1], second[:-1], second[-1]]
"""),
]


def _two_layer(
    *,
    h: str = "np.maximum(z, 0)",
    dy: str = "2 * (y - target) / y.size",
    dV: str = "h.T @ dy",
    dc: str = "dy.sum(axis=0)",
    dz: str = "dh * (z > 0)",
    before: str = "",
    result: str = "dW, db, dV, dc",
) -> str:
    """Return the model solution with one line in another way."""
    return f"""
def two_layer_gradients(x, target, W, b, V, c):
    z = x @ W + b
    h = {h}
    y = h @ V + c
    dy = {dy}
    dV = {dV}
    dc = {dc}
    {before}
    dh = dy @ V.T
    dz = {dz}
    dW = x.T @ dz
    db = dz.sum(axis=0)
    return {result}
"""


TWO_LAYER_GRADIENTS += [
    Wrong(_two_layer(dy="2 * (target - y) / y.size"), "the sign is reversed"),
    Wrong(_two_layer(dy="(y - target) / y.size"), "the factor 2 is missing"),
    Wrong(_two_layer(dy="2 * (y - target)"), "these are the gradients of the sum of squares"),
    Wrong(_two_layer(dy="2 * (y - target) / len(x)"), "so divide by y.size"),
    Wrong(_two_layer(dV="z.T @ dy"), "dV uses the sums z"),
    Wrong(_two_layer(dz="dh"), "ReLU's backward is missing"),
    Wrong(_two_layer(dz="dh * (dh > 0)"), "then through ReLU by the sign of z"),
    Wrong(_two_layer(dz="dh * z"), "then through ReLU by the sign of z"),
    Wrong(_two_layer(before="V -= 0.1 * dV"), "you changed an array of the caller"),
]

SKIP_BACKWARD: list[Variant] = [
    Correct("""
def skip_backward(x, W, b, dy):
    N, D = x.shape
    dx, dW, db = dy.astype(float), np.zeros((D, D)), np.zeros(D)
    for n in range(N):
        for j in range(D):
            if sum(x[n, i] * W[i, j] for i in range(D)) + b[j] > 0:
                db[j] += dy[n, j]
                for i in range(D):
                    dW[i, j] += x[n, i] * dy[n, j]
                    dx[n, i] += W[i, j] * dy[n, j]
    return dx, dW, db
"""),
    Correct("""
def skip_backward(x, W, b, dy):
    x, W, b, dy = (array.astype(np.float32) for array in (x, W, b, dy))
    active = np.heaviside(x @ W + b, 0).astype(np.float32)
    back = np.multiply(active, dy)
    dx = np.zeros_like(x)
    dx += dy
    dx += np.einsum("nj,ij->ni", back, W)
    return [dx, np.einsum("ni,nj->ij", x, back), back.sum(axis=0)]
"""),
    Correct("""
def skip_backward(x, W, b, dy):
    # Each example has its own matrix of slopes: the identity, and W where the layer is active.
    dx = np.zeros(x.shape)
    dW, db = np.zeros(W.shape), np.zeros(len(b))
    for n in range(len(x)):
        mask = np.diag((x[n] @ W + b > 0).astype(float))
        slopes = np.eye(len(b)) + W @ mask
        dx[n] = slopes @ dy[n]
        dW += np.outer(x[n], mask @ dy[n])
        db += mask @ dy[n]
    return dx, dW, db
"""),
]


def _skip(
    *,
    dz: str = "dy * (z > 0)",
    dx: str = "dy + dz @ W.T",
    dW: str = "x.T @ dz",
    db: str = "dz.sum(axis=0)",
    before: str = "",
) -> str:
    """Return the model solution with one line in another way."""
    return f"""
def skip_backward(x, W, b, dy):
    z = x @ W + b
    {before}
    dz = {dz}
    dx = {dx}
    dW = {dW}
    db = {db}
    return dx, dW, db
"""


SKIP_BACKWARD += [
    Wrong(_skip(dx="dz @ W.T"), "the way around the layer is missing"),
    Wrong(_skip(dx="dy"), "the way through the layer is missing"),
    Wrong(_skip(dx="dy * (dz @ W.T)"), "over two paths they add"),
    Wrong(_skip(dx="x + dz @ W.T"), "what comes back around the layer is dy, not x"),
    Wrong(_skip(dx="dz + dz @ W.T"), "ReLU stops only what goes through the layer"),
    Wrong(_skip(dz="dy"), "ReLU's backward is missing"),
    Wrong(_skip(dx="dy + dz @ W"), "W must be transposed on the way back"),
    Wrong(_skip(dW="dz.T @ x"), "this is the transposed gradient of W"),
    Wrong(_skip(before="y = x + np.maximum(z, 0)", dz="dy * (y > 0)"), "where the sum x @ W + b"),
]
SKIP_BACKWARD += [
    Wrong(
        """
def skip_backward(x, W, b, dy):
    dx = dy
    dy *= x @ W + b > 0
    return dx + dy @ W.T, x.T @ dy, dy.sum(axis=0)
""",
        "you changed dy in place",
    ),
]

FIND_WRONG_GRADIENT: list[Variant] = [
    Correct("""
def find_wrong_gradient(loss, values, gradients):
    h = 1e-5
    for i, (value, gradient) in enumerate(zip(values, gradients)):
        measured = np.zeros(value.shape)
        for place in np.ndindex(value.shape):
            kept = value[place]
            value[place] = kept + h
            above = loss(values)
            value[place] = kept - h
            below = loss(values)
            value[place] = kept
            measured[place] = (above - below) / (2 * h)
        if not np.allclose(measured, gradient, rtol=1e-4, atol=1e-4):
            return i
"""),
    Correct("""
def find_wrong_gradient(loss, values, gradients):
    # All entries in one long vector; the entry with the largest disagreement decides.
    ends = np.cumsum([value.size for value in values])
    flat = np.concatenate([value.ravel() for value in values])

    def f(vector):
        pieces = np.split(vector, ends[:-1])
        return loss([piece.reshape(v.shape) for piece, v in zip(pieces, values)])

    steps = 1e-5 * np.eye(len(flat))
    measured = np.array([(f(flat + step) - f(flat - step)) / 2e-5 for step in steps])
    errors = np.abs(measured - np.concatenate([gradient.ravel() for gradient in gradients]))
    worst = int(errors.argmax())
    return int(np.searchsorted(ends, worst, side="right")) if errors[worst] > 3e-4 else None
"""),
    Correct("""
def find_wrong_gradient(loss, values, gradients):
    def slope(i, k):
        moved = []
        for sign in (1, -1):
            copies = [np.array(value, dtype=float) for value in values]
            copies[i].flat[k] += sign * 1e-5
            moved.append(loss(copies))
        return (moved[0] - moved[1]) / 2e-5

    bad = [
        i
        for i in range(len(values))
        if any(abs(slope(i, k) - gradients[i].flat[k]) > 1e-5 for k in range(values[i].size))
    ]
    return np.int64(bad[0]) if bad else None
"""),
]


def _find(
    *,
    h: str = "1e-5",
    entries: str = "np.ndindex(values[i].shape)",
    slope: str = "(above - below) / (2 * h)",
    disagree: str = "np.abs(measured - gradient).max() > 1e-4",
    found: str = "return i",
    none: str = "None",
    start: str = "gradient.copy()",
    back: str = "values[i][place] = kept",
) -> str:
    """Return a right answer with one line in another way."""
    return f"""
def find_wrong_gradient(loss, values, gradients):
    h = {h}
    for i, gradient in enumerate(gradients):
        measured = {start}
        for place in {entries}:
            kept = values[i][place]
            here = loss(values)
            values[i][place] = kept + h
            above = loss(values)
            values[i][place] = kept - h
            below = loss(values)
            {back}
            measured[place] = {slope}
        if {disagree}:
            {found}
    return {none}
"""


FIND_WRONG_GRADIENT += [
    Wrong(
        _find(disagree="abs(measured.sum() - gradient.sum()) > 1e-4"),
        "errors of opposite sign cancel in a sum",
    ),
    Wrong(
        _find(disagree="np.abs(abs(measured) - abs(gradient)).max() > 1e-4"),
        "compare with the sign",
    ),
    Wrong(
        _find(entries="[(0,) * values[i].ndim]"),
        "compare every entry of every gradient",
    ),
    Wrong(_find(h="1e-12"), "nor so small that rounding takes over"),
    Wrong(_find(h="0.1"), "is h neither too large"),
    Wrong(_find(h="1e-3", slope="(above - here) / h"), "is it a central difference"),
    Wrong(_find(disagree="(measured != gradient).any()"), "do you allow a small difference?"),
    Wrong(_find(back="pass"), "put each entry back"),
    Wrong(_find(found="return True"), "return the index, a number, and not True or False"),
    Wrong(_find(none="-1"), "return None if all are right, not a number that is no index"),
]

TASKS: Tasks = {
    "dense_backward": DENSE_BACKWARD,
    "relu_backward": RELU_BACKWARD,
    "two_layer_gradients": TWO_LAYER_GRADIENTS,
    "skip_backward": SKIP_BACKWARD,
    "find_wrong_gradient": FIND_WRONG_GRADIENT,
}
