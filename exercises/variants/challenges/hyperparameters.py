"""Answers to `source/challenges/hyperparameters.ipynb`."""

from variants import Correct, Tasks, Variant, Wrong

LOG_UNIFORM: list[Variant] = [
    Correct("""
def log_uniform(low, high, size, rng):
    return low * (high / low) ** rng.random(size)
"""),
    Correct("""
def log_uniform(low, high, size, rng):
    u = rng.uniform(np.log10(low), np.log10(high), size=size)
    return 10.0**u
"""),
    Correct("""
def log_uniform(low, high, size, rng):
    a, b = math.log2(low), math.log2(high)
    return np.array([2 ** (a + (b - a) * rng.random()) for _ in range(size)])
"""),
]


def _draw(values: str) -> str:
    """Return the model solution with other values."""
    return f"""
def log_uniform(low, high, size, rng):
    return {values}
"""


LOG_UNIFORM += [
    Wrong(_draw("rng.uniform(low, high, size)"), "these values are uniform themselves"),
    Wrong(
        _draw("rng.uniform(math.log(low), math.log(high), size)"),
        "these are the logarithms of the values",
    ),
    Wrong(_draw("np.exp(rng.uniform(low, high, size))"), "draw between log(low) and log(high)"),
    Wrong(
        _draw("np.full(size, np.exp(rng.uniform(math.log(low), math.log(high))))"),
        "all values are equal: draw size of them",
    ),
    Wrong(
        _draw("np.exp(np.random.uniform(math.log(low), math.log(high), size))"),
        "the same generator must give the same values",
    ),
    Wrong(
        _draw("low * (high / low) ** np.random.default_rng(0).random(size)"),
        "the values don't depend on rng",
    ),
    Wrong(
        _draw(
            "np.clip(10.0 ** rng.integers(math.log10(low), math.log10(high) + 1, size), low, high)"
        ),
        "the exponent need not be a whole number",
    ),
    Wrong(_draw("rng.permutation(np.geomspace(low, high, size))"), "the values are evenly spaced"),
    Wrong(
        _draw("low + (high - low) * (np.exp(rng.random(size)) - 1) / (math.e - 1)"),
        "don't get equal shares: log and exp must have the same base",
    ),
]

CROSS_VALIDATED: list[Variant] = [
    Correct("""
def cross_validated(fit_and_score, X, y, k, rng):
    order = rng.permutation(len(X))
    fold_of = np.empty(len(X), dtype=int)
    fold_of[order] = np.arange(len(X)) % k
    errors = [
        fit_and_score(X[fold_of != i], y[fold_of != i], X[fold_of == i], y[fold_of == i])
        for i in range(k)
    ]
    return float(np.mean(errors)), float(np.std(errors, ddof=1) / k**0.5)
"""),
    Correct("""
def cross_validated(fit_and_score, X, y, k, rng):
    rows = np.arange(len(X))
    rng.shuffle(rows)
    total = squares = 0.0
    errors = []
    for i in range(k):
        held_out = rows[i::k]
        others = np.setdiff1d(rows, held_out)
        errors.append(fit_and_score(X[others], y[others], X[held_out], y[held_out]))
    score = sum(errors) / k
    spread = math.sqrt(sum((error - score) ** 2 for error in errors) / (k - 1))
    return score, spread / math.sqrt(k)
"""),
    Correct("""
def cross_validated(fit_and_score, X, y, k, rng):
    import statistics

    N = len(X)
    order = np.argsort(rng.random(N))
    errors, start = [], 0
    for i in range(k):
        end = start + N // k + (i < N % k)
        train = np.delete(order, slice(start, end))
        fold = order[start:end]
        errors.append(float(fit_and_score(X[train], y[train], X[fold], y[fold])))
        start = end
    return np.array([statistics.mean(errors), statistics.stdev(errors) / math.sqrt(k)])
"""),
]


def _validated(
    *,
    order: str = "rng.permutation(len(X))",
    folds: str = "np.array_split(order, k)",
    others: str = "np.setdiff1d(order, fold)",
    given: str = "X[others], y[others], X[fold], y[fold]",
    error: str = "np.std(errors, ddof=1) / math.sqrt(k)",
) -> str:
    """Return a solution with one line in another way."""
    return f"""
def cross_validated(fit_and_score, X, y, k, rng):
    order = {order}
    folds = {folds}
    errors = []
    for fold in folds:
        others = {others}
        errors.append(fit_and_score({given}))
    return np.mean(errors), {error}
"""


