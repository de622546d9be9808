"""Answers to `source/training/gradient_descent.ipynb`."""

from variants import Correct, Tasks, Variant, Wrong

NUMERICAL_GRADIENT: list[Variant] = [
    Correct("""
def numerical_gradient(f, W, h):
    # In place, like the library's own; each entry goes back where it was.
    gradient = np.empty(W.shape, dtype=np.float32)
    for i in np.ndindex(W.shape):
        kept = W[i]
        W[i] = kept + h
        above = f(W)
        W[i] = kept - h
        below = f(W)
        W[i] = kept
        gradient[i] = (above - below) / (2 * h)
    return gradient
"""),
    Correct("""
def numerical_gradient(f, W, h):
    # Every step is a row of a diagonal matrix.
    steps = (h * np.eye(W.size)).reshape(W.size, *W.shape)
    ahead = np.array([f(W + step) for step in steps])
    behind = np.array([f(W - step) for step in steps])
    return (ahead - behind).reshape(W.shape) / (2 * h)
"""),
    Correct("""
def numerical_gradient(f, W, h):
    # The mean of looking ahead and looking behind, as nested lists.
    here, slopes = f(W), []
    for k in range(W.size):
        moved = W.copy().reshape(-1)
        moved[k] += h
        ahead = (f(moved.reshape(W.shape)) - here) / h
        moved[k] -= 2 * h
        behind = (here - f(moved.reshape(W.shape))) / h
        slopes.append((ahead + behind) / 2)
    return np.reshape(slopes, W.shape).tolist()
"""),
    Wrong(
        """
def numerical_gradient(f, W, h):
    gradient = np.zeros_like(W)
    for i in np.ndindex(W.shape):
        step = np.zeros_like(W)
        step[i] = h
        gradient[i] = (f(W + step) - f(W)) / h
    return gradient
""",
        "this looks ahead only",
    ),
    Wrong(
        """
def numerical_gradient(f, W, h):
    gradient = np.zeros_like(W)
    for i in np.ndindex(W.shape):
        step = np.zeros_like(W)
        step[i] = h
        gradient[i] = (f(W + step) - f(W - step)) / h
    return gradient
""",
        "twice too large",
    ),
    Wrong(
        """
def numerical_gradient(f, W, h):
    gradient = np.zeros_like(W)
    for i in np.ndindex(W.shape):
        step = np.zeros_like(W)
        step[i] = h
        gradient[i] = (f(W - step) - f(W + step)) / (2 * h)
    return gradient
""",
        "ahead minus behind",
    ),
    Wrong(
        """
def numerical_gradient(f, W, h):
    slope = (f(W + h) - f(W - h)) / (2 * h)
    return np.full_like(W, slope)
""",
        "all entries move at once",
    ),
    Wrong(
        """
def numerical_gradient(f, W, h):
    gradient, W = np.zeros_like(W), W.copy()
    for i in np.ndindex(W.shape):
        W[i] += h
        above = f(W)
        W[i] -= 2 * h
        gradient[i] = (above - f(W)) / (2 * h)
    return gradient
""",
        "an entry stays moved while you measure the next one",
    ),
    Wrong(
        """
def numerical_gradient(f, W, h):
    gradient, kept = np.zeros_like(W), W.copy()
    for i in np.ndindex(W.shape):
        W[:] = kept
        W[i] += h
        above = f(W)
        W[i] -= 2 * h
        gradient[i] = (above - f(W)) / (2 * h)
    return gradient
""",
        "W has moved: put every entry back",
    ),
    Wrong(
        """
def numerical_gradient(f, W, h):
    gradient = np.zeros_like(W)
    for i in range(len(W)):
        step = np.zeros_like(W)
        step[i] = h
        gradient[i] = (f(W + step) - f(W - step)) / (2 * h)
    return gradient
""",
        "a whole row moves at once",
    ),
    Wrong(
        """
def numerical_gradient(f, W, h):
    gradient = []
    for i in np.ndindex(W.shape):
        step = np.zeros_like(W)
        step[i] = h
        gradient.append((f(W + step) - f(W - step)) / (2 * h))
    return np.array(gradient)
""",
        "the gradient must have the shape of W",
    ),
    Wrong(
        """
def numerical_gradient(f, W, h):
    gradient, h = np.zeros_like(W), 1e-5
    for i in np.ndindex(W.shape):
        step = np.zeros_like(W)
        step[i] = h
        gradient[i] = (f(W + step) - f(W - step)) / (2 * h)
    return gradient
""",
        "use the step h that you are given",
    ),
]

