"""Answers to `source/mathematics/optimization.ipynb`."""

from variants import Correct, Tasks, Variant, Wrong

RATES: list[Variant] = [
    Correct("""
def rates(H):
    # The largest eigenvalue is the norm of H; the smallest is that of the inverse, inverted.
    high = np.linalg.norm(H, 2)
    low = 1 / np.linalg.norm(np.linalg.inv(H), 2)
    kappa = high / low
    return [2 / high, 2 / (high + low), (kappa - 1) / (kappa + 1)]
"""),
    Correct("""
def rates(H):
    curvatures = np.linalg.eigvals(H.astype(np.float32)).real
    best = 2 / (min(curvatures) + max(curvatures))
    return np.array([2 / max(curvatures), best, max(abs(1 - best * curvatures))])
"""),
    Correct("""
def rates(H):
    # Power iteration, first on H, then on H turned upside down.
    def largest(A):
        x = np.linspace(1, 2, len(A))
        for _ in range(3000):
            x = A @ x
            x = x / np.linalg.norm(x)
        return x @ A @ x

    high = largest(H)
    low = high - largest(high * np.eye(len(H)) - H) if len(H) > 1 else high
    return 2 / high, 2 / (low + high), 1 - 2 * low / (low + high)
"""),
]


def _rates(
    *,
    curvatures: str = "np.linalg.eigvalsh(H)",
    largest: str = "2 / high",
    best: str = "2 / (low + high)",
    factor: str = "(high - low) / (high + low)",
) -> str:
    """Return the model solution with one line in another way."""
    return f"""
def rates(H):
    curvatures = {curvatures}
    low, high = curvatures.min(), curvatures.max()
    return {largest}, {best}, {factor}
"""


RATES += [
    Wrong(_rates(largest="2 / low"), "the steepest direction sets the border"),
    Wrong(_rates(largest="1 / high"), "descent converges up to twice that"),
    Wrong(_rates(curvatures="np.diag(H)"), "the diagonal of H doesn't hold the curvatures"),
    Wrong(_rates(largest="2 / np.trace(H)"), "only the largest sets the border"),
    Wrong(_rates(best="1 / high"), "it serves the steepest direction and starves the flattest"),
    Wrong(_rates(best="(2 / (low**0.5 + high**0.5)) ** 2"), "the best rate with momentum"),
    Wrong(_rates(factor="1 - low / high"), "the best rate does better"),
    Wrong(
        _rates(factor="(high**0.5 - low**0.5) / (high**0.5 + low**0.5)"),
        "this is the factor with momentum",
    ),
    Wrong(_rates(factor="1 - 2 / (low + high) * high"), "a factor of the distance is not negative"),
]

MOMENTUM_DESCENT: list[Variant] = [
    Correct("""
def momentum_descent(gradient, start, lr, mu, steps):
    # Two places instead of a velocity.
    path = [start, start - lr * gradient(start)]
    while len(path) <= steps:
        here, before = path[-1], path[-2]
        path.append(here + mu * (here - before) - lr * gradient(here))
    return path
"""),
    Correct("""
def momentum_descent(gradient, start, lr, mu, steps):
    # The rate moves from the velocity into the step; float32, in place.
    path = np.empty((steps + 1, len(start)), dtype=np.float32)
    v = np.zeros(len(start), dtype=np.float32)
    path[0] = start
    for step in range(steps):
        v *= mu
        v -= gradient(path[step])
        path[step + 1] = path[step] + lr * v
    return path
"""),
    Correct("""
def momentum_descent(gradient, start, lr, mu, steps):
    # All past gradients, each with its share, as the sum says; lists.
    path, slopes = [start.tolist()], []
    for step in range(steps):
        slopes.append(gradient(np.array(path[-1])))
        v = -lr * sum(mu ** (step - i) * slope for i, slope in enumerate(slopes))
        path.append((np.array(path[-1]) + v).tolist())
    return path
"""),
]


