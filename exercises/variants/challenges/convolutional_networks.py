"""Answers to `source/challenges/convolutional_networks.ipynb`."""

from variants import Correct, Tasks, Variant, Wrong

OUTPUT_SIZE: list[Variant] = [
    Correct("""
def output_size(size, kernel, stride, padding):
    starts = range(0, size + 2 * padding - kernel + 1, stride)
    if not starts:
        raise ValueError("the kernel does not fit")
    return len(starts)
"""),
    Correct("""
def output_size(size, kernel, stride, padding):
    if kernel > size + 2 * padding:
        raise ValueError("too large a kernel")
    count, end = 0, kernel
    while end <= size + 2 * padding:
        count, end = count + 1, end + stride
    return count
"""),
    Correct("""
def output_size(size, kernel, stride, padding):
    if size + 2 * padding < kernel:
        raise ValueError(kernel)
    return int(np.floor((size + 2 * padding - kernel + stride) / stride))
"""),
]


def _size(count: str, refuse: str = "room < 0") -> str:
    """Return the model solution with another formula or another condition."""
    return f"""
def output_size(size, kernel, stride, padding):
    room = size + 2 * padding - kernel
    if {refuse}:
        raise ValueError("the kernel does not fit")
    return {count}
"""


OUTPUT_SIZE += [
    Wrong(_size("room // stride"), "too: add 1 after the division"),
    Wrong(_size("(size + padding - kernel) // stride + 1"), "padding lies on both sides"),
    Wrong(_size("(size - kernel) // stride + 1"), "you left out the padding"),
    Wrong(_size("-(-room // stride) + 1"), "round down: the last step has to fit in whole"),
    Wrong(_size("room / stride + 1"), "round down: the last step has to fit in whole"),
    Wrong(_size("room + 1"), "you left out the stride"),
    Wrong(_size("(room + 1) // stride"), "too: add 1 after the division"),
    Wrong(_size("room // stride + 1", "False"), "has no place: raise a ValueError"),
    Wrong(_size("room // stride + 1", "kernel > size"), "you refuse a kernel that fits"),
]

CONVOLVE: list[Variant] = [
    Correct("""
def convolve(x, W, b, stride, padding):
    # All examples and filters of one place at once.
    K = W.shape[2]
    padded = np.pad(x, [(0, 0), (0, 0), (padding, padding), (padding, padding)])
    rows = range(0, padded.shape[2] - K + 1, stride)
    columns = range(0, padded.shape[3] - K + 1, stride)
    y = np.empty((len(x), len(W), len(rows), len(columns)))
    for i, top in enumerate(rows):
        for j, left in enumerate(columns):
            patches = padded[:, :, top : top + K, left : left + K]
            y[:, :, i, j] = np.tensordot(patches, W, axes=([1, 2, 3], [1, 2, 3])) + b
    return y
"""),
    Correct("""
def convolve(x, W, b, stride, padding):
    # A matrix product, in float32.
    (N, C, H, width), (F, _, K, _) = x.shape, W.shape
    padded = np.zeros((N, C, H + 2 * padding, width + 2 * padding), np.float32)
    padded[:, :, padding : padding + H, padding : padding + width] = x
    windows = np.lib.stride_tricks.sliding_window_view(padded, (K, K), axis=(2, 3))
    windows = windows[:, :, ::stride, ::stride]
    H_out, W_out = windows.shape[2:4]
    matrix = windows.transpose(0, 2, 3, 1, 4, 5).reshape(-1, C * K * K)
    y = matrix @ W.reshape(F, -1).T.astype(np.float32) + b.astype(np.float32)
    return y.reshape(N, H_out, W_out, F).transpose(0, 3, 1, 2)
"""),
    Correct("""
def convolve(x, W, b, stride, padding):
    # Shifted images, one weight at a time.
    F, C, K, _ = W.shape
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    H_out = (x.shape[2] - K) // stride + 1
    W_out = (x.shape[3] - K) // stride + 1
    y = np.zeros((len(x), F, H_out, W_out)) + b[:, None, None]
    for f, c, u, v in np.ndindex(W.shape):
        seen = x[:, c, u : u + stride * H_out : stride, v : v + stride * W_out : stride]
        y[:, f] += W[f, c, u, v] * seen[:, :H_out, :W_out]
    return y
"""),
]


def _convolve(
    *,
    before: str = "pass",
    pad: str = "np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))",
    top: str = "i * stride, j * stride",
    y: str = "np.zeros((len(x), F, H_out, W_out))",
    answer: str = "np.sum(patch * W[f]) + b[f]",
) -> str:
    """Return the model solution with one line in another way."""
    return f"""
def convolve(x, W, b, stride, padding):
    F, _, K, _ = W.shape
    H_out = (x.shape[2] + 2 * padding - K) // stride + 1
    W_out = (x.shape[3] + 2 * padding - K) // stride + 1
    {before}
    x = {pad}
    y = {y}
    for n, f, i, j in np.ndindex(y.shape):
        top, left = {top}
        patch = x[n, :, top : top + K, left : left + K]
        y[n, f, i, j] = {answer}
    return y
"""


