"""Answers to `source/challenges/overfitting.ipynb`."""

from variants import Correct, Tasks, Variant, Wrong

LEARNING_CURVE: list[Variant] = [
    Correct("""
def learning_curve(fit, X, y, X_val, y_val, sizes):
    def share(predict, rows, labels):
        wrong = 0
        for answer, label in zip(predict(rows), labels):
            if answer != label:
                wrong += 1
        return wrong / len(labels)

    training, validation = [], []
    for n in sizes:
        predict = fit(X[:n], y[:n])
        training.append(share(predict, X[:n], y[:n]))
        validation.append(share(predict, X_val, y_val))
    return [training, validation]
"""),
    Correct("""
def learning_curve(fit, X, y, X_val, y_val, sizes):
    both = np.zeros((2, len(sizes)), dtype=np.float32)
    for column, n in enumerate(sizes):
        X_n, y_n = X[:n].copy(), y[:n].copy()
        predict = fit(X_n, y_n)
        both[0, column] = 1 - (predict(X_n) == y_n).mean()
        both[1, column] = 1 - (predict(X_val) == y_val).mean()
    training, validation = both
    return training, validation
"""),
    Correct("""
def learning_curve(fit, X, y, X_val, y_val, sizes):
    # One prediction for both: first the rows that were learned from, then the held-out ones.
    pairs = []
    for n in sizes:
        rows = np.arange(n)
        answers = fit(X[rows], y[rows])(np.concatenate([X[rows], X_val]))
        wrong = answers != np.concatenate([y[rows], y_val])
        pairs.append((np.count_nonzero(wrong[:n]) / n, wrong[n:].sum() / len(y_val)))
    return tuple(zip(*pairs))
"""),
]


def _learning_curve(
    *,
    start: str = "training, validation = [], []",
    fit: str = "fit(X[:n], y[:n])",
    seen: str = "np.mean(predict(X[:n]) != y[:n])",
    unseen: str = "np.mean(predict(X_val) != y_val)",
    sizes: str = "sizes",
    result: str = "np.array(training), np.array(validation)",
) -> str:
    """Return the model solution with one line in another way."""
    return f"""
def learning_curve(fit, X, y, X_val, y_val, sizes):
    {start}
    for n in {sizes}:
        predict = {fit}
        training.append({seen})
        validation.append({unseen})
    return {result}
"""


LEARNING_CURVE += [
    Wrong(
        _learning_curve(seen="np.mean(predict(X) != y)"),
        "the training error is measured on the n examples that were learned from",
    ),
    Wrong(
        _learning_curve(unseen="np.mean(predict(X_val[:n]) != y_val[:n])"),
        "a yardstick must not change",
    ),
    Wrong(
        _learning_curve(
            seen="np.mean(predict(X[:n]) == y[:n])", unseen="np.mean(predict(X_val) == y_val)"
        ),
        "these are shares of right answers",
    ),
    Wrong(
        _learning_curve(
            seen="np.sum(predict(X[:n]) != y[:n])", unseen="np.sum(predict(X_val) != y_val)"
        ),
        "these are counts: divide by n",
    ),
    Wrong(
        _learning_curve(
            start="training, validation = [], []; everything = fit(X, y)", fit="everything"
        ),
        "there are fewer fits than sizes",
    ),
    Wrong(_learning_curve(fit="fit(X[-n:], y[-n:])"), "each fit must get the first n examples"),
    Wrong(_learning_curve(fit="fit(X[:n - 1], y[:n - 1])"), "one example is missing in every fit"),
    Wrong(
        _learning_curve(result="np.array(validation), np.array(training)"),
        "the two results are swapped",
    ),
    Wrong(_learning_curve(sizes="sorted(sizes)"), "keep the order of the sizes"),
]

BIAS_VARIANCE: list[Variant] = [
    Correct("""
def bias_variance(predictions, truth):
    R, M = predictions.shape
    bias_squared = variance = 0.0
    for m in range(M):
        mean = sum(predictions[r, m] for r in range(R)) / R
        bias_squared += (mean - truth[m]) ** 2 / M
        for r in range(R):
            variance += (predictions[r, m] - mean) ** 2 / (R * M)
    return [bias_squared, variance]
"""),
    Correct("""
def bias_variance(predictions, truth):
    # The error around the truth is known; what isn't bias is variance.
    error = np.square(predictions - truth).mean()
    bias_squared = np.square((predictions - truth).mean(axis=0)).mean()
    return bias_squared, error - bias_squared
"""),
    Correct("""
def bias_variance(predictions, truth):
    predictions, truth = predictions.astype(np.float32), truth.astype(np.float32)
    off = np.average(predictions, axis=0) - truth
    return np.dot(off, off) / len(off), np.var(predictions, axis=0).mean()
"""),
]


