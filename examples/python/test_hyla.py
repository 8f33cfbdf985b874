"""Tests the Python binding: what the header does not want is a TypeError that says so, and nothing was called.

usage: test_hyla.py      (after `make lib`; needs numpy)
"""

import ctypes
import gc
import pathlib
import sys

import numpy as np

from hyla import Hyla, HylaError, Struct
from pointers import NAMES, Plane, Pointer

ROOT = pathlib.Path(__file__).resolve().parents[2]
hyla = Hyla(ROOT / "build/lib/libhyla.so", ROOT / "include/hyla.h")
checks = 0
failures = 0


def check(good, text):
    global checks, failures
    checks += 1
    if not good:
        failures += 1
        print(f"FAILED: {text}")


def refused(call, *words, error=TypeError):
    """The call raises this error, whose text has all these words."""
    try:
        call()
    except error as raised:
        check(type(raised) is error and all(word in str(raised) for word in words), f"{words} are not in: {raised}")
    else:
        check(False, f"nothing was raised for {words}")


def strangers(kind):
    """What a pointer of this kind must not be given, each with a word for it."""
    wanted = NAMES.get(kind.item, "None" if kind.item is None else kind.item.__name__)
    if wanted in NAMES.values():
        for name in {"float32", "float64", "bool", "complex64", *NAMES.values()} - {wanted}:
            yield np.zeros(64, name), wanted, f"given an array of {name}"
        yield np.zeros(64, wanted)[::2], wanted, "not contiguous"
        yield np.zeros((8, 8), wanted).T, wanted, "not contiguous"
        if wanted[-1] != "8":
            yield np.zeros(64, np.dtype(wanted).newbyteorder()), wanted, "given an array of >"
        if not kind.const:
            fixed = np.zeros(64, wanted)
            fixed.flags.writeable = False
            yield fixed, wanted, "read-only"
        other = ctypes.c_int8 if wanted != "int8" else ctypes.c_uint8
        yield other(), wanted, "given a c_"
        yield (other * 64)(), wanted, f"given a {other.__name__}_Array_64"
    else:
        yield np.zeros(64), wanted, "given an array of float64"
        for other in ("hyla_pixels", "hyla_exact_sum"):
            if other != wanted:
                struct = hyla.struct(other.removeprefix("hyla_"))
                yield struct, wanted, f"given a {other}"
                yield (type(struct) * 2)(), wanted, f"given a {other}_Array_2"
    yield [1.0], wanted, "given a list"
    yield 4096, wanted, "given an int"
    yield "text", wanted, "given a str"


def test_every_pointer():
    """Arguments of every function and fields of every struct, as the header declares them."""
    pointers = 0
    for name, kinds in hyla.arguments.items():
        for argument, kind in kinds.items():
            if isinstance(kind, Pointer):
                pointers += 1
                for stranger, *words in strangers(kind):
                    given = [
                        stranger if other == argument else None if isinstance(kinds[other], Pointer) else 0
                        for other in kinds
                    ]
                    refused(lambda: getattr(hyla, name)(*given), f"hyla_{name}: {argument}: ", *words)
                    refused(lambda: hyla.bind(name, *given), f"hyla_{name}: {argument}: ", *words)
        refused(lambda: getattr(hyla, name)(*[0] * (len(kinds) + 1)), f"hyla_{name}: wanted {len(kinds)} arguments")
    for kind in list(Struct.__subclasses__()):
        for field, pointer in kind.kinds.items():
            if isinstance(pointer, Pointer):
                pointers += 1
                for stranger, *words in strangers(pointer):
                    refused(lambda: setattr(kind(), field, stranger), f"{kind.__name__}: {field}: ", *words)
        refused(lambda: setattr(kind(), "no_field", 1), "no_field", error=AttributeError)
    check(pointers > 400, f"only {pointers} pointers were found in the header")


