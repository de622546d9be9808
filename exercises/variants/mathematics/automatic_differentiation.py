"""Answers to `source/mathematics/automatic_differentiation.ipynb`."""

from variants import Correct, Tasks, Variant, Wrong


def _slopes(
    da: str = "dy / b",
    db: str = "-dy * a / b**2",
    pair: str = "da, db",
    power: str = "dy * n * x ** (n - 1)",
    sigmoid: str = "dy * y * (1 - y)",
) -> str:
    """Return the model solution with one slope in another way."""
    return f"""
def divide_pull(a, b, dy):
    da = {da}
    db = {db}
    return {pair}


def power_pull(x, n, dy):
    return {power}


def sigmoid_pull(y, dy):
    return {sigmoid}
"""


LOCAL_SLOPES: list[Variant] = [
    Correct("""
def divide_pull(a, b, dy):
    y = a / b
    da = dy / b
    return [da, -y * da]


def power_pull(x, n, dy):
    return dy * n * x**n / x


def sigmoid_pull(y, dy):
    return dy * (y - y**2)
"""),
    Correct("""
def divide_pull(a, b, dy):
    da, db = np.zeros(a.shape), np.zeros(b.shape)
    for i in np.ndindex(a.shape):
        da[i] = dy[i] / b[i]
        db[i] = -dy[i] * a[i] / (b[i] * b[i])
    return da, db


def power_pull(x, n, dy):
    dx = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        dx[i] = dy[i] * n * x[i] ** (n - 1)
    return dx


def sigmoid_pull(y, dy):
    x = np.log(y / (1 - y))
    return dy * np.exp(-x) / (1 + np.exp(-x)) ** 2
"""),
    Correct("""
def divide_pull(a, b, dy):
    a, b, dy = (array.astype(np.float32) for array in (a, b, dy))
    inverse = 1 / b
    return dy * inverse, -dy * a * inverse * inverse


def power_pull(x, n, dy):
    x, dy = x.astype(np.float32), dy.astype(np.float32)
    return dy * n * np.exp((n - 1) * np.log(x))


def sigmoid_pull(y, dy):
    return np.multiply(dy, y, dtype=np.float32) * np.subtract(1, y)
"""),
    Wrong(_slopes(db="dy * a / b**2"), "db has the wrong sign"),
    Wrong(_slopes(db="-dy * a / b"), "the square is missing in db"),
    Wrong(_slopes(da="1 / b", db="-a / b**2"), "this is the local slope alone: multiply it by dy"),
    Wrong(_slopes(pair="db, da"), "return da first, then db"),
    Wrong(_slopes(power="dy * x ** (n - 1)"), "the factor n is missing"),
    Wrong(_slopes(power="dy * n * x**n"), "the exponent falls by one"),
    Wrong(
        _slopes(sigmoid="dy / (1 + np.exp(-y)) * (1 - 1 / (1 + np.exp(-y)))"),
        "do not apply it again",
    ),
    Wrong(_slopes(sigmoid="y * (1 - y)"), "sigmoid_pull: this is the local slope alone"),
    Wrong(_slopes(sigmoid="dy * (1 - y**2)"), "this is the slope of tanh"),
]

