"""Answers to `source/training/training_loop.ipynb`."""

from variants import Correct, Tasks, Variant, Wrong

TRAINING_LOOP: list[Variant] = [
    Correct("""
def training_loop(model, loss_fn, optimizer, X, y, epochs, batch_size, rng):
    from course_lib import batches

    result = []
    for epoch in range(epochs):
        losses, sizes = [], []
        for x, target in batches(X, y, size=batch_size, rng=rng):
            model.zero_grad()
            losses.append(loss_fn.forward(model.forward(x, train=True), target))
            sizes.append(len(x))
            model.backward(loss_fn.backward())
            optimizer.step()
        result.append(np.average(losses, weights=sizes))
    return result
"""),
    Correct("""
def training_loop(model, loss_fn, optimizer, X, y, epochs, batch_size, rng):
    rows = np.arange(len(X))
    means = np.zeros(epochs)
    for epoch in range(epochs):
        rng.shuffle(rows)
        for batch in np.split(rows, range(batch_size, len(rows), batch_size)):
            scores = model.forward(X[batch], train=True)
            means[epoch] += loss_fn.forward(scores, y[batch]) * len(batch) / len(X)
            for parameter in model.parameters():
                parameter.grad[...] = 0
            model.backward(loss_fn.backward())
            optimizer.step()
    return means
"""),
    Correct("""
def training_loop(model, loss_fn, optimizer, X, y, epochs, batch_size, rng):
    def one_epoch():
        waiting, total = list(rng.permutation(len(X))), 0.0
        while waiting:
            rows, waiting = waiting[:batch_size], waiting[batch_size:]
            total += len(rows) * loss_fn.forward(model.forward(X[rows], train=True), y[rows])
            model.backward(loss_fn.backward())
            optimizer.step()
            model.zero_grad()  # for the next batch
        return total / len(X)

    model.zero_grad()
    return [one_epoch() for _ in range(epochs)]
"""),
]


def _loop(
    *,
    order: str = "order = rng.permutation(len(X))",
    before: str = "pass",
    starts: str = "range(0, len(X), batch_size)",
    rows: str = "order[start : start + batch_size]",
    targets: str = "y[rows]",
    zero: str = "model.zero_grad()",
    backward: str = "model.backward(loss_fn.backward())",
    step: str = "optimizer.step()",
    after: str = "pass",
    total: str = "total += len(rows) * loss",
    mean: str = "total / len(X)",
) -> str:
    """Return the model solution with one line in another way."""
    return f"""
def training_loop(model, loss_fn, optimizer, X, y, epochs, batch_size, rng):
    losses = []
    {before}
    for _ in range(epochs):
        {order}
        total = 0.0
        for start in {starts}:
            rows = {rows}
            y_predicted = model.forward(X[rows], train=True)
            loss = loss_fn.forward(y_predicted, {targets})
            {zero}
            {backward}
            {step}
            {total}
        {after}
        losses.append({mean})
    return losses
"""


TRAINING_LOOP += [
    Wrong(_loop(zero="pass"), "gradients of earlier batches are still there"),
    Wrong(
        _loop(zero="optimizer.step()", step="model.zero_grad()"),
        "you step before backward",
    ),
    Wrong(
        _loop(zero="pass", step="model.zero_grad(); optimizer.step()"),
        "zero them before backward, not after",
    ),
    Wrong(
        _loop(targets="y[start : start + batch_size]"),
        "inputs and labels are shuffled apart",
    ),
    Wrong(_loop(step="pass", after="optimizer.step()"), "you step once an epoch"),
    Wrong(
        _loop(backward="model.backward(loss)"),
        "model.backward takes the gradient of the loss, loss_fn.backward(), not the loss itself",
    ),
    Wrong(
        _loop(order="pass", before="order = rng.permutation(len(X))"), "all epochs have the same"
    ),
    Wrong(
        _loop(
            order="order = np.arange(len(X))",
            starts="rng.permutation(np.arange(0, len(X), batch_size))",
        ),
        "shuffle the rows, not the batches",
    ),
    Wrong(
        _loop(starts="range(0, len(X) - batch_size + 1, batch_size)"),
        "the last batch is missing",
    ),
    Wrong(
        _loop(total="total += loss / math.ceil(len(X) / batch_size)", mean="total"),
        "the small last batch counts as much as a full one",
    ),
]