def test_sizes():
    """Structs have the size that the library says."""
    for name in hyla.arguments:
        struct = name.removesuffix("_size")
        if struct != name:
            check(ctypes.sizeof(hyla.struct(struct)) == getattr(hyla, name)(), f"the size of {struct}")


def test_lengths():
    """Arrays that are one item too short, where the call or the struct says how long they must be."""
    def floats(n):
        return np.ones(n, np.float32)

    loss = ctypes.c_double()
    tail = (1.0, hyla.STORE, None, loss)
    bce, svdd, mse, matrix = (hyla.params(node) for node in ("bce", "svdd", "mse", "orthogonality"))
    bytes_of = {field: np.ones(4, np.uint8) for field in ("targets", "decisions", "valid")}
    for field in ("scores", "weights", "soft_targets", *bytes_of):
        pixels = hyla.pixels(**{field: bytes_of.get(field, floats(4))}, n=5)
        refused(lambda: hyla.sum_update(pixels, hyla.struct("sum_totals")), f"pixels.{field}", "5 items", "given 4")
    pixels = hyla.pixels(scores=floats(5), targets=np.ones(5, np.uint8), n=5)
    refused(lambda: hyla.bce_loss_and_gradient(bce, pixels, *tail, floats(4)), "grad_scores", "5 items", "given 4")
    refused(lambda: hyla.bce_map(bce, pixels, floats(4)), "loss_map", "5 items", "given 4")
    refused(lambda: hyla.bce_map(bce, pixels, loss), "loss_map", "float32", "c_double")
    refused(lambda: hyla.bce_map(bce, pixels, ctypes.c_float()), "loss_map", "5 items", "given 1")

    # 3 pixels of 2 channels, with gaps: the last value is that at 2 * 10 + 4.
    def lie(n):
        return hyla.struct("values", plane=hyla.plane(floats(n), stride=10), channel_stride=4)

    cube = hyla.struct("cube", values=lie(25), n=3, channels=2)
    short = hyla.struct("cube", values=lie(24), n=3, channels=2)
    refused(
        lambda: hyla.mse_loss_and_gradient(mse, short, lie(25), *tail, floats(25)), "reconstruction.values",
        "25 items", "given 24"
    )
    refused(
        lambda: hyla.mse_loss_and_gradient(mse, cube, lie(24), *tail, floats(25)), ": target", "25 items", "given 24"
    )
    refused(
        lambda: hyla.mse_loss_and_gradient(mse, cube, lie(25), *tail, floats(24)), "grad_reconstruction", "25 items",
        "given 24"
    )
    check(
        hyla.mse_loss_and_gradient(mse, cube, lie(25), *tail, floats(25)) == 0, "arrays that end with the last value"
    )
    refused(lambda: hyla.mse_map(mse, cube, lie(25), floats(2)), "loss_map", "3 items", "given 2")
    refused(lambda: hyla.svdd_map(svdd, cube, floats(1), floats(3)), "center", "2 items", "given 1")
    refused(lambda: hyla.svdd_map(svdd, cube, floats(2), floats(2)), "score_map", "3 items", "given 2")
    sums = (type(hyla.struct("exact_sum")) * 1)()
    refused(lambda: hyla.svdd_center_update(svdd, cube, floats(2), sums), "center_sums", "2 items", "given 1")
    refused(lambda: hyla.svdd_center_normalize(sums, 2), "center_sums", "2 items", "given 1")
    refused(
        lambda: hyla.svdd_gradient_center(svdd, None, None, 2, 1.0, hyla.STORE, floats(1)), "grad_center", "2 items",
        "given 1"
    )
    for field in ("targets", "labels", "valid", "weights"):
        kind = {"labels": np.int32, "weights": np.float32}.get(field, np.uint8)
        setattr(cube, field, np.ones(2, kind))
        refused(lambda: hyla.mse_map(mse, cube, lie(25), floats(3)), f"reconstruction.{field}", "3 items", "given 2")
        setattr(cube, field, None)
    cube.labels = np.zeros(3, np.int32)
    dice = hyla.struct("dice_totals")
    refused(lambda: hyla.dice_update(hyla.params("dice"), cube, dice), "totals", "2 items", "given 1")
    refused(lambda: hyla.dice_loss(hyla.params("dice"), dice, 2, loss), "totals", "2 items", "given 1")
    refused(
        lambda: hyla.cross_entropy_map(hyla.params("cross_entropy"), cube, floats(1), floats(3)), "class_weights",
        "2 items", "given 1"
    )

    rows = hyla.struct("matrix", values=floats(12), rows=3, columns=3, row_stride=5)
    room = np.empty(hyla.orthogonality_workspace(3, 3))
    refused(
        lambda: hyla.orthogonality_loss(matrix, rows, room, room.size, loss), "components.values", "13 items",
        "given 12"
    )
    rows.values = floats(13)
    check(hyla.orthogonality_loss(matrix, rows, room, room.size, loss) == 0, "a matrix that ends with its last value")
    refused(lambda: hyla.orthogonality_loss(matrix, rows, room, room.size + 1, loss), "workspace", f"given {room.size}")
    refused(
        lambda: hyla.orthogonality_gradient(matrix, rows, 1.0, hyla.STORE, room, room.size, floats(12)),
        "grad_components", "13 items"
    )
    refused(
        lambda: hyla.selector_entropy_loss(hyla.params("selector_entropy"), floats(4), 5, loss), "weights", "5 items",
        "given 4"
    )
    # Sizes by numpy's integers and by ctypes' ones are sizes, too.
    for n in (np.int64(5), ctypes.c_size_t(5)):
        refused(
            lambda: hyla.selector_entropy_loss(hyla.params("selector_entropy"), floats(4), n, loss), "weights",
            "5 items", "given 4"
        )

    binning, count = hyla.struct("binning", rule=hyla.BINNING_KEY, bins=8), ctypes.c_size_t()
    hyla.ranking_words(binning, count)
    words = np.zeros(count.value, np.int64)
    refused(
        lambda: hyla.ranking_update(binning, pixels, words[1:], words.size), "words", f"{words.size} items",
        f"given {words.size - 1}"
    )
    refused(lambda: hyla.ranking_merge(binning, words[1:], words, words.size), "other", f"{words.size} items")
    refused(
        lambda: hyla.drift_values(hyla.params("drift"), binning, words[1:], words, words.size, None), "reference",
        f"{words.size} items"
    )
    refused(lambda: hyla.ranking_quantile(binning, words, words.size, 0.5, loss), "bounds", "2 items", "given 1")
    points = (type(hyla.struct("ranking_point")) * 2)()
    refused(lambda: hyla.ranking_curve(binning, words, words.size, points, 3, count), "points", "3 items", "given 2")
    each = (type(hyla.struct("explained_variance_totals")) * 2)()
    refused(lambda: hyla.explained_variance_normalize(each, 3), "totals", "3 items", "given 2")
    refused(
        lambda: hyla.explained_variance_values(each, 2, np.zeros(1), np.zeros(2), loss), "ratios", "2 items", "given 1"
    )
    out = (type(hyla.struct("metric")) * 2)()
    refused(lambda: hyla.drift_metrics(None, None, out, 3, count), "out", "3 items", "given 2")
    refused(
        lambda: hyla.distinct_label_count_update(np.zeros(4, np.int32), None, 5, None, 0), "labels", "5 items",
        "given 4"
    )
    refused(lambda: hyla.distinct_label_count_value(np.zeros(1, np.int32), 2, None), "words", "2 items", "given 1")
    table = np.zeros(3, np.uint32)
    refused(lambda: hyla.binning_build(hyla.params("binning"), table, 4, binning), "table", "4 items", "given 3")
    binning = hyla.struct("binning", table=table, table_words=4)
    refused(lambda: hyla.ranking_words(binning, count), "binning.table", "4 items", "given 3")


