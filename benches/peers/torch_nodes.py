"""Times hyla, through its shared library, against the nodes of cuvis-ai (or plain PyTorch functions where
cuvis-ai is not installed): the same arrays, one run, one thread, loss and gradient of one megapixel.

usage: torch_nodes.py [LIBRARY]      (default: build/lib/libhyla.so; needs numpy and torch)

Each row checks the values against each other before it times them. The ratio says how many times faster
hyla is. Absolute times are of this machine and this moment.
"""

import ctypes
import math
import pathlib
import sys
import time

try:
    import numpy as np
    import torch
except ImportError as missing:
    sys.exit(f"torch_nodes: skipped: {missing.name}, which is not installed")
try:
    import cuvis_ai.node.losses as nodes
except ImportError:
    nodes = None

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "examples/python"))

from hyla import Hyla

PIXELS = 1 << 20
CLASSES = 4
ROUNDS = 9
hyla = Hyla(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build/lib/libhyla.so", ROOT / "include/hyla.h")
torch.set_num_threads(1)


def loss_and_gradient(node, *arguments):
    """A call that leaves the loss in the double that it returns: LOSS is its place."""
    loss = ctypes.c_double()
    complete = [loss if argument is LOSS else argument for argument in arguments]
    call = hyla.bind(f"{node}_loss_and_gradient", *complete)

    def run():
        call()
        return loss.value
    run.arguments = complete
    return run


LOSS = object()


def autograd(function, *arrays):
    """Loss and gradients as PyTorch makes them."""
    leaves = [torch.from_numpy(array).requires_grad_() for array in arrays]

    def run():
        for leaf in leaves:
            leaf.grad = None
        loss = function(*leaves)
        loss.backward()
        return loss.item()
    return run


def seconds(run):
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def row(name, ours, theirs, tolerance=2e-5):
    a, b = ours(), theirs()
    if not math.isclose(a, b, rel_tol=tolerance, abs_tol=1e-6):
        sys.exit(f"torch_nodes: {name}: {a} is not {b}")
    best = [math.inf, math.inf]
    for _ in range(ROUNDS):
        best = [min(best[side], seconds(run)) for side, run in enumerate((ours, theirs))]
    print(f"{name:36}{best[0] * 1e6:12.1f}{best[1] * 1e6:14.1f}{best[1] / best[0]:10.1f}")


def node(name, plain, **options):
    """The forward of a node of cuvis-ai, or the plain function in its place."""
    if nodes is None:
        return plain
    module = getattr(nodes, name)(**options)
    return lambda **inputs: module.forward(**inputs)["loss"]


def main():
    random = np.random.default_rng(1)
    functional = torch.nn.functional
    scores = random.uniform(-6, 6, PIXELS).astype(np.float32)
    targets = (random.random(PIXELS) < 0.1).astype(np.uint8)
    gradient = np.empty(PIXELS, np.float32)
    pixels = hyla.pixels(scores=scores, targets=targets, n=PIXELS)
    image = (1, 1024, 1024, 1)
    mask = torch.from_numpy(targets.reshape(image).astype(bool))
    tail = (1.0, hyla.STORE, None, LOSS, gradient)

    print(f"loss and gradient, microseconds, one thread, best of {ROUNDS}; against "
          f"{'the nodes of cuvis-ai on ' if nodes else ''}PyTorch {torch.__version__.split('+')[0]}\n")
    print(f"{'':36}{'hyla':>12}{'PyTorch':>14}{'ratio':>10}")

    bce = node(
        "AnomalyBCEWithLogits",
        lambda predictions, targets: functional.binary_cross_entropy_with_logits(predictions, targets.float())
    )
    row("BCE, 1 Mi pixels", loss_and_gradient("bce", hyla.params("bce"), pixels, *tail),
        autograd(lambda x: bce(predictions=x, targets=mask), scores.reshape(image)))

    def plain_iou(method):
        def iou(predictions, targets):
            p = predictions.sigmoid() if method == "sigmoid" else predictions.clamp(0, 1)
            if method == "minmax":
                p = (predictions - predictions.min()) / (predictions.max() - predictions.min() + 1e-6)
            y = targets.float()
            both = (p * y).sum()
            return 1 - (both + 1e-6) / (p.sum() + y.sum() - both + 1e-6)
        return iou
    for number, method in enumerate(("sigmoid", "clamp", "minmax")):
        iou = node("IoULoss", plain_iou(method), normalize_method=method)
        how = hyla.params("iou", normalization=number)
        row(f"IoU {method}, 1 Mi pixels",
            loss_and_gradient("iou", how, pixels, 1.0, hyla.STORE, None, None, LOSS, gradient),
            autograd(lambda x, iou=iou: iou(predictions=x, targets=mask), scores.reshape(image)))

    other = random.uniform(-6, 6, PIXELS).astype(np.float32)
    mse = node("MSEReconstructionLoss", lambda reconstruction, target: functional.mse_loss(reconstruction, target))
    cube = hyla.struct("cube", values=hyla.interleaved(scores, 1), n=PIXELS, channels=1)
    row("MSE, 1 Mi values", loss_and_gradient("mse", hyla.params("mse"), cube, hyla.interleaved(other, 1), *tail),
        autograd(lambda x: mse(reconstruction=x, target=torch.from_numpy(other.reshape(image))), scores.reshape(image)))

    logits = random.uniform(-6, 6, (PIXELS, CLASSES)).astype(np.float32)
    labels = random.integers(0, CLASSES, PIXELS).astype(np.int32)
    slopes = np.empty_like(logits)
    cube = hyla.struct(
        "cube", values=hyla.interleaved(logits, CLASSES), n=PIXELS, channels=CLASSES, labels=labels
    )
    classes = torch.from_numpy(labels.reshape(1, 1024, 1024))
    shape = (1, 1024, 1024, CLASSES)
    entropy = node(
        "CrossEntropyLoss", lambda logits, targets: functional.cross_entropy(logits.movedim(-1, 1), targets.long())
    )
    row("cross-entropy of 4 classes, 1 Mi", loss_and_gradient("cross_entropy", hyla.params("cross_entropy"), cube, None,
                                                               1.0, hyla.STORE, None, LOSS, slopes),
        autograd(lambda x: entropy(logits=x, targets=classes), logits.reshape(shape)))
    if nodes is not None:
        dice = node("DiceLoss", None)
        totals = ctypes.create_string_buffer(4096 * CLASSES)
        row(
            "Dice of 4 classes, 1 Mi",
            loss_and_gradient("dice", hyla.params("dice"), cube, 1.0, hyla.STORE, totals, LOSS, slopes),
            autograd(lambda x: dice(logits=x, targets=classes), logits.reshape(shape))
        )

    for channels in (32, 128):
        count = 1 << 16
        embeddings = random.uniform(-1, 1, (count, channels)).astype(np.float32)
        center = random.uniform(-0.1, 0.1, channels).astype(np.float32)
        slopes = np.empty_like(embeddings)
        cube = hyla.struct(
            "cube", values=hyla.interleaved(embeddings, channels), n=count, channels=channels
        )
        svdd = node("DeepSVDDSoftBoundaryLoss", None) if nodes else (
            lambda embeddings, center: (math.log(2) / 10) ** 2
            + torch.relu((embeddings - center).square().sum(-1) - (math.log(2) / 10) ** 2).mean() / 0.05)
        row(
            f"SVDD, 64 Ki pixels of {channels}",
            loss_and_gradient("svdd", hyla.params("svdd"), cube, center, 1.0, hyla.STORE, None, LOSS, slopes),
            autograd(
                lambda z, c=center, s=svdd: s(embeddings=z, center=torch.from_numpy(c)),
                embeddings.reshape(1, 256, 256, channels)
            )
        )

    for rows, columns in ((3, 61), (10, 200), (64, 400)):
        weights = random.uniform(-1, 1, (rows, columns)).astype(np.float32)
        slopes = np.empty_like(weights)
        matrix = hyla.struct("matrix", values=weights, rows=rows, columns=columns, row_stride=columns)
        orthogonality = node(
            "OrthogonalityLoss", lambda components:
            (components @ components.T - torch.eye(len(components))).square().sum()
        )

        def plain_distinctness(selection_weights):
            unit = functional.normalize(selection_weights, dim=-1, eps=1e-6)
            first, second = torch.triu_indices(len(unit), len(unit), 1)
            return 0.1 * (unit @ unit.T)[first, second].mean()
        distinctness = node("DistinctnessLoss", plain_distinctness)
        for name, theirs, key in (("orthogonality", orthogonality, "components"), ("distinctness", distinctness,
                                                                                   "selection_weights")):
            room = np.empty(getattr(hyla, f"{name}_workspace")(rows, columns))
            row(f"{name} {rows}x{columns}",
                loss_and_gradient(name, hyla.params(name), matrix, 1.0, hyla.STORE, room, room.size, LOSS, slopes),
                autograd(lambda w, f=theirs, k=key: f(**{k: w}), weights), tolerance=1e-4)


if __name__ == "__main__":
    main()