def _momentum_descent(
    *,
    first: str = "x, v = start, np.zeros(len(start))",
    path: str = "[x]",
    velocity: str = "mu * v - lr * gradient(x)",
    move: str = "x = x + v",
    swapped: bool = False,
) -> str:
    """Return the model solution with one line in another way."""
    lines = [f"v = {velocity}", move]
    one, two = lines[::-1] if swapped else lines
    return f"""
def momentum_descent(gradient, start, lr, mu, steps):
    {first}
    path = {path}
    for _ in range(steps):
        {one}
        {two}
        path.append(x)
    return np.array(path)
"""


MOMENTUM_DESCENT += [
    Wrong(_momentum_descent(swapped=True), "you move by the old velocity"),
    Wrong(_momentum_descent(velocity="mu * v + lr * gradient(x)"), "this walks uphill"),
    Wrong(_momentum_descent(velocity="-lr * gradient(x)"), "descent without momentum"),
    Wrong(_momentum_descent(velocity="mu * v - lr * gradient(start)"), "compute it anew"),
    Wrong(
        _momentum_descent(velocity="mu * v - (1 - mu) * lr * gradient(x)"),
        "v is a velocity, not a mean",
    ),
    Wrong(_momentum_descent(path="[]"), "a place is missing"),
    Wrong(
        _momentum_descent(first="x, v = start.copy(), np.zeros(len(start))", move="x += v"),
        "all rows hold the same place",
    ),
    Wrong(
        _momentum_descent(path="[x.copy()]", move="x += v").replace(
            "append(x)", "append(x.copy())"
        ),
        "you changed start",
    ),
    Wrong(
        _momentum_descent(velocity="mu * v - lr * gradient(x + mu * v)"),
        "this is Nesterov's look ahead",
    ),
]

ADAM_STEP: list[Variant] = [
    Correct("""
def adam_step(W, m, v, g, t, lr, beta1, beta2, epsilon):
    # In place, on copies; the correction goes into the rate.
    W, m, v = W.copy(), m.copy(), v.copy()
    m += (1 - beta1) * (g - m)
    v += (1 - beta2) * (g * g - v)
    root = (1 - beta2**t) ** 0.5
    W -= lr * root / (1 - beta1**t) * m / (np.sqrt(v) + epsilon * root)
    return W, m, v
"""),
    Correct("""
def adam_step(W, m, v, g, t, lr, beta1, beta2, epsilon):
    # One number after the other.
    new = [], [], []
    for w, a, s, slope in zip(W.flat, m.flat, v.flat, g.flat):
        a = beta1 * a + (1 - beta1) * slope
        s = beta2 * s + (1 - beta2) * slope**2
        step = a / (1 - beta1**t) / ((s / (1 - beta2**t)) ** 0.5 + epsilon)
        for values, value in zip(new, (w - lr * step, a, s)):
            values.append(value)
    return tuple(np.reshape(values, W.shape).tolist() for values in new)
"""),
    Correct("""
def adam_step(W, m, v, g, t, lr, beta1, beta2, epsilon):
    W, m, v, g = (array.astype(np.float32) for array in (W, m, v, g))
    mean, square = beta1 * m + g - beta1 * g, beta2 * v + g**2 - beta2 * g**2
    up, down = mean / (1 - beta1**t), epsilon + np.sqrt(square / (1 - beta2**t))
    return [W - lr * (up / down), mean, square]
"""),
]


def _adam_step(
    *,
    first: str = "",
    m: str = "beta1 * m + (1 - beta1) * g",
    v: str = "beta2 * v + (1 - beta2) * g**2",
    m_hat: str = "m / (1 - beta1**t)",
    v_hat: str = "v / (1 - beta2**t)",
    W: str = "W - lr * m_hat / (np.sqrt(v_hat) + epsilon)",
    returned: str = "W, m, v",
) -> str:
    """Return the model solution with one line in another way."""
    return f"""
def adam_step(W, m, v, g, t, lr, beta1, beta2, epsilon):
    {first}
    m = {m}
    v = {v}
    m_hat = {m_hat}
    v_hat = {v_hat}
    W = {W}
    return {returned}
"""


