import io
import itertools
import os
import pickle
import stat
import subprocess
import sys
import textwrap
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib import (
    Dense,
    Embedding,
    Flatten,
    Layer,
    LeakyReLU,
    ReLU,
    Sequential,
    Sigmoid,
    Tanh,
    check_gradients,
    count_parameters,
)


def make_network(seed: int = 0, dtype: type = np.float64) -> Sequential:
    rng = np.random.default_rng(seed)
    return Sequential(Dense(2, 3, rng=rng, dtype=dtype), Tanh(), Dense(3, 1, rng=rng, dtype=dtype))


def values(model: Sequential) -> list[np.ndarray]:
    return [parameter.value.copy() for parameter in model.parameters()]


def assert_equal_values(model: Sequential, expected: list[np.ndarray]) -> None:
    for parameter, value in zip(model.parameters(), expected, strict=True):
        np.testing.assert_array_equal(parameter.value, value)


def as_npz(*arrays: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **{f"array_{i:04d}": array for i, array in enumerate(arrays)})
    return buffer.getvalue()


class CountingLayer(Layer):
    """A layer with a buffer: it is saved, but not learned by descent."""

    def __init__(self) -> None:
        self.mean = np.zeros(1)
        self.trained: list[bool] = []

    def forward(self, x, train=False):
        self.trained.append(train)
        return np.asarray(x)

    def backward(self, dy):
        return dy

    def buffers(self):
        return [self.mean]


@settings(max_examples=25)
@given(
    widths=st.lists(st.integers(1, 5), min_size=2, max_size=4),
    n=st.integers(1, 4),
    seed=st.integers(0, 2**32 - 1),
)
def test_a_deep_networks_gradients_are_its_numerical_gradients(widths, n, seed):
    # Smooth activations only: a step of 1e-5 may cross the kink of a ReLU behind a Dense layer.
    rng = np.random.default_rng(seed)
    layers: list[Layer] = [Flatten()]
    for i, (inputs, outputs) in enumerate(itertools.pairwise(widths)):
        layers += [Dense(inputs, outputs, rng=rng), Sigmoid() if i % 2 else Tanh()]
    errors = check_gradients(Sequential(*layers), rng.normal(size=(n, widths[0], 1)), rng=rng)
    assert max(errors.values()) < 1e-6


def test_a_network_in_a_network_is_a_layer():
    rng = np.random.default_rng(0)
    inner = make_network()
    outer = Sequential(Dense(4, 2, rng=rng), inner)
    assert outer.parameters()[2:] == inner.parameters()
    assert max(check_gradients(outer, rng.normal(size=(3, 4)), rng=rng).values()) < 1e-6


def test_train_reaches_every_layer():
    probe = CountingLayer()
    model = Sequential(Sequential(probe), ReLU())
    model.forward([[1.0]], train=True)
    model.forward([[1.0]])
    assert probe.trained == [True, False]


def test_parameters_come_layer_by_layer_weights_before_biases():
    model = make_network()
    shapes = [parameter.value.shape for parameter in model.parameters()]
    assert shapes == [(2, 3), (3,), (3, 1), (1,)]
    assert count_parameters(model.parameters()) == 13


def test_a_network_is_a_sequence_of_its_layers():
    model = make_network()
    assert len(model) == 3
    assert list(model) == [model[0], model[1], model[-1]]
    assert repr(model) == "Sequential(Dense(2, 3), Tanh(), Dense(3, 1))"


def test_a_float32_network_stays_float32():
    model = make_network(dtype=np.float32)
    assert model.forward(np.ones((4, 2))).dtype == np.float32
    assert model.backward(np.ones((4, 1))).dtype == np.float32
    assert all(parameter.grad.dtype == np.float32 for parameter in model.parameters())


def test_a_network_needs_layers():
    with pytest.raises(ValueError, match="at least one layer"):
        Sequential()
    for wrong in (np.tanh, Dense, [Tanh()], None):
        with pytest.raises(TypeError, match="expected layers"):
            Sequential(wrong)


def test_one_layer_twice_in_a_network_is_refused():
    # One ReLU object between three Dense layers ran without a word: its second forward pass
    # overwrote what the first had kept, and the gradients were wrong.
    relu = ReLU()
    with pytest.raises(ValueError, match="each layer once"):
        Sequential(relu, Dense(2, 2, rng=np.random.default_rng(0)), relu)