TOPOLOGICAL_ORDER: list[Variant] = [
    Correct("""
def topological_order(end):
    users, todo, met = {}, [end], {id(end)}
    while todo:
        for parent in todo.pop().parents:
            users[id(parent)] = users.get(id(parent), 0) + 1
            if id(parent) not in met:
                met.add(id(parent))
                todo.append(parent)
    ready, backward = [end], []
    while ready:
        node = ready.pop()
        backward.append(node)
        for parent in node.parents:
            users[id(parent)] -= 1
            if users[id(parent)] == 0:
                ready.append(parent)
    return backward[::-1]
"""),
    Correct("""
def topological_order(end):
    listed, met = [], {end}
    path = [(end, iter(end.parents))]
    while path:
        node, parents = path[-1]
        for parent in parents:
            if parent not in met:
                met.add(parent)
                path.append((parent, iter(parent.parents)))
                break
        else:
            listed.append(node)
            path.pop()
    return tuple(listed)
"""),
    Correct("""
def topological_order(end):
    done = {}
    todo = [end]
    while todo:
        missing = [parent for parent in todo[-1].parents if parent not in done]
        if missing:
            todo.append(missing[0])
        else:
            done[todo.pop()] = True
    return list(done)
"""),
    Wrong(
        """
def topological_order(end):
    listed, met = [], set()
    todo = [(end, False)]
    while todo:
        node, parents_done = todo.pop()
        if parents_done:
            listed.append(node)
        elif id(node) not in met:
            met.add(id(node))
            todo.append((node, True))
            todo += [(parent, False) for parent in node.parents]
    return listed[::-1]
""",
        "parents come first, so the end comes last",
    ),
    Wrong(
        """
def topological_order(end):
    listed, met = [], set()

    def visit(node):
        if id(node) not in met:
            met.add(id(node))
            for parent in node.parents:
                visit(parent)
            listed.append(node)

    visit(end)
    return listed
""",
        "a function calls itself too often",
    ),
    Wrong(
        """
def topological_order(end):
    listed, todo = [], [end]
    while todo and len(listed) < 20_000:
        node = todo.pop(0)
        listed.append(node)
        todo += node.parents
    return listed[::-1]
""",
        "a node stands in your list twice",
    ),
    Wrong(
        """
def topological_order(end):
    listed, todo, met = [], [end], {id(end)}
    while todo:
        node = todo.pop(0)
        listed.append(node)
        for parent in node.parents:
            if id(parent) not in met:
                met.add(id(parent))
                todo.append(parent)
    return listed[::-1]
""",
        "a node stands before one of its parents",
    ),
    Wrong(
        """
def topological_order(end):
    listed, met = [], set()
    todo = [(end, False)]
    while todo:
        node, parents_done = todo.pop()
        if parents_done:
            listed.append(node)
        elif id(node) not in met:
            met.add(id(node))
            todo.append((node, True))
            todo += [(parent, False) for parent in node.parents if parent.parents]
    return listed
""",
        "the nodes that were given, those without parents, are missing",
    ),
    Wrong(
        """
def topological_order(end):
    listed = []

    def visit(node):
        for parent in node.parents:
            visit(parent)
        if node not in listed:
            listed.append(node)

    visit(end)
    return listed
""",
        "once for each path: remember whom you met",
    ),
    Wrong(
        """
def topological_order(end):
    listed, met = [], set()
    todo = [(end, False)]
    while todo:
        node, parents_done = todo.pop()
        if parents_done:
            listed.append(float(node.value))
        elif id(node) not in met:
            met.add(id(node))
            todo.append((node, True))
            todo += [(parent, False) for parent in node.parents]
    return listed
""",
        "return the nodes themselves",
    ),
    Wrong(
        """
def topological_order(end):
    listed, met = [], set()
    todo = [(parent, False) for parent in end.parents]
    while todo:
        node, parents_done = todo.pop()
        if parents_done:
            listed.append(node)
        elif id(node) not in met:
            met.add(id(node))
            todo.append((node, True))
            todo += [(parent, False) for parent in node.parents]
    return listed
""",
        "the end itself is missing",
    ),
    Wrong(
        """
def topological_order(end):
    listed, met = [], set()
    todo = [(end, False)]
    while todo:
        node, parents_done = todo.pop()
        if parents_done:
            listed.append(node)
        elif float(node.value) not in met:
            met.add(float(node.value))
            todo.append((node, True))
            todo += [(parent, False) for parent in node.parents]
    return listed
""",
        "nodes with equal values are different nodes",
    ),
]