def _bias_variance(
    *,
    mean: str = "predictions.mean(axis=0)",
    bias: str = "np.mean((mean - truth) ** 2)",
    variance: str = "np.mean((predictions - mean) ** 2)",
    result: str = "bias_squared, variance",
) -> str:
    """Return the model solution with one line in another way."""
    return f"""
def bias_variance(predictions, truth):
    mean = {mean}
    bias_squared = {bias}
    variance = {variance}
    return {result}
"""


BIAS_VARIANCE += [
    Wrong(
        _bias_variance(bias="np.mean((predictions - truth) ** 2)"),
        "average the predictions first, then compare with the truth",
    ),
    Wrong(_bias_variance(bias="np.mean(mean - truth)"), "the mean of the bias, not squared"),
    Wrong(
        _bias_variance(bias="np.mean(mean - truth) ** 2"),
        "you squared after averaging over the test points",
    ),
    Wrong(_bias_variance(bias="np.abs(mean - truth).mean()"), "this is the mean of |bias|"),
    Wrong(
        _bias_variance(variance="np.mean((predictions - truth) ** 2)"),
        "this is scatter around the truth",
    ),
    Wrong(
        _bias_variance(variance="np.var(predictions, axis=0, ddof=min(1, len(mean))).mean()"),
        "this divides by R - 1",
    ),
    Wrong(
        _bias_variance(variance="np.var(predictions, axis=1).mean()"),
        "this is scatter from test point to test point",
    ),
    Wrong(_bias_variance(result="variance, bias_squared"), "return the squared bias first"),
    Wrong(
        _bias_variance(
            mean="0", bias="0", variance="0", result="_in_place(predictions, truth)"
        ).replace(
            "def bias_variance",
            """def _in_place(predictions, truth):
    predictions -= truth
    bias_squared = np.mean(predictions.mean(axis=0) ** 2)
    return bias_squared, np.mean(predictions**2) - bias_squared


def bias_variance""",
        ),
        "you changed predictions in place",
    ),
]

LEAVE_ONE_OUT: list[Variant] = [
    Correct("""
def leave_one_out(h, t):
    # Slow and plain: really fit without each example.
    N = len(h)
    leverages, residuals = [], []
    inverse = np.linalg.inv(h.T @ h)
    for i in range(N):
        leverages.append(h[i] @ inverse @ h[i])
        others = [j for j in range(N) if j != i]
        V = np.linalg.solve(h[others].T @ h[others], h[others].T @ t[others])
        residuals.append(h[i] @ V - t[i])
    return [leverages, residuals]
"""),
    Correct("""
def leave_one_out(h, t):
    # The columns of Q span what the columns of h span, and Q.T Q is the unit matrix.
    Q, _ = np.linalg.qr(h)
    leverages = np.einsum("nk,nk->n", Q, Q)
    return leverages, (Q @ (Q.T @ t) - t) / (1 - leverages)
"""),
    Correct("""
def leave_one_out(h, t):
    P = h @ np.linalg.pinv(h)
    V, *_ = np.linalg.lstsq(h, t)
    leverages = P.diagonal().astype(np.float32)
    residuals = (h @ V - t).astype(np.float32)
    return leverages, residuals / (1 - leverages)
"""),
]


def _leave_one_out(
    *,
    start: str = "",
    P: str = "h @ np.linalg.inv(h.T @ h) @ h.T",
    leverages: str = "np.diag(P)",
    residuals: str = "P @ t - t",
    result: str = "leverages, residuals / (1 - leverages)",
) -> str:
    """Return the model solution with one line in another way."""
    return f"""
def leave_one_out(h, t):
    {start}
    P = {P}
    leverages = {leverages}
    residuals = {residuals}
    return {result}
"""


LEAVE_ONE_OUT += [
    Wrong(
        _leave_one_out(result="leverages, residuals * (1 - leverages)"),
        "you multiplied by 1 - P_ii",
    ),
    Wrong(_leave_one_out(result="leverages, residuals / leverages"), "you divided by P_ii"),
    Wrong(
        _leave_one_out(result="leverages, residuals"),
        "these are the residuals of the fit that has seen every example",
    ),
    Wrong(_leave_one_out(residuals="t - P @ t"), "a residual is prediction minus target"),
    Wrong(
        _leave_one_out(leverages="np.full(len(t), P.trace() / len(t))"),
        "each example has a leverage of its own",
    ),
    Wrong(_leave_one_out(P="h @ h.T"), "the inverse of h.T h is missing"),
    Wrong(_leave_one_out(leverages="P"), "this is the whole hat matrix"),
    Wrong(
        _leave_one_out(
            start="h = np.column_stack([h, np.ones(len(h))])", P="h @ np.linalg.pinv(h)"
        ),
        "these leverages belong to a fit with a bias",
    ),
    Wrong(
        _leave_one_out(
            residuals="np.negative(np.subtract(t, P @ t, out=t), out=t)",
        ),
        "you changed t in place",
    ),
]

TASKS: Tasks = {
    "learning_curve": LEARNING_CURVE,
    "bias_variance": BIAS_VARIANCE,
    "leave_one_out": LEAVE_ONE_OUT,
}
