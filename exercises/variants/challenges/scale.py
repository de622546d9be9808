"""Answers to `source/challenges/scale.ipynb`."""

from variants import Correct, Tasks, Variant, Wrong

AVERAGE: list[Variant] = [
    Correct("""
def average(losses, gradients, sizes):
    weights = np.array(sizes) / np.sum(sizes)
    loss = float(weights @ np.array(losses))
    gradient = [np.tensordot(weights, np.stack(parts), axes=1) for parts in zip(*gradients)]
    return loss, gradient
"""),
    Correct("""
def average(losses, gradients, sizes):
    N = sum(sizes)
    loss, gradient = 0.0, [np.zeros(part.shape) for part in gradients[0]]
    for loss_s, gradient_s, N_s in zip(losses, gradients, sizes):
        loss += N_s / N * loss_s
        for total, part in zip(gradient, gradient_s):
            total += N_s / N * part
    return loss, gradient
"""),
    Correct("""
def average(losses, gradients, sizes):
    # Put one shard after the other into what is known of the batch so far.
    seen, loss = sizes[0], losses[0]
    gradient = [part.copy() for part in gradients[0]]
    for s in range(1, len(sizes)):
        seen += sizes[s]
        share = sizes[s] / seen
        loss = loss + share * (losses[s] - loss)
        gradient = [old + share * (new - old) for old, new in zip(gradient, gradients[s])]
    return (loss, tuple(gradient))
"""),
    Correct("""
def average(losses, gradients, sizes):
    gradient = [np.average(parts, axis=0, weights=sizes) for parts in zip(*gradients)]
    return np.average(losses, weights=sizes), gradient
"""),
]


def _averaged(
    *,
    weights: str = "[size / sum(sizes) for size in sizes]",
    loss: str = "sum(w * part for w, part in zip(weights, losses))",
    gradient: str = "[sum(w * g[i] for w, g in zip(weights, gradients)) for i in parameters]",
) -> str:
    """Return the model solution with one line in another way."""
    return f"""
def average(losses, gradients, sizes):
    weights = {weights}
    loss = {loss}
    parameters = range(len(gradients[0]))
    return loss, {gradient}
"""


AVERAGE += [
    Wrong(
        _averaged(weights="[1 / len(sizes)] * len(sizes)"),
        "this is the plain average of the shards",
    ),
    Wrong(_averaged(weights="[1] * len(sizes)"), "the weights of the shards must add up to 1"),
    Wrong(_averaged(weights="sizes"), "the division by all examples is missing"),
    Wrong(
        _averaged(weights="[1 / size / sum(1 / other for other in sizes) for size in sizes]"),
        "small shards count for more here",
    ),
    Wrong(
        _averaged(weights="[size / max(sizes) for size in sizes]"),
        "the sizes are divided by the largest one",
    ),
    Wrong(_averaged(loss="np.mean(losses)"), "the loss is the plain average of the shards"),
    Wrong(
        _averaged(gradient="[sum(w * part for part in g) for w, g in zip(weights, gradients)]"),
        "there is one array for each shard",
    ),
    Wrong(
        """
def average(losses, gradients, sizes):
    N = sum(sizes)
    total = gradients[0]
    for part in total:
        part *= sizes[0] / N
    for size, shard in zip(sizes[1:], gradients[1:]):
        for part, new in zip(total, shard):
            part += size / N * new
    return sum(size / N * loss for size, loss in zip(sizes, losses)), total
""",
        "you changed the gradients of a shard",
    ),
    Wrong(
        """
def average(losses, gradients, sizes):
    weights = np.array(sizes) / sum(sizes)
    first = sum(w * g[0] for w, g in zip(weights, gradients))
    others = [np.mean(parts, axis=0) for parts in list(zip(*gradients))[1:]]
    return weights @ np.array(losses), [first, *others]
""",
        "the first parameter is right but the second is not",
    ),
]