def test_backward_first_and_bad_inputs_are_refused_by_name():
    model = make_network()
    with pytest.raises(RuntimeError, match="forward pass first"):
        model.backward(np.ones((4, 1)))
    with pytest.raises(ValueError, match=r"Dense expected x of shape \(N, 2\), got \(4, 3\)"):
        model.forward(np.ones((4, 3)))
    for wrong in ([["a", "b"]], [[1.0, 2.0], [3.0]], [[1j, 2.0]]):
        with pytest.raises(TypeError, match="Dense expected x"):
            model.forward(wrong)


def test_a_summary_describes_networks_that_read_text_too():
    embedding = Embedding(11, 4, rng=np.random.default_rng(0))
    assert "(N, 5, 4)" in Sequential(embedding).summary((5,))


def test_a_summary_gives_shapes_and_counts_that_add_up():
    lines = make_network().summary((2,)).splitlines()
    assert lines[1].split() == ["Dense(2,", "3)", "(N,", "3)", "9"]
    assert lines[-1].split() == ["total", "13"]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_what_was_saved_is_loaded_number_for_number(tmp_path, dtype):
    path = tmp_path / "model.npz"
    saved, loaded = make_network(0, dtype), make_network(1, dtype)
    saved.save(path)
    references = [parameter.value for parameter in loaded.parameters()]
    loaded.load(path)
    assert_equal_values(loaded, values(saved))
    # In place: an optimizer or a plot that holds the arrays sees the new numbers.
    for parameter, reference in zip(loaded.parameters(), references, strict=True):
        assert parameter.value is reference
        assert parameter.value.dtype == dtype


def test_buffers_are_saved_and_loaded_too(tmp_path):
    first, second = CountingLayer(), CountingLayer()
    first.mean[:] = 7.0
    Sequential(first).save(tmp_path / "model.npz")
    Sequential(second).load(tmp_path / "model.npz")
    assert second.mean[0] == 7.0


def test_more_than_ten_arrays_come_back_in_order(tmp_path):
    def make(seed):
        rng = np.random.default_rng(seed)
        return Sequential(*(Dense(2, 2, rng=rng) for _ in range(12)))

    first, second = make(0), make(1)
    first.save(tmp_path / "model.npz")
    second.load(tmp_path / "model.npz")
    assert_equal_values(second, values(first))


def test_a_saved_network_is_plain_arrays_that_others_may_read(tmp_path):
    # A file made by mkstemp is readable by its owner alone; so was every saved network.
    path = tmp_path / "model.npz"
    mask = os.umask(0o022)
    try:
        make_network().save(path)
    finally:
        os.umask(mask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    with np.load(path, allow_pickle=False) as archive:
        assert [archive[name].shape for name in archive.files] == [(2, 3), (3,), (3, 1), (1,)]


def test_saving_over_a_file_replaces_it_and_leaves_nothing_else(tmp_path):
    path = tmp_path / "model.npz"
    make_network(0).save(path)
    make_network(1).save(path)
    loaded = make_network(2)
    loaded.load(path)
    assert_equal_values(loaded, values(make_network(1)))
    assert os.listdir(tmp_path) == ["model.npz"]


def test_a_failure_while_saving_leaves_the_old_file_and_no_rest(tmp_path, monkeypatch):
    path = tmp_path / "model.npz"
    make_network(0).save(path)

    def fail_half_way(file, **arrays):
        file.write(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(np, "savez", fail_half_way)
    with pytest.raises(OSError, match="disk full"):
        make_network(1).save(path)
    monkeypatch.undo()
    loaded = make_network(2)
    loaded.load(path)
    assert_equal_values(loaded, values(make_network(0)))
    assert os.listdir(tmp_path) == ["model.npz"]


def test_a_process_killed_while_saving_leaves_the_old_file_whole(tmp_path):
    path = tmp_path / "model.npz"
    make_network(0).save(path)
    program = textwrap.dedent(
        """
        import os, signal, sys
        import numpy as np
        from course_lib import Dense, Sequential, Tanh

        def killed_half_way(file, **arrays):
            file.write(b"half")
            file.flush()
            os.kill(os.getpid(), signal.SIGKILL)

        np.savez = killed_half_way
        rng = np.random.default_rng(1)
        Sequential(Dense(2, 3, rng=rng), Tanh(), Dense(3, 1, rng=rng)).save(sys.argv[1])
        """
    )
    done = subprocess.run([sys.executable, "-c", program, str(path)], check=False, timeout=60)
    assert done.returncode == -9
    loaded = make_network(2)
    loaded.load(path)
    assert_equal_values(loaded, values(make_network(0)))


def good_arrays() -> list[np.ndarray]:
    return values(make_network(1))


def with_second(array: np.ndarray) -> bytes:
    first, _, *rest = good_arrays()
    return as_npz(first, array, *rest)


def npy() -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.ones(3))
    return buffer.getvalue()


def pickled_npz() -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, array_0000=np.array([{"code": 1}], dtype=object))
    return buffer.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"P",
        b"not an archive at all",
        as_npz(*good_arrays())[:400],
        as_npz(*good_arrays())[:-1],
        npy(),
        pickle.dumps([1.0, 2.0]),
        pickled_npz(),
        as_npz(),
        as_npz(*good_arrays()[:3]),
        as_npz(*good_arrays(), np.ones(1)),
        with_second(np.ones(4)),
        with_second(np.array(["a", "b", "c"])),
        with_second(np.array(["1", "2", "3"])),
        with_second(np.array([1j, 2, 3])),
        with_second(np.array([1.0, 2.0, 3.0], dtype=object)),
        with_second(np.array([1.0, np.nan, 3.0])),
    ],
)
def test_a_file_that_does_not_fit_is_refused_and_the_network_unchanged(tmp_path, content):
    # Arrays used to be copied one by one, so that a text array in the second place left a
    # network whose first layer came from the file; a single .npy array raised a TypeError.
    path = tmp_path / "model.npz"
    path.write_bytes(content)
    model = make_network(0)
    with pytest.raises(ValueError, match=r"Sequential\.load expected"):
        model.load(path)
    assert_equal_values(model, values(make_network(0)))


