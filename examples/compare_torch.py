"""Prints the values of hyla and of cuvis-ai's nodes on PyTorch side by side: every loss with its gradient, every
metric, and (for ENVI scenes given) the ranking of a global RX detector beside scikit-learn's.

usage: compare_torch.py [SCENE.hdr ...]    (after `make lib`; needs numpy, torch and cuvis-ai; for scenes
scikit-learn and spectral)

PyTorch computes in float32 here, as its users do, so that it is the less exact of the two: the differences are mostly
its own. Where hyla differs on purpose, docs/differences.md says why; these inputs avoid those cases.
"""

import ctypes
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "examples/python"))

try:
    import numpy as np
    import torch
    import cuvis_ai.node.losses as losses
    import cuvis_ai.node.metrics as metrics
    from cuvis_ai_schemas.enums import ExecutionStage
    from cuvis_ai_schemas.execution import Context
except ImportError as missing:
    sys.exit(f"compare_torch: skipped: {missing.name}, which is not installed")

from hyla import Hyla

hyla = Hyla(ROOT / "build/lib/libhyla.so", ROOT / "include/hyla.h")
failures = []
# Relative to the value, and to the greatest slope: what PyTorch loses in float32 sums.
LOSS_TOLERANCE, GRADIENT_TOLERANCE, METRIC_TOLERANCE = 2e-5, 1e-4, 2e-6


def row(name, ours, theirs, tolerance, slopes=None):
    """One line; what differs by more than the tolerance is marked, and fails the run."""
    ours, theirs = float(ours), float(theirs)
    difference = abs(ours - theirs) / max(abs(theirs), 1e-3)
    good = difference <= tolerance or (np.isnan(ours) and np.isnan(theirs))
    text = f"  {name:44}{ours:18.9g}{theirs:18.9g}{difference:12.1e}"
    if slopes is not None:
        worst = max(np.abs(a - b.numpy().reshape(a.shape)).max() / max(float(b.abs().max()), 1e-30) for a, b in slopes)
        good = good and worst <= GRADIENT_TOLERANCE
        text += f"{worst:12.1e}"
    if not good:
        failures.append(name)
    print(text + ("" if good else "   DIFFERS"))


def autograd(node, inputs, leaves):
    """Loss and gradients as PyTorch makes them."""
    tensors = {name: torch.from_numpy(np.array(value)) for name, value in inputs.items()}
    for name in leaves:
        tensors[name].requires_grad_()
    loss = node.forward(**tensors)["loss"]
    loss.backward()
    return loss.item(), [tensors[name].grad for name in leaves]


def compare_loss(name, call, gradient, node, inputs, leaf):
    """`call` is a loss_and_gradient of hyla that is given the places of loss and gradient."""
    loss = ctypes.c_double()
    call(loss, gradient)
    theirs, slopes = autograd(node, inputs, [leaf])
    row(name, loss.value, theirs, LOSS_TOLERANCE, [(gradient, slopes[0])])


def compare_pixel_losses(random):
    shape = (2, 40, 50, 1)
    scores = random.normal(0, 2, shape).astype(np.float32)
    targets = random.random(shape) < 0.15
    gradient = np.empty_like(scores)
    bytes_of_targets = targets.view(np.uint8)
    pixels = hyla.pixels(scores=scores, targets=bytes_of_targets, n=scores.size)
    inputs = {"predictions": scores, "targets": targets}
    for number, reduction in enumerate(("mean", "sum")):
        params = hyla.params("bce", pos_weight=5.0, reduction=number)
        compare_loss(
            f"AnomalyBCEWithLogits, {reduction}",
            lambda loss, slopes, p=params: hyla.bce_loss_and_gradient(p, pixels, 1.0, hyla.STORE, None, loss, slopes),
            gradient,
            losses.AnomalyBCEWithLogits(pos_weight=5.0, reduction=reduction),
            inputs,
            "predictions"
        )
    for number, method in enumerate(("sigmoid", "clamp", "minmax")):
        params = hyla.params("iou", normalization=number)
        compare_loss(
            f"IoULoss, {method}",
            lambda loss, slopes, p=params: hyla.
            iou_loss_and_gradient(p, pixels, 1.0, hyla.STORE, None, None, loss, slopes),
            gradient,
            losses.IoULoss(normalize_method=method),
            inputs,
            "predictions"
        )


def cube_of(values, **more):
    """An image of B x H x W x channels: the channels of a pixel are neighbours."""
    channels = values.shape[-1]
    return hyla.struct(
        "cube",
        values=hyla.interleaved(values, channels),
        n=values.size // channels,
        channels=channels,
        **more
    )