CROSS_VALIDATED += [
    Wrong(_validated(order="np.arange(len(X))"), "the folds are the rows in their old order"),
    Wrong(_validated(others="order"), "validation rows are among the training rows"),
    Wrong(
        _validated(folds="[order[i * (len(X) // k) : (i + 1) * (len(X) // k)] for i in range(k)]"),
        "some rows are in no fold",
    ),
    Wrong(
        _validated(
            folds="np.split(order, [i * (len(X) // k) for i in range(1, k)])",
        ),
        "one fold got all that was left over",
    ),
    Wrong(
        _validated(given="X[fold], y[fold], X[others], y[others]"),
        "training and validation are swapped",
    ),
    Wrong(
        _validated(given="X[others], y[: len(others)], X[fold], y[: len(fold)]"),
        "inputs and labels don't belong together",
    ),
    Wrong(
        _validated(
            folds="[rng.choice(len(X), len(part), replace=False)"
            " for part in np.array_split(order, k)]"
        ),
        "some rows are validated twice",
    ),
    Wrong(
        _validated(order="np.random.default_rng(0).permutation(len(X))"),
        "the folds don't depend on rng",
    ),
    Wrong(_validated(error="np.std(errors) / math.sqrt(k)"), "divide by k - 1"),
    Wrong(_validated(error="np.std(errors, ddof=1)"), "this is the spread of single errors"),
]

RANDOM_SEARCH: list[Variant] = [
    Correct("""
def random_search(space, evaluate, trials, rng):
    history = []
    for _ in range(trials):
        setting = {}
        for name in space:
            setting[name] = space[name](rng)
        error = math.inf
        try:
            result = evaluate(setting)
            if np.isfinite(result):
                error = float(result)
        except Exception:
            pass
        history.append((setting, error))
    setting, error = min(history, key=lambda pair: pair[1])
    return (None if error == math.inf else setting), history
"""),
    Correct("""
def random_search(space, evaluate, trials, rng):
    def one_trial():
        setting = {name: draw(rng) for name, draw in space.items()}
        try:
            error = evaluate(setting)
        except Exception:
            return setting, math.inf
        return setting, error if abs(error) < math.inf else math.inf

    history = [one_trial() for _ in range(trials)]
    errors = [error for _, error in history]
    first = int(np.argmin(errors))
    return (history[first][0] if errors[first] < math.inf else None), history
"""),
    Correct("""
def random_search(space, evaluate, trials, rng):
    settings = [{name: draw(rng) for name, draw in space.items()} for _ in range(trials)]
    errors = []
    for setting in settings:
        try:
            errors.append(evaluate(setting))
        except Exception:
            errors.append(math.nan)
    errors = [error if math.isfinite(error) else math.inf for error in errors]
    done = [i for i in range(trials) if errors[i] < math.inf]
    best = settings[min(done, key=errors.__getitem__)] if done else None
    return best, list(zip(settings, errors))
"""),
]


def _searched(
    *,
    before: str = "pass",
    setting: str = "setting = {name: draw(rng) for name, draw in space.items()}",
    evaluate: str = "error = evaluate(setting)",
    failed: str = "error = math.inf",
    not_finite: str = "error = math.inf",
    better: str = "error < smallest",
    remember: str = "history.append((setting, error))",
    best: str = "best",
) -> str:
    """Return the model solution with one line in another way."""
    return f"""
def random_search(space, evaluate, trials, rng):
    best, smallest, history = None, math.inf, []
    {before}
    for _ in range(trials):
        {setting}
        try:
            {evaluate}
        except Exception:
            {failed}
        if not math.isfinite(error):
            {not_finite}
        if {better}:
            best, smallest = setting, error
        {remember}
    return {best}, history
"""


RANDOM_SEARCH += [
    Wrong(
        _searched(
            before="setting = {name: draw(rng) for name, draw in space.items()}",
            setting="setting = dict(setting)",
        ),
        "all trials have the same setting",
    ),
    Wrong(
        _searched(
            before="setting = {}",
            setting="setting.update({name: draw(rng) for name, draw in space.items()})",
        ),
        "all entries of history are one and the same dictionary",
    ),
    Wrong(
        _searched(evaluate="error = evaluate(**setting)"),
        "call evaluate(setting), with the dictionary",
    ),
    Wrong(_searched(failed="raise"), "a trial that raised ended the search"),
    Wrong(_searched(failed="break"), "after a failure the search goes on"),
    Wrong(_searched(not_finite="pass"), "a trial whose error is NaN has failed"),
    Wrong(_searched(not_finite="continue"), "failed trials have their place in history too"),
    Wrong(
        _searched(better="best is None or error > smallest"),
        "this is the setting with the largest error",
    ),
    Wrong(_searched(better="error <= smallest and error < math.inf"), "return the earliest"),
    Wrong(_searched(best="smallest"), "best is a setting, a dictionary"),
]

