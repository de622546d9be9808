import multiprocessing
import pickle
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.architecture import Dense, Layer, ReLU, Sequential, Tanh
from course_lib.challenges.parallel import sharded_gradient
from course_lib.challenges.parallel_training import train_parallel
from course_lib.challenges.regularization import Dropout
from course_lib.training.loop import DivergenceError, train
from course_lib.training.losses import MeanSquaredError, SoftmaxCrossEntropy
from course_lib.training.optimizers import SGD, Adam


def classifier(seed=0, dtype=np.float64):
    rng = np.random.default_rng(seed)
    return Sequential(Dense(5, 7, rng=rng, dtype=dtype), Tanh(), Dense(7, 3, rng=rng, dtype=dtype))


def data(n, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, 5)), rng.integers(3, size=n)


def full_batch(model, loss_fn, x, y):
    model.zero_grad()
    loss = loss_fn.forward(model.forward(x, train=True), y)
    model.backward(loss_fn.backward())
    gradients = [parameter.grad.copy() for parameter in model.parameters()]
    model.zero_grad()
    return loss, gradients


@settings(deadline=None)
@given(st.integers(1, 40), st.integers(1, 50), st.integers(0, 100))
def test_shard_gradients_average_to_the_gradient_of_the_whole_batch(n, shards, seed):
    model, loss_fn = classifier(seed), SoftmaxCrossEntropy()
    x, y = data(n, seed)
    loss, gradients = sharded_gradient(model, loss_fn, x, y, shards=shards)
    expected_loss, expected = full_batch(model, loss_fn, x, y)
    assert abs(loss - expected_loss) < 1e-12
    for got, want in zip(gradients, expected, strict=True):
        np.testing.assert_allclose(got, want, rtol=0, atol=1e-12)


def test_threads_and_processes_find_the_same_gradient():
    model, loss_fn = classifier(), SoftmaxCrossEntropy()
    x, y = data(23)
    loss, gradients = sharded_gradient(model, loss_fn, x, y, shards=4)
    fork = multiprocessing.get_context("fork")
    for executor in (ThreadPoolExecutor(4), ProcessPoolExecutor(2, mp_context=fork)):
        with executor:
            again = sharded_gradient(model, loss_fn, x, y, shards=4, executor=executor)
        assert again[0] == loss
        for got, want in zip(again[1], gradients, strict=True):
            np.testing.assert_array_equal(got, want)


def test_the_model_the_loss_and_the_data_are_left_as_they_were():
    model, loss_fn = classifier(), SoftmaxCrossEntropy()
    x, y = data(8)
    loss_fn.forward(model.forward(x), y)
    for parameter in model.parameters():
        parameter.grad += 3.0
    before = pickle.dumps((model, loss_fn, x, y))
    sharded_gradient(model, loss_fn, x, y, shards=3)
    assert pickle.dumps((model, loss_fn, x, y)) == before


def test_float32_stays_float32():
    x, y = data(9)
    model = classifier(dtype=np.float32)
    _, gradients = sharded_gradient(model, SoftmaxCrossEntropy(), x, y, shards=2)
    assert {gradient.dtype for gradient in gradients} == {np.dtype(np.float32)}


class MeasuringExecutor(ThreadPoolExecutor):
    """Notes how many bytes another process would be sent."""

    def __init__(self):
        super().__init__(1)
        self.sent = []

    def submit(self, function, /, *arguments) -> Future:
        self.sent.append(len(pickle.dumps(arguments[:2])))
        return super().submit(function, *arguments)


def test_workers_are_not_sent_what_the_layers_remember():
    model, loss_fn = classifier(), SoftmaxCrossEntropy()
    small = len(pickle.dumps((model, loss_fn)))
    x, y = data(10_000)
    loss_fn.forward(model.forward(x), y)
    assert len(pickle.dumps((model, loss_fn))) > 1_000_000
    with MeasuringExecutor() as executor:
        training = train_parallel(
            model, loss_fn, SGD(model.parameters(), lr=0.1), x, y, epochs=2, batch_size=5_000,
            rng=np.random.default_rng(0), shards=2, executor=executor, validation=(x, y),
        )  # fmt: skip
        list(training)
    assert len(executor.sent) == 8
    assert max(executor.sent) < small + 2_000