def compare_cube_losses(random):
    shape = (1, 30, 20)
    embeddings = random.normal(0, 0.3, (*shape, 16)).astype(np.float32)
    center = random.normal(0, 0.1, 16).astype(np.float32)
    svdd = hyla.params("svdd", nu=0.1)
    gradient, grad_center = np.empty_like(embeddings), np.empty_like(center)
    totals, sums = hyla.struct("svdd_totals"), (type(hyla.struct("sum")) * center.size)()
    loss, radius = ctypes.c_double(), ctypes.c_double()
    cube = cube_of(embeddings)
    hyla.svdd_loss_and_gradient(svdd, cube, center, 1.0, hyla.STORE, totals, loss, gradient)
    hyla.svdd_center_update(svdd, cube, center, sums)
    hyla.svdd_gradient_center(svdd, totals, sums, center.size, 1.0, hyla.STORE, grad_center)
    hyla.svdd_gradient_radius(svdd, totals, 1.0, radius)
    node = losses.DeepSVDDSoftBoundaryLoss(nu=0.1)
    theirs, slopes = autograd(node, {"embeddings": embeddings, "center": center}, ["embeddings", "center"])
    grad_radius = np.array([radius.value], np.float32)
    row("DeepSVDDSoftBoundaryLoss", loss.value, theirs, LOSS_TOLERANCE,
        [(gradient, slopes[0]), (grad_center, slopes[1]), (grad_radius, node.r_unconstrained.grad)])

    values = random.normal(size=(*shape, 7)).astype(np.float32)
    target = random.normal(size=values.shape).astype(np.float32)
    compare_loss(
        "MSEReconstructionLoss", lambda loss, slopes: hyla.
        mse_loss_and_gradient(hyla.params("mse"), cube_of(values), target, 1.0, hyla.STORE, None, loss, slopes),
        np.empty_like(values), losses.MSEReconstructionLoss(), {
            "reconstruction": values,
            "target": target
        }, "reconstruction"
    )

    logits = random.normal(0, 2, (*shape, 5)).astype(np.float32)
    labels = random.integers(0, 5, shape).astype(np.int32)
    cube = cube_of(logits, labels=labels)
    room = (type(hyla.struct("dice_totals")) * 5)()
    inputs = {"logits": logits, "targets": labels.astype(np.int64)}
    compare_loss(
        "DiceLoss, five classes", lambda loss, slopes: hyla.
        dice_loss_and_gradient(hyla.params("dice"), cube, 1.0, hyla.STORE, None, room, loss, slopes),
        np.empty_like(logits), losses.DiceLoss(), inputs, "logits"
    )
    compare_loss(
        "CrossEntropyLoss, five classes", lambda loss, slopes: hyla.
        cross_entropy_loss_and_gradient(hyla.params("cross_entropy"), cube, None, 1.0, hyla.STORE, None, loss, slopes),
        np.empty_like(logits), losses.CrossEntropyLoss(), inputs, "logits"
    )

    rgb = random.random((*shape, 3)).astype(np.float32)
    mask = random.random(shape) < 0.3
    cube = cube_of(rgb, targets=mask.view(np.uint8))
    for number, space in enumerate(("rgb", "oklab")):
        params = hyla.params("foreground_contrast", color_space=number)
        compare_loss(
            f"ForegroundContrastLoss, {space}",
            lambda loss, slopes, p=params: hyla.
            foreground_contrast_loss_and_gradient(p, cube, 1.0, hyla.STORE, None, loss, slopes),
            np.empty_like(rgb),
            losses.ForegroundContrastLoss(color_space=space), {
                "rgb": rgb,
                "mask": mask.astype(np.int32)
            },
            "rgb"
        )


def matrix_of(values):
    return hyla.struct(
        "matrix", values=values, rows=values.shape[0], columns=values.shape[1], row_stride=values.shape[1]
    )


def compare_matrix_losses(random):
    weights = random.normal(0, 1, (6, 61)).astype(np.float32)
    gradient = np.empty_like(weights)
    for name, node, key in (("orthogonality", losses.OrthogonalityLoss(), "components"),
                            ("distinctness", losses.DistinctnessLoss(), "selection_weights")):
        room = np.empty(getattr(hyla, f"{name}_workspace")(*weights.shape))
        call = getattr(hyla, f"{name}_loss_and_gradient")
        compare_loss(
            type(node).__name__,
            lambda loss, slopes, n=name, c=call, r=room:
            c(hyla.params(n), matrix_of(weights), 1.0, hyla.STORE, r, r.size, loss, slopes),
            gradient,
            node, {key: weights},
            key
        )
    selector = random.random(200).astype(np.float32)
    gradient = np.empty_like(selector)
    for name, node in (("selector_entropy", losses.SelectorEntropyRegularizer()),
                       ("selector_diversity", losses.SelectorDiversityRegularizer())):
        call = getattr(hyla, f"{name}_loss_and_gradient")
        compare_loss(
            type(node).__name__,
            lambda loss, slopes, n=name, c=call:
            c(hyla.params(n), selector, selector.size, 1.0, hyla.STORE, loss, slopes),
            gradient,
            node, {"weights": selector},
            "weights"
        )