BACKWARD: list[Variant] = [
    Correct("""
def backward(order):
    order[-1].grad += 1.0
    for node in order[::-1]:
        if node.pull:
            for parent, dx in zip(node.parents, node.pull(node.grad)):
                parent.grad += dx
"""),
    Correct("""
def backward(order):
    gradients = {id(node): np.zeros(node.value.shape, dtype=np.float32) for node in order}
    gradients[id(order[-1])] = np.ones((), dtype=np.float32)
    for i in range(len(order) - 1, -1, -1):
        node = order[i]
        node.grad = np.array(gradients[id(node)])
        if node.pull is None:
            continue
        parts = node.pull(node.grad)
        for k in range(len(parts)):
            parent = node.parents[k]
            gradients[id(parent)] = gradients[id(parent)] + parts[k]
"""),
    Correct("""
def backward(order):
    received = {node: [] for node in order}
    received[order[-1]].append(np.ones_like(order[-1].value))
    for node in reversed(order):
        node.grad = sum(received[node], np.zeros_like(node.value))
        if node.parents:
            for parent, dx in zip(node.parents, node.pull(node.grad)):
                received[parent].append(np.copy(dx))
"""),
]


def _backward(
    start: str = "order[-1].grad += 1.0",
    nodes: str = "order[::-1]",
    parents: str = "node.parents",
    dy: str = "node.grad",
    hand: str = "parent.grad += dx",
) -> str:
    """Return a correct solution with one line in another way."""
    return f"""
def backward(order):
    {start}
    for node in {nodes}:
        if node.pull is not None:
            for parent, dx in zip({parents}, node.pull({dy})):
                {hand}
"""


BACKWARD += [
    Wrong(_backward(hand="parent.grad = dx"), "the last use overwrites the others"),
    Wrong(_backward(nodes="order"), "go through the list from its end"),
    Wrong(_backward(start="pass"), "all gradients are 0"),
    Wrong(_backward(parents="dict.fromkeys(node.parents)"), "uses a node twice"),
    Wrong(_backward(dy="node.value"), "it is what pull(node.grad) returns"),
    Wrong(_backward(dy="np.ones_like(node.value)"), "pull gets the gradient of its node, not 1"),
    Wrong(
        _backward(start="order[-1].grad += order[-1].value"),
        "the gradient of the end is 1, whatever its value",
    ),
    Wrong(
        """
def backward(order):
    def hand_back(node):
        if node.pull is not None:
            for parent, dx in zip(node.parents, node.pull(node.grad)):
                parent.grad = parent.grad + dx
                hand_back(parent)

    order[-1].grad = np.ones_like(order[-1].value)
    hand_back(order[-1])
""",
        "you called pull of a node more than once",
    ),
    Wrong(
        """
def backward(order):
    order[-1].grad = np.ones_like(order[-1].value)
    met = set()
    for node in order[::-1]:
        if node.pull is not None:
            for parent, dx in zip(node.parents, node.pull(node.grad)):
                if id(parent) in met:
                    parent.grad = parent.grad + dx
                else:
                    met.add(id(parent))
                    parent.grad = dx
""",
        "two nodes share one array as their gradient",
    ),
]