FIRST_ALARM: list[Variant] = [
    Correct("""
def first_alarm(losses, factor, patience):
    past, row = [], 0
    for loss in losses:
        if np.isnan(loss) or np.isinf(loss):
            return len(past)
        row = row + 1 if past and loss > factor * min(past) else 0
        if row >= patience:
            return len(past)
        past.append(loss)
"""),
    Correct("""
def first_alarm(losses, factor, patience):
    best, last_good, i = None, -1, -1
    for loss in losses:
        i += 1
        if not -math.inf < loss < math.inf:
            return i
        if best is None or loss <= factor * best:
            last_good = i
        if i - last_good == patience:
            return i
        best = loss if best is None else min(best, loss)
    return None
"""),
    Correct("""
def first_alarm(losses, factor, patience):
    losses = enumerate(losses)
    smallest, row = np.float64(np.inf), []
    while True:
        i, loss = next(losses, (None, 1.0))
        if i is None or not np.isfinite(loss):
            return i
        row = [*row, i] if loss / factor > smallest else []
        if len(row) == patience:
            return row[-1]
        smallest = np.minimum(smallest, loss)
"""),
]


def _alarm(
    *,
    first: str = "pass",
    not_finite: str = "not math.isfinite(loss)",
    at_once: str = "return i",
    bad: str = "loss > factor * smallest",
    otherwise: str = "0",
    remember: str = "min(smallest, loss)",
    answer: str = "i",
    none: str = "None",
) -> str:
    """Return the model solution with one line in another way."""
    return f"""
def first_alarm(losses, factor, patience):
    smallest, row = math.inf, 0
    {first}
    for i, loss in enumerate(losses):
        if {not_finite}:
            {at_once}
        row = row + 1 if {bad} else {otherwise}
        if row == patience:
            return {answer}
        smallest = {remember}
    return {none}
"""


FIRST_ALARM += [
    Wrong(_alarm(not_finite="loss == math.inf"), "NaN is neither above nor below any number"),
    Wrong(
        _alarm(at_once="row += 1", bad="not math.isfinite(loss) or loss > factor * smallest"),
        "at once, whatever the patience",
    ),
    Wrong(_alarm(otherwise="row"), "only losses in a row count"),
    Wrong(_alarm(remember="loss"), "not with the one just before"),
    Wrong(_alarm(remember="loss if i == 0 else smallest"), "not with the first"),
    Wrong(_alarm(bad="loss >= factor * smallest"), "is not yet bad"),
    Wrong(_alarm(answer="i + 1"), "one too late"),
    Wrong(_alarm(none="-1"), "without an alarm, return None"),
    Wrong(_alarm(first="losses = list(losses)"), "you asked for more losses after the alarm"),
]

ACCUMULATED_STEP: list[Variant] = [
    Correct("""
def accumulated_step(model, loss_fn, optimizer, x, y, micro_size):
    # Add up the gradients of sums, and divide once in the end.
    model.zero_grad()
    total = 0.0
    for start in range(0, len(x), micro_size):
        target = y[start : start + micro_size]
        scores = model.forward(x[start : start + micro_size], train=True)
        total += len(target) * loss_fn.forward(scores, target)
        model.backward(len(target) * loss_fn.backward())
    for parameter in model.parameters():
        parameter.grad /= len(x)
    optimizer.step()
    return total / len(x)
"""),
    Correct("""
def accumulated_step(model, loss_fn, optimizer, x, y, micro_size):
    # Keep the sums outside of the model.
    cuts = range(micro_size, len(x), micro_size)
    sums = [np.zeros_like(parameter.grad) for parameter in model.parameters()]
    losses, sizes = [], []
    for piece, target in zip(np.split(x, cuts), np.split(y, cuts)):
        model.zero_grad()
        losses.append(loss_fn.forward(model.forward(piece, train=True), target))
        sizes.append(len(piece))
        model.backward(loss_fn.backward())
        for total, parameter in zip(sums, model.parameters()):
            total += parameter.grad * len(piece) / len(x)
    for total, parameter in zip(sums, model.parameters()):
        parameter.grad[...] = total
    optimizer.step()
    return np.average(losses, weights=sizes)
"""),
    Correct("""
def accumulated_step(model, loss_fn, optimizer, x, y, micro_size):
    N, done, mean = len(x), 0, 0.0
    for parameter in optimizer.parameters:
        parameter.zero_grad()
    while done < N:
        n = min(micro_size, N - done)
        loss = loss_fn.forward(model.forward(x[done : done + n], train=True), y[done : done + n])
        dy = loss_fn.backward()
        dy = dy * (n / N)
        model.backward(dy)
        done += n
        mean += (loss - mean) * n / done  # the mean so far
    optimizer.step()
    return float(mean)
"""),
]