def test_a_pickle_in_the_file_is_never_run(tmp_path):
    marker = tmp_path / "ran"

    class Bomb:
        def __reduce__(self):
            return (open, (str(marker), "w"))

    path = tmp_path / "model.npz"
    for content in (pickle.dumps(Bomb()), None):
        if content is None:
            np.savez(path, array_0000=np.array([Bomb()], dtype=object))
        else:
            path.write_bytes(content)
        with pytest.raises(ValueError, match=r"expected an \.npz file"):
            make_network().load(path)
    assert not marker.exists()


@settings(max_examples=200, deadline=None)
@given(position=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_a_damaged_bit_gives_an_error_or_harms_nothing(tmp_path_factory, position, bit):
    content = bytearray(as_npz(*good_arrays()))
    content[position % len(content)] ^= 1 << bit
    path = tmp_path_factory.mktemp("damaged") / "model.npz"
    path.write_bytes(content)
    model = make_network(0)
    try:
        model.load(path)
    except ValueError:
        assert_equal_values(model, values(make_network(0)))
    else:
        assert_equal_values(model, good_arrays())


def test_a_missing_file_or_folder_is_an_os_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        make_network().load(tmp_path / "missing.npz")
    with pytest.raises(FileNotFoundError):
        make_network().save(tmp_path / "missing" / "model.npz")


def test_an_archive_is_read_whatever_order_its_members_have(tmp_path):
    path = tmp_path / "model.npz"
    content = io.BytesIO(as_npz(*good_arrays()))
    with zipfile.ZipFile(content) as source, zipfile.ZipFile(path, "w") as target:
        for name in reversed(source.namelist()):
            target.writestr(name, source.read(name))
    model = make_network(0)
    model.load(path)
    assert_equal_values(model, good_arrays())


def test_a_network_agrees_with_pytorch():
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    model = Sequential(Dense(6, 8, rng=rng), LeakyReLU(0.1), Dense(8, 5, rng=rng), ReLU())
    oracle = torch.nn.Sequential(
        torch.nn.Linear(6, 8), torch.nn.LeakyReLU(0.1), torch.nn.Linear(8, 5), torch.nn.ReLU()
    ).double()
    with torch.no_grad():
        for ours, theirs in zip(model.parameters(), oracle.parameters(), strict=True):
            theirs.copy_(torch.tensor(ours.value.T))
    x, dy = rng.normal(size=(9, 6)), rng.normal(size=(9, 5))
    tensor = torch.tensor(x, requires_grad=True)
    expected = oracle(tensor)
    expected.backward(torch.tensor(dy))
    np.testing.assert_allclose(model.forward(x), expected.detach().numpy(), atol=1e-6)
    np.testing.assert_allclose(model.backward(dy), tensor.grad.numpy(), atol=1e-6)
    for ours, theirs in zip(model.parameters(), oracle.parameters(), strict=True):
        np.testing.assert_allclose(ours.grad, theirs.grad.numpy().T, atol=1e-6)