def compare_metrics(node, ours, inputs):
    """`ours` is a dictionary of hyla's values under cuvis-ai's names."""
    context = Context(stage=ExecutionStage.VAL, epoch=0, batch_idx=0, global_step=0)
    emitted = node.forward(
        **{
            name: torch.from_numpy(np.array(value))
            for name, value in inputs.items()
        }, context=context
    )["metrics"]
    print(f"\n{type(node).__name__}")
    for metric in emitted:
        row(metric.name, ours[metric.name][0], metric.value, METRIC_TOLERANCE)


def compare_score_metrics(random):
    shape = (3, 30, 40)
    scores = random.normal(-1, 2, (*shape, 1)).astype(np.float32)
    targets = random.random((*shape, 1)) < 0.05
    scores += 3 * targets.astype(np.float32)
    decisions = scores > 1

    pixels = hyla.pixels(scores=scores, n=scores.size)
    room = np.empty(hyla.score_statistics_workspace(), np.uint32)
    report = hyla.struct("score_statistics_report")
    hyla.score_statistics_frame(pixels, room, room.size, report)
    compare_metrics(
        metrics.ScoreStatisticsMetric(), hyla.metrics("score_statistics", report), {"scores": scores[..., 0]}
    )

    pixels = hyla.pixels(decisions=decisions.view(np.uint8), n=scores.size)
    totals = hyla.struct("pixel_statistics_totals")
    hyla.pixel_statistics_update(pixels, totals)
    compare_metrics(
        metrics.AnomalyPixelStatisticsMetric(), hyla.metrics("pixel_statistics", totals), {"decisions": decisions}
    )

    ratios = np.sort(random.random(5).astype(np.float32))[::-1].copy() / 4
    each = (type(hyla.struct("explained_variance_totals")) * ratios.size)()
    hyla.explained_variance_update(ratios, ratios.size, each)
    compare_metrics(
        metrics.ExplainedVarianceMetric(), hyla.metrics("explained_variance", each, ratios.size),
        {"explained_variance_ratio": ratios}
    )


def compare_detection(random):
    """Two batches of one epoch, pooled. (What cuvis-ai's node emits with a batch is that batch's own for all but
    average precision; pooled_metrics has the epoch's.)"""
    context = Context(stage=ExecutionStage.VAL, epoch=0, batch_idx=0, global_step=0)
    node = metrics.AnomalyDetectionMetrics()
    params, totals, binning = hyla.params("detection"), hyla.struct("detection_totals"), hyla.struct("binning")
    count = ctypes.c_size_t()
    rule = hyla.params("binning", rule=hyla.BINNING_THRESHOLDS, bins=params.ap_thresholds)
    hyla.binning_words(rule, count)
    table = np.empty(count.value, np.uint32)
    hyla.binning_build(rule, table, table.size, binning)
    hyla.ranking_words(binning, count)
    words = np.zeros(count.value, np.int64)
    for rate in (0.02, 0.1):
        shape = (3, 30, 40, 1)
        targets = random.random(shape) < rate
        logits = (random.normal(-1, 2, shape) + 3 * targets).astype(np.float32)
        decisions = logits > 1
        for frame in range(shape[0]):
            pixels = hyla.pixels(
                scores=logits[frame],
                targets=targets[frame].view(np.uint8),
                decisions=decisions[frame].view(np.uint8),
                n=logits[frame].size,
                rows=30
            )
            hyla.detection_update_frame(params, pixels, totals, binning, words, words.size)
        inputs = [torch.from_numpy(array) for array in (decisions, targets, logits)]
        node.forward(decisions=inputs[0], targets=inputs[1], logits=inputs[2], context=context)
    ours = hyla.metrics("detection", params, totals, binning, words, words.size)
    print("\nAnomalyDetectionMetrics, two batches")
    for name, metric in node.pooled_metrics().items():
        row(name, ours[name][0], metric.compute().item(), METRIC_TOLERANCE)
    low, high = ours["average_precision_lo"][0], ours["average_precision_hi"][0]
    print(f"  the exact average precision lies in [{low:.6f}, {high:.6f}]")