CONVOLVE += [
    Wrong(_convolve(answer="np.sum(patch * W[f])"), "the bias is missing: add b[f] once"),
    Wrong(
        _convolve(answer="np.sum(patch * W[f] + b[f])"), "the bias is added once for each weight"
    ),
    Wrong(_convolve(answer="np.sum(patch * W[f, :, ::-1, ::-1]) + b[f]"), "the kernel is flipped"),
    Wrong(_convolve(answer="np.sum(patch[0] * W[f, 0]) + b[f]"), "only the first channel counts"),
    Wrong(_convolve(answer="np.mean(patch * W[f]) + b[f]"), "this is the mean of the products"),
    Wrong(_convolve(top="i, j"), "its first row is i * stride, not i"),
    Wrong(
        _convolve(
            pad="np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)), mode='edge')"
        ),
        "the padding must be zeros",
    ),
    Wrong(
        _convolve(pad="np.pad(x, ((0, 0), (0, 0), (0, 2 * padding), (0, 2 * padding)))"),
        "the padding must lie on all four sides",
    ),
    Wrong(
        _convolve(y="np.zeros((len(x), F, H_out, W_out), dtype=x.dtype)"),
        "make y an array of floats",
    ),
]

MAX_POOL_BACKWARD: list[Variant] = [
    Correct("""
def max_pool_backward(x, dy, size, stride):
    dx = np.zeros_like(x, dtype=float)
    for n in range(dy.shape[0]):
        for c in range(dy.shape[1]):
            for i in range(dy.shape[2]):
                for j in range(dy.shape[3]):
                    best = None
                    for u in range(i * stride, i * stride + size):
                        for v in range(j * stride, j * stride + size):
                            if best is None or x[n, c, u, v] > x[n, c][best]:
                                best = u, v
                    dx[n, c][best] += dy[n, c, i, j]
    return dx
"""),
    Correct("""
def max_pool_backward(x, dy, size, stride):
    # All examples and channels at once.
    N, C, H_out, W_out = dy.shape
    dx = np.zeros(x.shape, np.float32)
    n, c = np.ogrid[:N, :C]
    for i in range(H_out):
        for j in range(W_out):
            window = x[:, :, i * stride : i * stride + size, j * stride : j * stride + size]
            u, v = np.divmod(window.reshape(N, C, -1).argmax(axis=2), size)
            dx[n, c, i * stride + u, j * stride + v] += dy[:, :, i, j]
    return dx
"""),
    Correct("""
def max_pool_backward(x, dy, size, stride):
    # By numbers of pixels, with np.add.at.
    N, C, H, W = x.shape
    windows = np.lib.stride_tricks.sliding_window_view(x, (size, size), axis=(2, 3))
    windows = windows[:, :, ::stride, ::stride][:, :, : dy.shape[2], : dy.shape[3]]
    winner = windows.reshape(*dy.shape, -1).argmax(axis=-1)
    n, c, i, j = np.indices(dy.shape)
    dx = np.zeros(x.shape)
    np.add.at(dx, (n, c, i * stride + winner // size, j * stride + winner % size), dy)
    return dx
"""),
]


def _max_pool(
    *,
    found: str = "window.argmax()",
    put: str = "dx[n, c, top + row, left + column] += dy[n, c, i, j]",
) -> str:
    """Return the model solution with one line in another way."""
    return f"""
def max_pool_backward(x, dy, size, stride):
    dx = np.zeros(x.shape)
    for n, c, i, j in np.ndindex(dy.shape):
        top, left = i * stride, j * stride
        window = x[n, c, top : top + size, left : left + size]
        row, column = np.unravel_index({found}, window.shape)
        {put}
    return dx
"""