def _accumulated(
    *,
    zero: str = "model.zero_grad()",
    starts: str = "range(0, len(x), micro_size)",
    in_piece: str = "pass",
    seen: str = "piece",
    share: str = "len(piece) / len(x)",
    after_piece: str = "pass",
    step: str = "optimizer.step()",
    add: str = "batch_loss += share * loss",
    answer: str = "batch_loss",
) -> str:
    """Return the model solution with one line in another way."""
    return f"""
def accumulated_step(model, loss_fn, optimizer, x, y, micro_size):
    {zero}
    batch_loss, pieces = 0.0, math.ceil(len(x) / micro_size)
    for start in {starts}:
        {in_piece}
        piece, target = x[start : start + micro_size], y[start : start + micro_size]
        share = {share}
        loss = loss_fn.forward(model.forward({seen}, train=True), target)
        {add}
        model.backward(share * loss_fn.backward())
        {after_piece}
    {step}
    return {answer}
"""


ACCUMULATED_STEP += [
    Wrong(_accumulated(share="1.0"), "scale each by its share of the batch"),
    Wrong(_accumulated(share="1 / pieces"), "its share is len(piece) / len(x)"),
    Wrong(_accumulated(share="micro_size / len(x)"), "not micro_size / len(x)"),
    Wrong(_accumulated(in_piece="model.zero_grad()"), "zero the gradients once, before all pieces"),
    Wrong(_accumulated(zero="pass"), "old gradients took part"),
    Wrong(_accumulated(after_piece="optimizer.step()", step="pass"), "step once, after the last"),
    Wrong(
        _accumulated(starts="range(0, len(x) - micro_size + 1, micro_size)"),
        "the last piece is missing",
    ),
    Wrong(
        """
def accumulated_step(model, loss_fn, optimizer, x, y, micro_size):
    loss = loss_fn.forward(model.forward(x, train=True), y)
    model.zero_grad()
    model.backward(loss_fn.backward())
    optimizer.step()
    return loss
""",
        "the model saw more than micro_size rows at a time",
    ),
    Wrong(_accumulated(answer="loss"), "this is the loss of the last piece"),
]