SUCCESSIVE_HALVING: list[Variant] = [
    Correct("""
def successive_halving(n, train_for, budget, eta):
    rounds, m = 0, n
    while m > 1:
        rounds, m = rounds + 1, max(1, m // eta)
    if budget // rounds < n:  # the first round has the most settings
        raise ValueError("the budget is too small")
    field, spent = np.arange(n), 0
    while len(field) > 1:
        epochs = budget // rounds // len(field)
        errors = np.array([train_for(int(i), epochs) for i in field])
        spent += epochs * len(field)
        order = np.argsort(np.where(np.isnan(errors), np.inf, errors), kind="stable")
        field = np.sort(field[order[: max(1, len(field) // eta)]])
    return int(field[0]), spent
"""),
    Correct("""
def successive_halving(n, train_for, budget, eta):
    def count(m):
        return 0 if m == 1 else 1 + count(max(1, m // eta))

    a_round = budget // count(n)

    def go_on(field):
        if len(field) == 1:
            return field[0], 0
        share = a_round // len(field)
        if share == 0:
            raise ValueError("not an epoch for each")
        results = []
        for i in field:
            error = train_for(i, share)
            results.append((error if error == error else math.inf, i))
        keep = max(1, len(field) // eta)
        best, spent = go_on(sorted(i for _, i in sorted(results)[:keep]))
        return best, spent + share * len(field)

    return go_on(list(range(n)))
"""),
    Correct("""
def successive_halving(n, train_for, budget, eta):
    sizes = [n]
    while sizes[-1] > 1:
        sizes.append(sizes[-1] // eta or 1)
    R, trained, field = len(sizes) - 1, [0] * n, set(range(n))
    plan = [(size, (budget // R) // size) for size in sizes[:-1]]
    if any(epochs == 0 for _, epochs in plan):
        raise ValueError(f"a budget of {budget} epochs is too small for {n} settings")
    for (_, epochs), following in zip(plan, sizes[1:]):
        errors = {}
        for i in sorted(field):
            errors[i] = train_for(i, epochs)
            trained[i] += epochs
        while len(field) > following:
            # Drop the worst: NaN first, then the largest error, then the largest number.
            field.remove(max(field, key=lambda i: (math.isnan(errors[i]), errors[i], i)
                             if not math.isnan(errors[i]) else (True, 0.0, i)))
    return field.pop(), sum(trained)
"""),
]


def _halved(
    *,
    next_size: str = "max(1, size // eta)",
    last: str = "1",
    shares: str = "budget // len(sizes) // size",
    check: str = "min(shares) < 1",
    given: str = "epochs",
    key: str = "(math.isnan(errors[i]), errors[i], i)",
    keep: str = "[: max(1, len(left) // eta)]",
    answer: str = "left[0], spent",
) -> str:
    """Return the model solution with one line in another way."""
    return f"""
def successive_halving(n, train_for, budget, eta):
    sizes = []
    size = n
    while size > {last}:
        sizes.append(size)
        size = {next_size}
    shares = [{shares} for size in sizes]
    if {check}:
        raise ValueError("the budget is too small")
    left, spent, trained = list(range(n)), 0, 0
    for epochs in shares:
        trained += epochs
        errors = {{}}
        for i in left:
            errors[i] = train_for(i, {given})
            spent += epochs
        left = sorted(left, key=lambda i: {key})
        left = left{keep}
    return {answer}
"""


SUCCESSIVE_HALVING += [
    Wrong(
        _halved(key="(-errors[i], i)"),
        "the settings with the largest errors stayed",
    ),
    Wrong(
        _halved(shares="budget // len(sizes) // n"),
        "the fewer are left, the more each one gets",
    ),
    Wrong(_halved(shares="budget // size"), "more than the budget is spent"),
    Wrong(_halved(given="trained"), "it wants the further epochs"),
    Wrong(_halved(key="(errors[i], i)"), "a setting whose error is NaN stayed"),
    Wrong(
        _halved(key="(math.isnan(errors[i]), errors[i], -i)"),
        "of equal errors the smaller number goes first",
    ),
    Wrong(
        _halved(next_size="max(1, size // 2)", keep="[: max(1, len(left) // 2)]"),
        "the field shrinks by the factor eta",
    ),
    Wrong(
        _halved(next_size="size // eta", last="0", keep="[: max(1, len(left) // eta)]"),
        "when only one is left nothing more is trained",
    ),
    Wrong(_halved(check="False"), "raise a ValueError for this budget"),
    Wrong(_halved(answer="left[0], budget"), "what a division leaves over is not spent"),
]

TASKS: Tasks = {
    "log_uniform": LOG_UNIFORM,
    "cross_validated": CROSS_VALIDATED,
    "random_search": RANDOM_SEARCH,
    "successive_halving": SUCCESSIVE_HALVING,
}