POWER_LAW: list[Variant] = [
    Correct("""
def power_law(sizes, errors):
    sizes, errors = np.array(sizes), np.array(errors)
    kept = errors != 0
    slope, height = np.polyfit(np.log10(sizes[kept]), np.log10(errors[kept]), 1)
    return 10**height, -slope
"""),
    Correct("""
def power_law(sizes, errors):
    points = [(math.log(n), math.log(error)) for n, error in zip(sizes, errors) if error > 0]
    mean_u = sum(u for u, _ in points) / len(points)
    mean_v = sum(v for _, v in points) / len(points)
    above = sum((u - mean_u) * (v - mean_v) for u, v in points)
    below = sum((u - mean_u) ** 2 for u, _ in points)
    beta = -above / below
    return math.exp(mean_v + beta * mean_u), beta
"""),
    Correct("""
def power_law(sizes, errors):
    rows = np.flatnonzero(errors)
    n, error = np.take(sizes, rows), np.take(errors, rows)
    A = np.column_stack([np.ones(len(rows)), -np.log(n)])
    (log_a, beta), *_ = np.linalg.lstsq(A, np.log(error), rcond=None)
    return np.array([np.exp(log_a), beta])
"""),
]


def _fitted(
    *,
    kept: str = "errors > 0",
    u: str = "np.log(sizes[kept])",
    v: str = "np.log(errors[kept])",
    line: str = "np.polyfit(u, v, 1)",
    answer: str = "np.exp(height), -slope",
) -> str:
    """Return a solution with one line in another way."""
    return f"""
def power_law(sizes, errors):
    kept = {kept}
    u, v = {u}, {v}
    slope, height = {line}
    return {answer}
"""


POWER_LAW += [
    Wrong(_fitted(answer="np.exp(height), slope"), "this is the slope of the line"),
    Wrong(_fitted(answer="-slope, np.exp(height)"), "the pair is in the wrong order"),
    Wrong(_fitted(answer="height, -slope"), "this is the logarithm of a"),
    Wrong(
        _fitted(u="np.log10(sizes[kept])", v="np.log10(errors[kept])"),
        "a is computed with two bases",
    ),
    Wrong(
        """
def power_law(sizes, errors):
    kept = errors > 0
    n, error = sizes[kept], errors[kept]
    beta = -np.log(error[-1] / error[0]) / np.log(n[-1] / n[0])
    return error[0] * n[0] ** beta, beta
""",
        "this line goes through two of the points",
    ),
    Wrong(
        """
def power_law(sizes, errors):
    kept = errors > 0
    slope = np.polyfit(sizes[kept], errors[kept], 1)[0]
    return np.exp(np.mean(np.log(errors[kept]) - slope * np.log(sizes[kept]))), -slope
""",
        "this line was fitted to the errors",
    ),
    Wrong(_fitted(u="sizes[kept]"), "the sizes need a logarithm too"),
    Wrong(
        _fitted(v="np.log(np.maximum(errors, 1e-6)[kept])", kept="errors > -1"),
        "leave out the points whose error is 0",
    ),
    Wrong(_fitted(line="(u @ v / (u @ u), 0.0)"), "this line goes through the origin"),
]

BEST_WORKERS: list[Variant] = [
    Correct("""
def best_workers(compute, send, most):
    best, shortest = 0, compute
    for p in range(1, most + 1):
        seconds = compute / p + p * send
        if seconds < shortest:
            best, shortest = p, seconds
    return best, compute / shortest
"""),
    Correct("""
def best_workers(compute, send, most):
    def seconds(p):
        return compute / p + p * send

    root = math.isqrt(int(compute / send))  # the whole numbers around the lowest point
    near = [min(most, max(1, p)) for p in range(root - 1, root + 3)]
    p = min(near, key=seconds)
    return (p, compute / seconds(p)) if seconds(p) < compute else (0, 1.0)
"""),
    Correct("""
def best_workers(compute, send, most):
    p = np.arange(1, most + 1)
    speed_ups = compute / (compute / p + p * send)
    i = np.argmax(speed_ups)
    if speed_ups[i] <= 1:
        return [0, 1.0]
    return [p[i], speed_ups[i]]
"""),
]