ADAM_STEP += [
    Wrong(_adam_step(m_hat="m", v_hat="v"), "the bias correction is missing"),
    Wrong(_adam_step(returned="W, m_hat, v_hat"), "return the running means themselves"),
    Wrong(
        _adam_step(W="W - lr * m_hat / np.sqrt(v_hat + epsilon)"),
        "epsilon stands outside the root",
    ),
    Wrong(
        _adam_step(m_hat="m / (1 - beta1 ** (t - 1))", v_hat="v / (1 - beta2 ** (t - 1))"),
        "the exponent is t itself",
    ),
    Wrong(_adam_step(v="beta2 * v + (1 - beta2) * g"), "v is a mean of squares"),
    Wrong(_adam_step(W="W + lr * m_hat / (np.sqrt(v_hat) + epsilon)"), "this walks uphill"),
    Wrong(_adam_step(W="W - lr * m_hat / (v_hat + epsilon)"), "divide by the root of v_hat"),
    Wrong(_adam_step(first="m *= beta1", m="m + (1 - beta1) * g"), "you changed m"),
    Wrong(_adam_step(v_hat="v"), "v needs the bias correction too"),
]


def _relatives(
    *,
    speed: str = "mu * v - lr * gradient(W + mu * v)",
    moved: str = "W + speed, speed",
    g: str = "g",
    before: str = "",
    correct: bool = True,
    W: str = "W - lr * (m_hat / (np.sqrt(v_hat) + epsilon) + decay * W)",
) -> str:
    """Return the model solution with one line in another way."""
    return f"""
def nesterov_step(W, v, gradient, lr, mu):
    {before}
    speed = {speed}
    return {moved}


def adamw_step(W, m, v, g, t, lr, beta1, beta2, epsilon, decay):
    g = {g}
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat = m {"/ (1 - beta1**t)" if correct else ""}
    v_hat = v {"/ (1 - beta2**t)" if correct else ""}
    return {W}, m, v
"""


RELATIVES: list[Variant] = [
    Correct(
        _relatives(
            W="(1 - lr * decay) * W - lr * m_hat / (np.sqrt(v_hat) + epsilon)",
            speed="mu * v + (-lr) * np.asarray(gradient(mu * v + W))",
        )
    ),
    Correct("""
def nesterov_step(W, v, gradient, lr, mu):
    ahead = W.astype(np.float32) + np.float32(mu) * v.astype(np.float32)
    landed = ahead - lr * gradient(ahead)
    return [landed, landed - W]


def adamw_step(W, m, v, g, t, lr, beta1, beta2, epsilon, decay):
    # First the weights decay by themselves, then Adam moves them.
    shrunk = W - lr * decay * W
    mean = m + (1 - beta1) * (g - m)
    square = v + (1 - beta2) * (np.square(g) - v)
    spread = np.sqrt(square / (1 - beta2**t)) + epsilon
    return shrunk - lr / (1 - beta1**t) * mean / spread, mean, square
"""),
    Correct("""
def nesterov_step(W, v, gradient, lr, mu):
    slope = gradient(np.add(W, np.multiply(mu, v)))
    velocity = np.empty_like(W)
    for i in np.ndindex(W.shape):
        velocity[i] = mu * v[i] - lr * slope[i]
    return (W + velocity).tolist(), velocity.tolist()


def adamw_step(W, m, v, g, t, lr, beta1, beta2, epsilon, decay):
    new_W, new_m, new_v = W.copy(), m.copy(), v.copy()
    for i in np.ndindex(W.shape):
        new_m[i] = beta1 * m[i] + (1 - beta1) * g[i]
        new_v[i] = beta2 * v[i] + (1 - beta2) * g[i] ** 2
        step = new_m[i] / (1 - beta1**t) / ((new_v[i] / (1 - beta2**t)) ** 0.5 + epsilon)
        new_W[i] -= lr * (step + decay * W[i])
    return [new_W, new_m, new_v]
"""),
    Wrong(_relatives(speed="mu * v - lr * gradient(W)"), "this is ordinary momentum"),
    Wrong(_relatives(speed="mu * v - lr * gradient(W + v)"), "not by all of v"),
    Wrong(_relatives(moved="W + mu * v + speed, speed"), "the look ahead is only a look"),
    Wrong(_relatives(moved="W + speed, v"), "return the new velocity"),
    Wrong(
        _relatives(g="g + decay * W").replace(" + decay * W)", ")"), "the decay is inside the grad"
    ),
    Wrong(
        _relatives(W="W - lr * m_hat / (np.sqrt(v_hat) + epsilon) - decay * W"),
        "the decay is scaled by lr too",
    ),
    Wrong(
        _relatives(W="(W - lr * m_hat / (np.sqrt(v_hat) + epsilon)) * (1 - lr * decay)"),
        "the decay takes W from before the step",
    ),
    Wrong(_relatives(correct=False), "the bias correction is missing"),
    Wrong(_relatives(before="v *= mu", speed="v - lr * gradient(W + v)"), "you changed v"),
]