class Shared(Layer):
    """Applies one and the same layer twice."""

    def __init__(self, rng):
        self.first = Dense(5, 5, rng=rng)
        self.second = Dense(5, 5, rng=rng)
        self.second.W, self.second.b = self.first.W, self.first.b

    def forward(self, x, train=False):
        return self.second.forward(self.first.forward(x, train), train)

    def backward(self, dy):
        return self.first.backward(self.second.backward(dy))

    def parameters(self):
        return self.first.parameters() + self.second.parameters()


def test_a_parameter_that_two_layers_share_is_counted_once():
    model, loss_fn = Shared(np.random.default_rng(0)), MeanSquaredError()
    x, y = data(6)[0], data(6, seed=1)[0]
    _, gradients = sharded_gradient(model, loss_fn, x, y, shards=2)
    _, expected = full_batch(model, loss_fn, x, y)
    assert len(gradients) == 2
    for got, want in zip(gradients, expected[:2], strict=True):
        np.testing.assert_allclose(got, want, atol=1e-12)
    model.zero_grad()
    start = model.first.W.value.copy()
    optimizer = SGD(model.parameters(), lr=1.0)
    list(train_parallel(model, loss_fn, optimizer, x, y, epochs=1, batch_size=6,
                        rng=np.random.default_rng(0), shards=2))  # fmt: skip
    np.testing.assert_allclose(start - model.first.W.value, gradients[0], atol=1e-12)


def trained(run, seed=3, **options):
    model, loss_fn = classifier(seed), SoftmaxCrossEntropy()
    x, y = data(57, seed)
    records = list(
        run(model, loss_fn, Adam(model.parameters(), lr=0.01), x, y, epochs=4, batch_size=10,
            rng=np.random.default_rng(seed), validation=data(20, seed + 1), **options)
    )  # fmt: skip
    return records, [parameter.value for parameter in model.parameters()]


def assert_equal_runs(one, other):
    for got, want in zip(one[0], other[0], strict=True):
        for name in ("epoch", "accuracy", "validation_accuracy"):
            assert getattr(got, name) == getattr(want, name)
        for name in ("loss", "gradient_norm", "validation_loss"):
            assert abs(getattr(got, name) - getattr(want, name)) < 1e-10
    for got, want in zip(one[1], other[1], strict=True):
        np.testing.assert_allclose(got, want, rtol=0, atol=1e-10)


@pytest.mark.parametrize("shards", [1, 2, 3, 16])
def test_training_in_shards_equals_training_in_one_piece(shards):
    assert_equal_runs(trained(train_parallel, shards=shards), trained(train))


def test_training_over_processes_equals_training_in_one_piece():
    fork = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(2, mp_context=fork) as executor:
        assert_equal_runs(trained(train_parallel, shards=2, executor=executor), trained(train))


def test_training_over_threads_equals_training_in_one_piece():
    with ThreadPoolExecutor(3) as executor:
        assert_equal_runs(trained(train_parallel, shards=5, executor=executor), trained(train))


def test_training_on_a_cluster_equals_training_in_one_piece(tmp_path):
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=False,
            dashboard_address=None,
            local_directory=str(tmp_path),
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        executor = client.get_executor()
        assert_equal_runs(trained(train_parallel, shards=2, executor=executor), trained(train))


def test_training_is_lazy_and_stops_when_nobody_reads_on():
    model = classifier()
    x, y = data(20)
    start = [parameter.value.copy() for parameter in model.parameters()]
    training = train_parallel(
        model, SoftmaxCrossEntropy(), SGD(model.parameters(), lr=0.1), x, y,
        epochs=100, batch_size=10, rng=np.random.default_rng(0), shards=2,
    )  # fmt: skip
    for parameter, value in zip(model.parameters(), start, strict=True):
        np.testing.assert_array_equal(parameter.value, value)
    assert next(training).epoch == 1
    after_one = [parameter.value.copy() for parameter in model.parameters()]
    training.close()
    for parameter, value in zip(model.parameters(), after_one, strict=True):
        np.testing.assert_array_equal(parameter.value, value)