SHUFFLED_BATCHES: list[Variant] = [
    Correct("""
def shuffled_batches(x, y, size, rng):
    order = np.arange(len(y))
    rng.shuffle(order)
    while len(order):
        yield x[order[:size]], y[order[:size]]
        order = order[size:]
"""),
    Correct("""
def shuffled_batches(x, y, size, rng):
    order = np.argsort(rng.random(len(x)))
    cuts = np.arange(size, len(x), size)
    return list(zip(np.split(x[order], cuts), np.split(y[order], cuts)))
"""),
    Correct("""
def shuffled_batches(x, y, size, rng):
    pairs = [(list(row), target) for row, target in zip(x, y)]
    rng.shuffle(pairs)
    batches = []
    for start in range(0, len(pairs), size):
        piece = pairs[start : start + size]
        batches.append(([row for row, _ in piece], [target for _, target in piece]))
    return batches
"""),
    Wrong(
        """
def shuffled_batches(x, y, size, rng):
    return [(x[i : i + size], y[i : i + size]) for i in range(0, len(x), size)]
""",
        "the rows come in their old order",
    ),
    Wrong(
        """
def shuffled_batches(x, y, size, rng):
    starts = np.arange(0, len(x), size)
    rng.shuffle(starts)
    return [(x[i : i + size], y[i : i + size]) for i in starts]
""",
        "shuffle the rows, not the starts of the batches",
    ),
    Wrong(
        """
def shuffled_batches(x, y, size, rng):
    x, y = rng.permutation(x), rng.permutation(y)
    return [(x[i : i + size], y[i : i + size]) for i in range(0, len(x), size)]
""",
        "x and y have been shuffled apart",
    ),
    Wrong(
        """
def shuffled_batches(x, y, size, rng):
    order = rng.permutation(len(x))
    for batch in range(len(x) // size):
        rows = order[batch * size : (batch + 1) * size]
        yield x[rows], y[rows]
""",
        "the last batch holds what is left",
    ),
    Wrong(
        """
def shuffled_batches(x, y, size, rng):
    for start in range(0, len(x), size):
        rows = rng.integers(0, len(x), min(size, len(x) - start))
        yield x[rows], y[rows]
""",
        "some rows come twice and others never",
    ),
    Wrong(
        """
def shuffled_batches(x, y, size, rng):
    order = np.random.permutation(len(x))
    return [(x[order[i : i + size]], y[order[i : i + size]]) for i in range(0, len(x), size)]
""",
        "the same seed gives other batches",
    ),
    Wrong(
        """
def shuffled_batches(x, y, size, rng):
    order = np.random.default_rng(0).permutation(len(x))
    return [(x[order[i : i + size]], y[order[i : i + size]]) for i in range(0, len(x), size)]
""",
        "every epoch has the same order",
    ),
    Wrong(
        """
def shuffled_batches(x, y, size, rng):
    order = rng.permutation(len(x))
    parts = np.array_split(order, -(-len(x) // size))
    return [(x[rows], y[rows]) for rows in parts]
""",
        "these parts are as equal as can be",
    ),
    Wrong(
        """
def shuffled_batches(x, y, size, rng):
    order = rng.permutation(len(x))
    x[:], y[:] = x[order], y[order]
    return [(x[i : i + size], y[i : i + size]) for i in range(0, len(x), size)]
""",
        "you shuffled the caller's own arrays",
    ),
]