def test_planes():
    """Arrays of any type, as they lie, give the numbers of float32 and bytes; those of no type are refused."""
    plane, mask = (type(getattr(hyla.pixels(), field)) for field in ("scores", "targets"))
    for name in {"complex64", "bool", *NAMES.values()}:
        array = np.zeros(4, name)
        for field, kind in (("scores", plane), ("targets", mask)):
            if name in Plane.TYPES[kind.__name__]:
                check(getattr(hyla.pixels(**{field: array}), field).data == array.ctypes.data, f"{field} of {name}")
            else:
                refused(lambda: hyla.pixels(**{field: array}), f"hyla_pixels: {field}", f"given an array of {name}")
    for stranger, word in ([1.0], "a list"), (np.zeros(8, "f4")[::2], "not contiguous"), (np.zeros(8, ">f4"), ">f4"):
        refused(lambda: hyla.pixels(scores=stranger), "hyla_pixels: scores", word)
        refused(lambda: hyla.plane(stranger), "hyla_plane", word)
    refused(lambda: hyla.pixels(scores=mask()), "hyla_pixels: scores", "given a hyla_mask")
    refused(lambda: hyla.pixels(targets=plane()), "hyla_pixels: targets", "given a hyla_plane")

    # 2 rows of 3 pixels in a wider frame, every second item.
    integers = np.arange(16, dtype=np.uint16).reshape(2, 8)
    labels = np.array([0, 255, 3, 0, 1, 255], np.int32)
    lie = {"stride": 2, "row_pitch": 16, "scale": 0.25, "zero_point": 6}
    pixels = hyla.pixels(scores=hyla.plane(integers, **lie), targets=hyla.mask(labels, has_ignore=1, ignore=255))
    pixels.n, pixels.rows, pixels.output_pitch = 6, 2, 16
    plain = hyla.pixels(
        scores=((integers[:, :6:2].astype(np.float32) - 6) * np.float32(0.25)).ravel(), targets=labels != 0,
        valid=labels != 255, n=6
    )
    found, expected = np.empty((2, 4), np.float32), np.empty((2, 3), np.float32)
    losses = ctypes.c_double(), ctypes.c_double()
    gc.collect()
    for given, loss, gradient in zip((pixels, plain), losses, (found, expected)):
        hyla.bce_loss_and_gradient(hyla.params("bce"), given, 1.0, hyla.STORE, None, loss, gradient)
    check(losses[0].value == losses[1].value and (found[:, :3] == expected).all(), "the loss of a frame as it lies")
    short = np.empty(6, np.float32)
    refused(lambda: hyla.bce_map(hyla.params("bce"), pixels, short), "loss_map", "7 items", "given 6")
    pixels.scores = hyla.plane(integers.ravel()[:12], **lie)
    refused(lambda: hyla.bce_map(hyla.params("bce"), pixels, found), "pixels.scores", "13 items", "given 12")
    bits = hyla.pixels(decisions=hyla.mask(np.zeros(2, np.uint8), first_bit=5), n=12)
    bits.decisions.dtype = hyla.BITS_LSB
    totals = hyla.struct("pixel_statistics_totals")
    refused(lambda: hyla.pixel_statistics_update(bits, totals), "pixels.decisions", "3 items", "given 2")
    bits.n = 11
    check(hyla.pixel_statistics_update(bits, totals) == 0, "bits that end with their last byte")