def compare_small_metrics(random):
    components = random.normal(0, 0.2, (4, 61)).astype(np.float32)
    room = np.empty(hyla.component_orthogonality_workspace(*components.shape))
    report = hyla.struct("component_orthogonality_report")
    hyla.component_orthogonality_values(matrix_of(components), room, room.size, report)
    compare_metrics(
        metrics.ComponentOrthogonalityMetric(), hyla.metrics("component_orthogonality", report),
        {"components": components}
    )

    weights = random.random(200).astype(np.float32)
    entropy = hyla.params("selector_entropy_metric")
    compare_metrics(
        metrics.SelectorEntropyMetric(), hyla.metrics("selector_entropy_metric", entropy, weights, weights.size),
        {"weights": weights}
    )
    room = np.empty(hyla.selector_diversity_metric_workspace(weights.size), np.uint32)
    report = hyla.struct("selector_diversity_metric_report")
    hyla.selector_diversity_metric_values(weights, weights.size, room, room.size, report)
    compare_metrics(
        metrics.SelectorDiversityMetric(), hyla.metrics("selector_diversity_metric", report), {"weights": weights}
    )

    labels = random.integers(-1, 12, (1, 30, 40)).astype(np.int32)
    labels_set = np.zeros(hyla.distinct_label_count_words(64), np.int32)
    hyla.distinct_label_count_update(labels, None, labels.size, labels_set, labels_set.size)
    compare_metrics(
        metrics.DistinctLabelCount(), hyla.metrics("distinct_label_count", labels_set, labels_set.size),
        {"mask": labels}
    )


def compare_ranking(path):
    """Global RX: the squared Mahalanobis distance to the mean of all pixels, in float64, with no regularisation."""
    try:
        from sklearn.metrics import average_precision_score, roc_auc_score
        from spectral import envi
    except ImportError as missing:
        sys.exit(f"compare_torch: skipped: {missing.name}, which is not installed")
    # Lines x samples x bands, whatever the order in the file; the mask is in <scene>_gt.hdr.
    cube = envi.open(path).open_memmap(interleave="bip")
    mask = envi.open(path.with_name(path.stem + "_gt.hdr")).open_memmap(interleave="bip")
    spectra = cube.reshape(-1, cube.shape[-1]).astype(np.float64)
    spectra -= spectra.mean(axis=0)
    factor = np.linalg.cholesky(spectra.T @ spectra / len(spectra))
    scores = np.square(np.linalg.solve(factor, spectra.T)).sum(axis=0).astype(np.float32)
    targets = (mask.reshape(-1) != 0).view(np.uint8)

    pixels = hyla.pixels(scores=scores, targets=targets, n=scores.size)
    room = np.empty(hyla.ranking_exact_workspace(scores.size), np.uint32)
    exact = hyla.struct("ranking_exact_report")
    hyla.ranking_exact_values(pixels, room, room.size, exact)
    print(f"\nRX of {path.stem}: hyla, scikit-learn")
    row("roc auc", exact.roc_auc, roc_auc_score(targets, scores), 1e-12)
    row("average precision", exact.average_precision, average_precision_score(targets, scores), 1e-12)

    binning, count, report = hyla.struct("binning"), ctypes.c_size_t(), hyla.struct("ranking_report")
    hyla.binning_build(hyla.params("binning", bins=16), None, 0, binning)
    hyla.ranking_words(binning, count)
    words = np.zeros(count.value, np.int64)
    hyla.ranking_update(binning, pixels, words, words.size)
    hyla.ranking_values(binning, words, words.size, report)
    for name, value in (("roc_auc", exact.roc_auc), ("average_precision", exact.average_precision)):
        low, high = getattr(report, name + "_lo"), getattr(report, name + "_hi")
        inside = low <= value <= high
        print(f"  from histograms: {name} in [{low:.6f}, {high:.6f}]{'' if inside else '   DIFFERS'}")
        if not inside:
            failures.append(name)


def main():
    random = np.random.default_rng(7)
    print(f"hyla {hyla.version_string().decode()} against cuvis-ai on PyTorch {torch.__version__.split('+')[0]}\n")
    print(f"  {'loss':44}{'hyla':>18}{'cuvis-ai':>18}{'difference':>12}{'gradient':>12}")
    compare_pixel_losses(random)
    compare_cube_losses(random)
    compare_matrix_losses(random)
    compare_detection(random)
    compare_score_metrics(random)
    compare_small_metrics(random)
    for path in sys.argv[1:]:
        compare_ranking(pathlib.Path(path))
    if failures:
        sys.exit(f"compare_torch: {len(failures)} differ: {', '.join(failures)}")
    print("\nall agree")


if __name__ == "__main__":
    main()