_WINDOW = "dx[n, c, top : top + size, left : left + size]"
MAX_POOL_BACKWARD += [
    Wrong(
        _max_pool(put="dx[n, c, top + row, left + column] = dy[n, c, i, j]"),
        "keeps only the last dy: add up, with +=",
    ),
    Wrong(
        _max_pool(put=f"{_WINDOW} += dy[n, c, i, j] * (window == window.max())"),
        "among equal numbers only one wins",
    ),
    Wrong(
        _max_pool(found="window.size - 1 - window.ravel()[::-1].argmax()"),
        "the last of equal numbers wins",
    ),
    Wrong(_max_pool(put=f"{_WINDOW} += dy[n, c, i, j]"), "all pixels of a window get something"),
    Wrong(
        _max_pool(put="dx[n, c, top + row, left + column] += 1"), "this marks the winners: multiply"
    ),
    Wrong(
        _max_pool(put="dx[n, c, top + row, left + column] += dy[n, c, i, j] * window.max()"),
        "you multiplied by x",
    ),
    Wrong(
        _max_pool(found="window.argmin()"), "the smallest pixel of each window gets the gradient"
    ),
    Wrong(_max_pool(found="np.abs(window).argmax()"), "you compare magnitudes"),
    Wrong(
        """
def max_pool_backward(x, dy, size, stride):
    dx = np.zeros(x.shape)
    for n, c, i, j in np.ndindex(dy.shape):
        top, left = i * size, j * size
        window = x[n, c, top : top + size, left : left + size]
        if window.size:
            row, column = np.unravel_index(window.argmax(), window.shape)
            dx[n, c, top + row, left + column] += dy[n, c, i, j]
    return dx
""",
        "the window starts in row i * stride",
    ),
]

AVERAGE_POOL: list[Variant] = [
    Correct("""
def average_pool(x, dy, size):
    # Axes for the windows.
    N, C, H_out, W_out = dy.shape
    seen = x[:, :, : H_out * size, : W_out * size]
    y = seen.reshape(N, C, H_out, size, W_out, size).mean(axis=(3, 5))
    dx = np.zeros(x.shape)
    share = dy / size**2
    dx[:, :, : H_out * size, : W_out * size] = share.repeat(size, axis=2).repeat(size, axis=3)
    return y, dx
"""),
    Correct("""
def average_pool(x, dy, size):
    # One pixel of all windows at a time, in float32.
    H_out, W_out = dy.shape[2:]
    y, dx = np.zeros(dy.shape, np.float32), np.zeros(x.shape, np.float32)
    for u in range(size):
        for v in range(size):
            pixel = np.s_[:, :, u : size * H_out : size, v : size * W_out : size]
            y += x[pixel] / (size * size)
            dx[pixel] = dy / (size * size)
    return y, dx
"""),
    Correct("""
def average_pool(x, dy, size):
    # A convolution with equal weights, and its way back, number by number.
    y, dx = np.zeros(dy.shape), np.zeros(x.shape)
    for n, c, i, j in np.ndindex(dy.shape):
        for u in range(size):
            for v in range(size):
                y[n, c, i, j] += x[n, c, size * i + u, size * j + v]
                dx[n, c, size * i + u, size * j + v] += dy[n, c, i, j] / size / size
        y[n, c, i, j] /= size * size
    return y, dx
"""),
]


def _average(
    *,
    mean: str = "window.mean(axis=(2, 3))",
    share: str = "dy[:, :, i : i + 1, j : j + 1] / size**2",
    put: str = "dx[:, :, rows, columns] = share",
    result: str = "y, dx",
) -> str:
    """Return the model solution with one line in another way."""
    return f"""
def average_pool(x, dy, size):
    y, dx = np.zeros(dy.shape), np.zeros(x.shape)
    for i in range(dy.shape[2]):
        for j in range(dy.shape[3]):
            rows = slice(i * size, (i + 1) * size)
            columns = slice(j * size, (j + 1) * size)
            window = x[:, :, rows, columns]
            y[:, :, i, j] = {mean}
            share = {share}
            {put}
    return {result}
"""


AVERAGE_POOL += [
    Wrong(_average(mean="window.max(axis=(2, 3))"), "this is the maximum: take the mean"),
    Wrong(_average(mean="window.sum(axis=(2, 3))"), "this is the sum of the window"),
    Wrong(
        _average(mean="window.sum(axis=(2, 3)) / size"), "a window has size * size pixels, not size"
    ),
    Wrong(
        _average(mean="window.mean(axis=(1, 2, 3))[:, None]"), "you average over the channels, too"
    ),
    Wrong(_average(share="dy[:, :, i : i + 1, j : j + 1]"), "divide dy by the pixels"),
    Wrong(
        _average(share="dy[:, :, i : i + 1, j : j + 1] / size"),
        "a window has size * size pixels, not size",
    ),
    Wrong(
        _average(
            share="dy[:, :, i : i + 1, j : j + 1] * (window == window.max(axis=(2, 3), "
            "keepdims=True))"
        ),
        "here all have a share",
    ),
    Wrong(
        _average(
            put="dx[:, :, : size * dy.shape[2], : size * dy.shape[3]] = "
            "np.tile(dy, (size, size)) / size**2"
        ),
        "np.tile repeats the whole",
    ),
    Wrong(_average(result="dx, y"), "return y first, then dx"),
]