def test_a_rate_that_is_too_large_is_reported_as_divergence():
    rng = np.random.default_rng(0)
    model = Sequential(Dense(5, 20, rng=rng), ReLU(), Dense(20, 1, rng=rng))
    x = rng.normal(size=(20, 5))
    training = train_parallel(
        model, MeanSquaredError(), SGD(model.parameters(), lr=1e6), x, x[:, :1],
        epochs=100, batch_size=10, rng=rng, shards=2,
    )  # fmt: skip
    with pytest.raises(DivergenceError, match=r"epoch \d+, batch \d.*learning rate \(now 1e\+06\)"):
        list(training)


class Centred(Layer):
    """Remembers a running mean, as batch normalization does."""

    def __init__(self):
        self.mean = np.zeros(5)

    def forward(self, x, train=False):
        return x - self.mean

    def backward(self, dy):
        return dy

    def buffers(self):
        return [self.mean]


@pytest.mark.parametrize(
    "layer", [Dropout(0.1, rng=np.random.default_rng(0)), Centred()], ids=["random", "buffers"]
)
def test_models_that_depend_on_how_a_batch_is_cut_are_refused(layer):
    # Each worker would have drawn the same dropout mask in every step: its copy of the generator
    # is always a fresh one.
    model = Sequential(Sequential(layer), classifier())
    x, y = data(6)
    with pytest.raises(ValueError, match="sharded_gradient expected a model without dropout"):
        sharded_gradient(model, SoftmaxCrossEntropy(), x, y, shards=2)


def test_bad_arguments_are_named_at_the_call():
    model, loss_fn = classifier(), SoftmaxCrossEntropy()
    optimizer = SGD(model.parameters(), lr=0.1)
    x, y = data(6)
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="sharded_gradient expected shards of at least 1, got 0"):
        sharded_gradient(model, loss_fn, x, y, shards=0)
    with pytest.raises(TypeError, match=r"executor as a concurrent\.futures\.Executor"):
        sharded_gradient(model, loss_fn, x, y, shards=1, executor=4)
    with pytest.raises(TypeError, match="model as a Layer, got 3"):
        sharded_gradient(3, loss_fn, x, y, shards=1)
    with pytest.raises(TypeError, match="loss_fn as a Loss, got 3"):
        sharded_gradient(model, 3, x, y, shards=1)
    with pytest.raises(ValueError, match="equal length"):
        sharded_gradient(model, loss_fn, x, y[:-1], shards=1)
    with pytest.raises(ValueError, match="Dense expected x of shape"):
        sharded_gradient(model, loss_fn, x[:, 1:], y, shards=1)
    options = {"epochs": 1, "batch_size": 2, "rng": rng, "shards": 2}
    for name in ("epochs", "batch_size", "shards"):
        with pytest.raises(ValueError, match=f"train_parallel expected {name} of at least 1"):
            train_parallel(model, loss_fn, optimizer, x, y, **{**options, name: 0})
    with pytest.raises(TypeError, match="train_parallel expected rng"):
        train_parallel(model, loss_fn, optimizer, x, y, **{**options, "rng": 1})
    with pytest.raises(TypeError, match="train_parallel expected an Optimizer, got None"):
        train_parallel(model, loss_fn, None, x, y, **options)
    with pytest.raises(ValueError, match="Dense expected x of shape"):
        train_parallel(model, loss_fn, optimizer, x[:, 1:], y, **options)
    with pytest.raises(TypeError, match="validation to be a tuple of two"):
        train_parallel(model, loss_fn, optimizer, x, y, validation=[x, y], **options)
    with pytest.raises(ValueError, match="Dense expected x of shape"):
        train_parallel(model, loss_fn, optimizer, x, y, validation=(x[:, 1:], y), **options)


def test_weights_that_are_too_large_for_the_validation_data_count_as_an_infinite_loss():
    rng = np.random.default_rng(0)
    model = Dense(5, 1, rng=rng)
    x = rng.normal(size=(20, 5))
    model.W.value[...] = 10
    held_out = np.array([[0.0] * 5, [1e308] * 5])
    runs = []
    for run, options in ((train, {}), (train_parallel, {"shards": 2})):
        optimizer = SGD(model.parameters(), lr=1e-9)
        (record,) = run(
            model, MeanSquaredError(), optimizer, x, x[:, :1], epochs=1, batch_size=10,
            rng=np.random.default_rng(0), validation=(held_out, held_out[:, :1]), **options,
        )  # fmt: skip
        runs.append((record.validation_loss, record.validation_accuracy))
    assert runs[0] == runs[1] == (np.inf, None)