FIT_LINE: list[Variant] = [
    Correct("""
def fit_line(x, y, lr, steps):
    # Loops only.
    N, D = len(x), len(x[0])
    W, b = [0.0] * D, 0.0

    def residuals():
        return [sum(w * v for w, v in zip(W, row)) + b - t for row, t in zip(x, y)]

    losses = [sum(r * r for r in residuals()) / N]
    for _ in range(steps):
        r = residuals()
        dW = [2 / N * sum(r[i] * x[i][j] for i in range(N)) for j in range(D)]
        b = b - lr * 2 / N * sum(r)
        W = [w - lr * d for w, d in zip(W, dW)]
        losses.append(sum(r * r for r in residuals()) / N)
    return W, b, losses
"""),
    Correct("""
def fit_line(x, y, lr, steps):
    # The bias as the weight of an input that is always 1; float32.
    ones = np.column_stack([x, np.ones(len(x))]).astype(np.float32)
    y = y.astype(np.float32)
    V, losses = np.zeros(ones.shape[1], dtype=np.float32), []
    for _ in range(steps + 1):
        r = ones @ V - y
        losses.append((r**2).mean())
        last, V = V, V - np.float32(2 * lr / len(y)) * (r @ ones)
    return [last[:-1], last[-1], np.array(losses)]
"""),
    Correct("""
def fit_line(x, y, lr, steps):
    # The matrix of second derivatives, once; then no step reads the examples.
    N, D = x.shape
    mean_x, mean_y = x.mean(axis=0), y.mean()
    A, c = x.T @ x / N, x.T @ y / N
    W, b, losses = np.zeros((D,)), 0.0, np.empty(steps + 1)
    for step in range(steps + 1):
        losses[step] = np.square(np.dot(x, W) + b - y).mean()
        if step < steps:
            half_dW = A @ W + b * mean_x - c
            half_db = mean_x @ W + b - mean_y
            W, b = W - 2 * lr * half_dW, b - 2 * lr * half_db
    return W, b, losses
"""),
]


def _fit_line(
    *,
    dW: str = "2 * x.T @ residual / N",
    db: str = "2 * residual.mean()",
    move: str = "W, b = W - lr * dW, b - lr * db",
    residual: str = "x @ W + b - y",
    first: str = "",
    start: str = "losses = [np.mean(y**2)]",
    loss: str = "np.mean((x @ W + b - y) ** 2)",
) -> str:
    """Return the model solution with one line in another way."""
    return f"""
def fit_line(x, y, lr, steps):
    {first}
    N, D = x.shape
    W, b = np.zeros(D), 0.0
    {start}
    for _ in range(steps):
        residual = {residual}
        dW, db = {dW}, {db}
        {move}
        losses.append({loss})
    return W, b, losses
"""


FIT_LINE += [
    Wrong(_fit_line(residual="y - x @ W - b"), "this walks uphill"),
    Wrong(_fit_line(dW="x.T @ residual / N", db="residual.mean()"), "the 2 is missing"),
    Wrong(_fit_line(dW="2 * x.T @ residual", db="2 * residual.sum()"), "so divide by N"),
    Wrong(_fit_line(move="W = W - lr * dW"), "the bias must learn too"),
    Wrong(
        _fit_line(
            dW="None",
            db="None",
            move="W = W - lr * 2 * x.T @ (x @ W + b - y) / N; "
            "b = b - lr * 2 * (x @ W + b - y).mean()",
        ),
        "W has moved before the gradient of b was computed",
    ),
    Wrong(_fit_line(residual="0 * b - y"), "compute the gradient anew"),
    Wrong(_fit_line(start="losses = []"), "the loss at the start is missing"),
    Wrong(
        _fit_line(
            start="losses = [np.sum(y**2)]",
            loss="np.sum((x @ W + b - y) ** 2)",
        ),
        "these are sums over the examples",
    ),
    Wrong(_fit_line(first="y -= 0.5; y *= 1.0"), "you changed y"),
]