DILATED_CONVOLVE: list[Variant] = [
    Correct("""
def dilated_convolve(x, W, b, dilation):
    # Shifted images, one weight at a time.
    F, C, K, _ = W.shape
    H_out = x.shape[2] - dilation * (K - 1)
    W_out = x.shape[3] - dilation * (K - 1)
    y = np.zeros((len(x), F, H_out, W_out)) + b[:, None, None]
    for u in range(K):
        for v in range(K):
            top, left = dilation * u, dilation * v
            seen = x[:, :, top : top + H_out, left : left + W_out]
            y += np.einsum("nchw,fc->nfhw", seen, W[:, :, u, v])
    return y
"""),
    Correct("""
def dilated_convolve(x, W, b, dilation):
    # A large kernel with zeros in its holes, in float32.
    F, C, K, _ = W.shape
    reach = (K - 1) * dilation + 1
    kernel = np.zeros((F, C, reach, reach), np.float32)
    kernel[:, :, ::dilation, ::dilation] = W
    windows = np.lib.stride_tricks.sliding_window_view(x, (reach, reach), axis=(2, 3))
    y = np.einsum("ncijuv,fcuv->nfij", windows, kernel) + b[:, None, None]
    return y.astype(np.float32)
"""),
    Correct("""
def dilated_convolve(x, W, b, dilation):
    (N, C, H, width), (F, _, K, _) = x.shape, W.shape
    rows, columns = H - dilation * (K - 1), width - dilation * (K - 1)
    y = np.empty((N, F, rows, columns))
    for n in range(N):
        for f in range(F):
            for i in range(rows):
                for j in range(columns):
                    total = b[f]
                    for c in range(C):
                        for u in range(K):
                            for v in range(K):
                                pixel = x[n, c, i + dilation * u, j + dilation * v]
                                total = total + pixel * W[f, c, u, v]
                    y[n, f, i, j] = total
    return y
"""),
]


def _dilated(
    *,
    reach: str = "dilation * (K - 1) + 1",
    rows: str = "i : i + reach : dilation",
    columns: str = "j : j + reach : dilation",
    answer: str = "np.sum(patch * W[f]) + b[f]",
    size: str = "x.shape[2] - reach + 1, x.shape[3] - reach + 1",
) -> str:
    """Return the model solution with one line in another way."""
    return f"""
def dilated_convolve(x, W, b, dilation):
    F, _, K, _ = W.shape
    reach = {reach}
    y = np.zeros((len(x), F, *({size})))
    for n, f, i, j in np.ndindex(y.shape):
        patch = x[n, :, {rows}, {columns}]
        y[n, f, i, j] = {answer}
    return y
"""


DILATED_CONVOLVE += [
    Wrong(
        _dilated(rows="i : i + K", columns="j : j + K"),
        "the pixels lie side by side: take them dilation apart",
    ),
    Wrong(_dilated(columns="j : j + K"), "rows and columns must both be dilation apart"),
    Wrong(_dilated(rows="i : i + K"), "rows and columns must both be dilation apart"),
    Wrong(_dilated(answer="np.sum(patch * W[f])"), "the bias is missing: add b[f] to each answer"),
    Wrong(_dilated(answer="np.sum(patch * W[f, :, ::-1, ::-1]) + b[f]"), "the kernel is flipped"),
    Wrong(_dilated(reach="dilation * K"), "there are K - 1 gaps between K rows, not K"),
    Wrong(
        _dilated(reach="K", rows="i : i + K", columns="j : j + K"),
        "this is the size without dilation",
    ),
    Wrong(
        _dilated(
            reach="K",
            size="-(-(x.shape[2] - K + 1) // dilation), -(-(x.shape[3] - K + 1) // dilation)",
            rows="i * dilation : i * dilation + K",
            columns="j * dilation : j * dilation + K",
        ),
        "dilation is not a stride",
    ),
    Wrong(
        """
def dilated_convolve(x, W, b, dilation):
    F, _, K, _ = W.shape
    reach = dilation * (K - 1)
    padded = np.pad(x, ((0, 0), (0, 0), (0, reach), (0, reach)))
    y = np.zeros((len(x), F, *x.shape[2:]))
    for n, f, i, j in np.ndindex(y.shape):
        patch = padded[n, :, i : i + reach + 1 : dilation, j : j + reach + 1 : dilation]
        y[n, f, i, j] = np.sum(patch * W[f]) + b[f]
    return y
""",
        "no padding here",
    ),
]

TASKS: Tasks = {
    "output_size": OUTPUT_SIZE,
    "convolve": CONVOLVE,
    "max_pool_backward": MAX_POOL_BACKWARD,
    "average_pool": AVERAGE_POOL,
    "dilated_convolve": DILATED_CONVOLVE,
}