def test_numbers():
    pixels = hyla.pixels()
    for wrong in (-1, 1 << 64):
        refused(lambda: setattr(pixels, "n", wrong), "hyla_pixels: n", "uint64", str(wrong), error=OverflowError)
    refused(lambda: setattr(pixels, "n", 1.0), "hyla_pixels: n", "uint64", "given a float")
    refused(lambda: hyla.tier_pin(-1), "hyla_tier_pin: tier", "uint32", error=OverflowError)
    refused(lambda: hyla.params("bce", weight="1"), "hyla_bce_params: weight", "float32", "given a str")
    refused(lambda: hyla.params("bce", pos_wait=1.0), "hyla_bce_params has no pos_wait", error=AttributeError)


def test_values():
    """What is right goes through: the example of the README, by arrays that nobody else keeps."""
    loss, gradient = ctypes.c_double(), np.empty(3, np.float32)
    pixels = hyla.pixels(scores=np.array([2.0, -1.0, 0.5], np.float32), targets=np.array([1, 0, 0], np.uint8), n=3)
    gc.collect()
    status = hyla.bce_loss_and_gradient(hyla.params("bce"), pixels, 1.0, hyla.STORE, None, loss, gradient)
    check(status == 0 and f"{loss.value:.6f}" == "0.471422", f"loss {loss.value}")
    check([f"{slope:.6f}" for slope in gradient] == ["-0.039734", "0.089647", "0.207486"], f"gradient {gradient}")
    refused(
        lambda: hyla.pixels(scores=np.array([2, -1, 0], np.int64), n=3),
        "hyla_pixels: scores: wanted a contiguous array of float32, float64, ", "given an array of int64"
    )
    gradient.flags.writeable = False
    refused(
        lambda: hyla.bce_gradient(None, None, pixels, 1.0, hyla.STORE, gradient), "grad_scores", "float32 to write to",
        "read-only"
    )
    refused(lambda: hyla.bce_loss(None, None, loss), "hyla_bce_loss: params: ", error=HylaError)
    totals = hyla.struct("pixel_statistics_totals")
    hyla.pixel_statistics_update(hyla.pixels(decisions=np.array([1, 0, 0, 0], np.uint8), n=4), totals)
    check(
        hyla.metrics("pixel_statistics", totals)["anomaly/anomaly_percentage"] == (25.0, 0),
        "a quarter of the pixels is anomalous"
    )