COORDINATE_DESCENT: list[Variant] = [
    Correct("""
def coordinate_descent(x, y, sweeps):
    # The residual is kept up to date instead of computed anew.
    N, D = x.shape
    W, r = np.zeros(D), np.array(y, dtype=float)
    for _ in range(sweeps):
        for j in range(D):
            c = x[:, j]
            if not c.any():
                continue
            change = np.dot(c, r) / np.dot(c, c)
            r -= change * c
            W[j] += change
    return W
"""),
    Correct("""
def coordinate_descent(x, y, sweeps):
    # Loops, lists, and the best value itself instead of the change.
    N, D = len(x), len(x[0])
    W = [0.0] * D
    for sweep in range(sweeps):
        for j in range(D):
            above, below = 0.0, 0.0
            for i in range(N):
                others = sum(W[k] * x[i][k] for k in range(D) if k != j)
                above += x[i][j] * (y[i] - others)
                below += x[i][j] ** 2
            W[j] = above / below if below else 0.0
    return W
"""),
    Correct("""
def coordinate_descent(x, y, sweeps):
    # Gauss and Seidel's method for the normal equations, in float32.
    x, y = x.astype(np.float32), y.astype(np.float32)
    A, c = x.T @ x, x.T @ y
    W = np.zeros(len(c), dtype=np.float32)
    columns = np.flatnonzero(np.diag(A))
    for j in np.tile(columns, sweeps):
        W[j] -= (A[j] @ W - c[j]) / A[j, j]
    return W
"""),
]


def _coordinate_descent(
    *,
    first: str = "",
    before_sweep: str = "",
    change: str = "column @ (y - x @ W) / length",
    assign: str = "+=",
    columns: str = "list(enumerate(x.T))",
    condition: str = "length > 0",
    sweeps: str = "range(sweeps)",
    after: str = "",
) -> str:
    """Return the model solution with one line in another way."""
    return f"""
def coordinate_descent(x, y, sweeps):
    W = np.zeros(x.shape[1])
    {first}
    for _ in {sweeps}:
        {before_sweep}
        for j, column in {columns}:
            length = column @ column
            if {condition}:
                W[j] {assign} {change}
                {after}
    return W
"""


COORDINATE_DESCENT += [
    Wrong(
        _coordinate_descent(before_sweep="r = y - x @ W", change="column @ r / length"),
        "all weights used the same residual",
    ),
    Wrong(_coordinate_descent(columns="list(enumerate(x.T))[::-1]"), "take the columns in order"),
    Wrong(_coordinate_descent(change="column @ (x @ W - y) / length"), "the sign is wrong"),
    Wrong(_coordinate_descent(change="2 * column @ (y - x @ W) / length"), "no factor 2"),
    Wrong(_coordinate_descent(change="column @ (y - x @ W) / len(y)"), "not by N"),
    Wrong(
        _coordinate_descent(change="column @ (y - x @ W) / np.sqrt(length)"), "not by its length"
    ),
    Wrong(_coordinate_descent(assign="="), "the change is added to W_j"),
    Wrong(_coordinate_descent(sweeps="range(1)"), "later sweeps change nothing"),
    Wrong(_coordinate_descent(condition="True"), "0 / 0"),
    Wrong(
        _coordinate_descent(
            first="r = y", change="column @ r / length", after="r -= (W[j] - W_j) * column"
        ).replace("length = ", "W_j = W[j]; length = "),
        "you changed y",
    ),
]

TASKS: Tasks = {
    "numerical_gradient": NUMERICAL_GRADIENT,
    "shuffled_batches": SHUFFLED_BATCHES,
    "fit_line": FIT_LINE,
    "coordinate_descent": COORDINATE_DESCENT,
}