LEARNING_RATE: list[Variant] = [
    Correct("""
def learning_rate(step, lr, warmup, steps):
    # Two schedules: whichever is lower, before the top and after it.
    climb = lr * (step + 1) / warmup
    done = np.clip((step - warmup) / (steps - warmup), 0, 1)
    return min(climb, lr * np.cos(np.pi * done / 2) ** 2)
"""),
    Correct("""
from math import cos, pi

def learning_rate(step, lr, warmup, steps):
    if step >= steps:
        return 0
    if step >= warmup:
        return 0.5 * lr * (1.0 + cos(pi * (step - warmup) / (steps - warmup)))
    return np.float32(lr / warmup * (step + 1))
"""),
    Correct("""
def learning_rate(step, lr, warmup, steps):
    # The whole schedule as an array, and then the entry that was asked for.
    climb = np.linspace(lr / warmup, lr, warmup)
    fall = lr / 2 * (1 + np.cos(np.linspace(0, np.pi, steps - warmup + 1)))
    rates = np.concatenate([climb, fall])
    return rates[min(step, steps)]
"""),
]


def _learning_rate(
    *,
    condition: str = "step < warmup",
    climb: str = "lr * (step + 1) / warmup",
    done: str = "min(1.0, (step - warmup) / (steps - warmup))",
    fall: str = "lr / 2 * (1 + np.cos(np.pi * done))",
) -> str:
    """Return the model solution with one line in another way."""
    return f"""
def learning_rate(step, lr, warmup, steps):
    if {condition}:
        return {climb}
    done = {done}
    return {fall}
"""


LEARNING_RATE += [
    Wrong(_learning_rate(climb="lr * step / warmup"), "the first rate is 0"),
    Wrong(_learning_rate(done="min(1.0, step / steps)"), "the cosine begins when the warm-up has"),
    Wrong(_learning_rate(done="min(1.0, (step - warmup) / steps)"), "for its fall, not steps"),
    Wrong(_learning_rate(fall="lr * (1 + np.cos(np.pi * done))"), "twice too high"),
    Wrong(_learning_rate(fall="lr * (1 - done)"), "this falls in a straight line"),
    Wrong(_learning_rate(done="(step - warmup) / (steps - warmup)"), "the wave must not go on"),
    Wrong(_learning_rate(fall="lr / 2 * (1 + np.cos(2 * np.pi * done))"), "half a wave"),
    Wrong(_learning_rate(condition="step <= warmup"), "it is for step < warmup only"),
    Wrong(_learning_rate(climb="lr"), "there is no climb"),
]

TASKS: Tasks = {
    "rates": RATES,
    "momentum_descent": MOMENTUM_DESCENT,
    "adam_step": ADAM_STEP,
    "relatives": RELATIVES,
    "learning_rate": LEARNING_RATE,
}