TRAIN_CLASSIFIER: list[Variant] = [
    Correct("""
def train_classifier(X, y, rng):
    # The library's loop, two hidden layers, pixels from -1 to 1.
    from course_lib import train

    model = Sequential(
        Dense(64, 96, rng=rng), ReLU(), Dense(96, 48, rng=rng), ReLU(), Dense(48, 10, rng=rng)
    )
    optimizer = Adam(model.parameters(), lr=2e-3)
    X = 2 * X - 1
    loss_fn, options = SoftmaxCrossEntropy(), {"epochs": 25, "batch_size": 32, "rng": rng}
    for _ in train(model, loss_fn, optimizer, X, y, **options):
        pass
    return lambda X_new: model.forward(2 * X_new - 1).argmax(axis=1)
"""),
    Correct("""
def train_classifier(X, y, rng):
    # No library at all: both layers and momentum by hand, in float32.
    mean = X.mean(axis=0).astype(np.float32)
    X = X.astype(np.float32) - mean
    W1 = rng.normal(0, np.sqrt(2 / 64), (64, 80)).astype(np.float32)
    W2 = rng.normal(0, np.sqrt(2 / 80), (80, 10)).astype(np.float32)
    P = [W1, np.zeros(80, np.float32), W2, np.zeros(10, np.float32)]
    V = [np.zeros_like(p) for p in P]
    targets = np.eye(10, dtype=np.float32)[y]
    for epoch in range(40):
        order = rng.permutation(len(X))
        for start in range(0, len(X), 32):
            x, t = X[order[start : start + 32]], targets[order[start : start + 32]]
            h = np.maximum(x @ P[0] + P[1], 0)
            z = h @ P[2] + P[3]
            e = np.exp(z - z.max(axis=1, keepdims=True))
            dz = (e / e.sum(axis=1, keepdims=True) - t) / len(x)
            dh = dz @ P[2].T * (h > 0)
            for p, v, g in zip(P, V, (x.T @ dh, dh.sum(axis=0), h.T @ dz, dz.sum(axis=0))):
                v *= 0.9
                v -= 0.1 * g
                p += v

    def predict(X_new):
        h = np.maximum((X_new - mean) @ P[0] + P[1], 0)
        return np.argmax(h @ P[2] + P[3], axis=1)

    return predict
"""),
    Correct("""
def train_classifier(X, y, rng):
    # Stop where a validation part says so.
    from course_lib import evaluate

    mean = X.mean(axis=0)
    X_train, X_val, y_train, y_val = split(X - mean, y, test=0.1, rng=rng)
    model, loss_fn = Sequential(Dense(64, 128, rng=rng), ReLU(), Dense(128, 10, rng=rng)), None
    loss_fn, best, kept = SoftmaxCrossEntropy(), math.inf, None
    optimizer = SGD(model.parameters(), lr=0.3, momentum=0.9)
    for epoch in range(25):
        order = rng.permutation(len(X_train))
        for rows in np.array_split(order, max(1, len(order) // 32)):
            loss_fn.forward(model.forward(X_train[rows], train=True), y_train[rows])
            model.zero_grad()
            model.backward(loss_fn.backward())
            optimizer.step()
        loss, _ = evaluate(model, loss_fn, X_val, y_val)
        if loss < best:
            best, kept = loss, [p.value.copy() for p in model.parameters()]
    for parameter, value in zip(model.parameters(), kept):
        parameter.value[...] = value
    return lambda X_new: loss_fn.labels(model.forward(X_new - mean))
"""),
]


def _classifier(
    *,
    first: str = "mean = X.mean(axis=0)",
    model: str = "Sequential(Dense(64, 64, rng=rng), ReLU(), Dense(64, 10, rng=rng))",
    lr: str = "3e-3",
    epochs: int = 25,
    x: str = "X[rows] - mean",
    targets: str = "y[rows]",
    answer: str = "model.forward(X_new - mean).argmax(axis=1)",
    result: str = "predict",
) -> str:
    """Return the model solution with one line in another way."""
    return f"""
def train_classifier(X, y, rng):
    {first}
    model = {model}
    loss_fn, optimizer = SoftmaxCrossEntropy(), Adam(model.parameters(), lr={lr})
    for _ in range({epochs}):
        order = rng.permutation(len(X))
        for start in range(0, len(X), 32):
            rows = order[start : start + 32]
            loss_fn.forward(model.forward({x}, train=True), {targets})
            model.zero_grad()
            model.backward(loss_fn.backward())
            optimizer.step()

    def predict(X_new):
        return {answer}

    return {result}
"""


TRAIN_CLASSIFIER += [
    Wrong(_classifier(answer="model.forward(X_new - mean)"), "predict returns ten scores"),
    Wrong(_classifier(result="model"), "return a function, predict"),
    Wrong(
        _classifier(first="mean = X.mean(axis=0); X -= mean", x="X[rows]"),
        "you changed X or y",
    ),
    Wrong(
        _classifier(answer="model.forward(X_new - mean).argmax(axis=1, keepdims=True)"),
        "one label for each picture, shape (M,)",
    ),
    Wrong(_classifier(model="Dense(64, 10, rng=rng)"), "above 90%, but below 97%"),
    Wrong(_classifier(epochs=2), "it learns, but less than 90%"),
    Wrong(_classifier(lr="1e-6"), "hardly better than guessing"),
    Wrong(
        _classifier(first="mean = 0; X, y = load_digits()", epochs=20, targets="y[rows]"),
        "predict ignores y: the digits were renamed",
    ),
    Wrong(
        _classifier(first="mean = 0; scale = 16", x="scale * X[rows]", epochs=25),
        "above 90%, but below 97%",
    ),
]

TASKS: Tasks = {
    "training_loop": TRAINING_LOOP,
    "first_alarm": FIRST_ALARM,
    "accumulated_step": ACCUMULATED_STEP,
    "train_classifier": TRAIN_CLASSIFIER,
}