def test_band_statistics():
    """Lines of a camera, against numpy, with a column of the detector that is dead."""
    lines, columns, bands = 40, 7, 5
    frame = np.random.default_rng(3).integers(0, 4096, (lines, columns, bands), dtype=np.uint16)
    frame[:, 4, 2] = 17
    params = hyla.params("band_statistics", has_saturation=1, saturation=4000.0)
    totals = (type(hyla.struct("band_statistics_totals")) * bands)()
    words = (type(hyla.struct("band_statistics_column")) * (columns * bands))()
    reports = (type(hyla.struct("band_statistics_report")) * bands)()
    for line in frame:
        cube = hyla.struct("cube", values=hyla.interleaved(line, bands), n=columns, channels=bands)
        hyla.band_statistics_update(params, cube, totals, words)
    hyla.band_statistics_values(params, totals, bands, reports)
    dead, found = np.zeros(4, np.uint64), ctypes.c_size_t()
    hyla.band_statistics_dead_columns(words, len(words), dead, dead.size, found)
    check(found.value == 1 and dead[0] == 2 * columns + 4, f"dead columns {dead[:found.value]}")
    for band, report in enumerate(reports):
        values = frame[:, :, band].astype(np.float64)
        near = np.allclose([report.mean, report.std], [values.mean(), values.std()], rtol=1e-13, atol=0)
        check(near, f"band {band}: {report.mean} and {report.std}")
        counts = [report.count, report.min, report.max, report.zero, report.saturated]
        expected = [values.size, values.min(), values.max(), (values == 0).sum(), (values >= 4000).sum()]
        check(counts == expected, f"band {band}: {counts}, expected {expected}")
    short = (totals._type_ * (bands - 1))()
    refused(lambda: hyla.band_statistics_update(params, cube, short, words), "totals", "5 items", "given 4")
    short = (words._type_ * (columns * bands - 1))()
    refused(lambda: hyla.band_statistics_update(params, cube, totals, short), "columns", "35 items", "given 34")
    refused(
        lambda: hyla.band_statistics_dead_columns(words, len(words), dead, 5, found), "dead", "5 items", "given 4"
    )


for name, test in list(globals().items()):
    if name.startswith("test_"):
        test()
print(f"python: {checks} checks, {failures} failed")
sys.exit(failures != 0)