NEW_OPERATIONS: list[Variant] = [
    Correct("""
def exp(x):
    y = Node(np.exp(x.value), [x])
    y.pull = lambda dy: [dy * y.value]
    return y


def log(x):
    def pull(dy):
        return (dy * x.value**-1.0,)

    return Node(np.log(x.value), (x,), pull)


def maximum(a, b):
    def pull(dy):
        da = np.where(a.value > b.value, dy, np.where(a.value < b.value, 0.0, dy / 2))
        return da, dy - da

    return Node(np.where(a.value > b.value, a.value, b.value), (a, b), pull)


def log_add_exp(a, b):
    y = np.logaddexp(a.value, b.value)
    return Node(y, (a, b), lambda dy: (dy * np.exp(a.value - y), dy * np.exp(b.value - y)))
"""),
    Correct("""
def exp(x):
    return Node(np.exp(x.value), (x,), lambda dy: (dy * np.exp(x.value),))


def log(x):
    return Node(np.log(x.value), (x,), lambda dy: (dy / x.value,))


def maximum(a, b):
    first, second = a.value >= b.value, b.value >= a.value
    count = 0.0 + first + second
    value = (first * a.value + second * b.value) / count
    return Node(value, (a, b), lambda dy: (dy * first / count, dy * second / count))


def log_add_exp(a, b):
    gap = np.abs(a.value - b.value)
    smaller = np.exp(-gap) / (1 + np.exp(-gap))
    slope = np.where(a.value > b.value, 1 - smaller, smaller)
    value = np.maximum(a.value, b.value) + np.log1p(np.exp(-gap))
    return Node(value, (a, b), lambda dy: (dy * slope, dy * (1 - slope)))
"""),
    Correct("""
def exp(x):
    y = np.exp(x.value.astype(np.float32))
    return Node(y, (x,), lambda dy: (np.float32(dy) * y,))


def log(x):
    numbers = np.array([np.log(number) for number in x.value.ravel()])
    return Node(numbers.reshape(x.value.shape), (x,), lambda dy: (np.divide(dy, x.value),))


def maximum(a, b):
    half = np.where(a.value == b.value, 0.5, 0.0)
    return Node(
        (a.value + b.value + abs(a.value - b.value)) / 2,
        (a, b),
        lambda dy: (dy * ((a.value > b.value) + half), dy * ((b.value > a.value) + half)),
    )


def log_add_exp(a, b):
    m = np.maximum(a.value, b.value)
    both = np.exp(np.stack([a.value, b.value]) - m)
    slopes = both / both.sum(axis=0)
    return Node(m + np.log(both.sum(axis=0)), (a, b), lambda dy: tuple(slopes * dy))
"""),
]


def _operations(
    exp: str = "Node(np.exp(x.value), (x,), lambda dy: (dy * np.exp(x.value),))",
    log: str = "Node(np.log(x.value), (x,), lambda dy: (dy / x.value,))",
    share: str = "(1 + np.sign(a.value - b.value)) / 2",
    maximum: str = "(dy * share, dy * (1 - share))",
    add_exp: str = "(dy * from_a / total, dy * from_b / total)",
    m: str = "np.maximum(a.value, b.value)",
) -> str:
    """Return the model solution with one operation in another way."""
    return f"""
def exp(x):
    return {exp}


def log(x):
    return {log}


def maximum(a, b):
    share = {share}
    return Node(np.maximum(a.value, b.value), (a, b), lambda dy: {maximum})


def log_add_exp(a, b):
    m = {m}
    from_a, from_b = np.exp(a.value - m), np.exp(b.value - m)
    total = from_a + from_b
    return Node(m + np.log(total), (a, b), lambda dy: {add_exp})
"""


NEW_OPERATIONS += [
    Wrong(
        _operations(exp="Node(np.exp(x.value), (x,), lambda dy: (dy * x.value,))"),
        "the slope of e ** x is its result, not x",
    ),
    Wrong(
        _operations(exp="Node(np.exp(x.value), (), lambda dy: (dy * np.exp(x.value),))"),
        "the parents of the new node must be its operands",
    ),
    Wrong(
        _operations(log="Node(np.log(x.value), (x,), lambda dy: (dy / np.log(x.value),))"),
        "with x what went in, not the result",
    ),
    Wrong(
        _operations(log="Node(np.log(x.value), (x,), lambda dy: dy / x.value)"),
        "pull returns a tuple with one gradient for each parent",
    ),
    Wrong(_operations(share="1.0 * (a.value >= b.value)"), "on a tie each operand gets half"),
    Wrong(_operations(maximum="(share, 1 - share)"), "this is who was greater"),
    Wrong(_operations(m="0.0"), "for large operands: take out the maximum"),
    Wrong(
        _operations(add_exp="(dy * from_b / total, dy * from_a / total)"),
        "the greater operand has the greater slope",
    ),
    Wrong(
        _operations(add_exp="(dy * np.exp(a.value), dy * np.exp(b.value))"),
        "the two slopes add up to 1",
    ),
]

TASKS: Tasks = {
    "local_slopes": LOCAL_SLOPES,
    "topological_order": TOPOLOGICAL_ORDER,
    "backward": BACKWARD,
    "new_operations": NEW_OPERATIONS,
}