def _chosen(
    *,
    numbers: str = "range(1, most + 1)",
    choose: str = "min(numbers, key=seconds)",
    alone: str = "seconds(p) >= compute",
    speed_up: str = "compute / seconds(p)",
) -> str:
    """Return a solution with one line in another way."""
    return f"""
def best_workers(compute, send, most):
    def seconds(p):
        return compute / p + p * send

    numbers = {numbers}
    p = {choose}
    if {alone}:
        return 0, 1.0
    return p, {speed_up}
"""


BEST_WORKERS += [
    Wrong(_chosen(choose="most"), "all workers are used, but beyond some number"),
    Wrong(
        _chosen(choose="max(1, min(most, round(math.sqrt(compute / send))))"),
        "lies between two whole numbers",
    ),
    Wrong(
        _chosen(choose="max(1, min(most, math.floor(math.sqrt(compute / send))))"),
        "lies between two whole numbers",
    ),
    Wrong(
        _chosen(numbers="range(1, max(2, most))"),
        "a range ends before its last number",
    ),
    Wrong(
        _chosen(numbers="range(1, 1001)"),
        "there are only `most` workers",
    ),
    Wrong(_chosen(alone="False"), "no number of workers is faster than the process by itself"),
    Wrong(_chosen(speed_up="seconds(p) / compute"), "the quotient is upside down"),
    Wrong(_chosen(speed_up="seconds(p)"), "these are the seconds of the step"),
    Wrong(
        _chosen(speed_up="(compute + send) / seconds(p)"),
        "one process by itself sends nothing",
    ),
]

COMPRESS: list[Variant] = [
    Correct("""
def compress(gradient, memory, k):
    flat = (gradient + memory).flatten()
    places = np.argpartition(np.abs(flat), len(flat) - k)[len(flat) - k :]
    places.sort()
    values = flat[places]
    flat[places] = 0.0
    return places, values, flat.reshape(gradient.shape)
"""),
    Correct("""
def compress(gradient, memory, k):
    wanted = gradient + memory
    bound = sorted(abs(wanted.ravel()))[-k]
    sent = abs(wanted) >= bound
    return np.flatnonzero(sent), wanted[sent], np.where(sent, 0, wanted)
"""),
    Correct("""
def compress(gradient, memory, k):
    rest = [float(g) + float(m) for g, m in zip(gradient.flat, memory.flat)]
    places = sorted(sorted(range(len(rest)), key=lambda i: -abs(rest[i]))[:k])
    values = [rest[i] for i in places]
    for i in places:
        rest[i] = 0.0
    return places, values, np.array(rest).reshape(gradient.shape)
"""),
]


def _compressed(
    *,
    wanted: str = "gradient + memory",
    ranked: str = "np.abs(wanted)",
    places: str = "np.sort(order[-k:])",
    values: str = "wanted.ravel()[places]",
    kept: str = "wanted.copy()",
    emptied: str = "new_memory.ravel()[places] = 0",
) -> str:
    """Return the model solution with one line in another way."""
    return f"""
def compress(gradient, memory, k):
    wanted = {wanted}
    order = np.argsort({ranked}, axis=None)
    places = {places}
    values = {values}
    new_memory = {kept}
    {emptied}
    return places, values, new_memory
"""


COMPRESS += [
    Wrong(_compressed(ranked="wanted"), "large negative entries are left behind"),
    Wrong(_compressed(places="np.sort(order[:k])"), "these are the k smallest entries"),
    Wrong(_compressed(ranked="np.abs(gradient)"), "the places were chosen by the gradient alone"),
    Wrong(_compressed(places="order[-k:][::-1]"), "the places are not in ascending order"),
    Wrong(
        _compressed(values="gradient.ravel()[places]"),
        "these are entries of the gradient alone",
    ),
    Wrong(_compressed(values="np.abs(wanted.ravel()[places])"), "the values lost their signs"),
    Wrong(_compressed(emptied="pass"), "what was sent is still in the memory"),
    Wrong(_compressed(kept="np.zeros_like(wanted)"), "the memory is empty"),
    Wrong(_compressed(kept="gradient.copy()"), "what was in the memory before is forgotten"),
]

TASKS: Tasks = {
    "average": AVERAGE,
    "power_law": POWER_LAW,
    "best_workers": BEST_WORKERS,
    "compress": COMPRESS,
}
