"""What a pointer of hyla.h may be given, and how many items it needs: the checks of hyla.py."""

import ctypes

# What numpy calls the types of the header.
NAMES = {
    ctypes.c_float: "float32",
    ctypes.c_double: "float64",
    **{
        getattr(ctypes, f"c_{name}"): name
        for name in ("int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64")
    }
}
INTEGERS = set(NAMES) - {ctypes.c_float, ctypes.c_double}

# How many items there are behind a pointer, by the name of the argument, or by its struct: as many as the first of
# these says which the function has. They are other arguments, or what the given pixels, cube or matrix says; where
# there is none it is one item.
COUNTS = {
    "words": ["count"],
    "reference": ["count"],
    "other": ["count"],
    "workspace": ["workspace_size"],
    "table": ["table_words"],
    "scores": ["n"],
    "targets": ["n"],
    "valid": ["n"],
    "labels": ["n"],
    "weights": ["n"],
    "grad_weights": ["n"],
    "ratios": ["components"],
    "cumulative": ["components"],
    "center": ["cube.channels"],
    "class_weights": ["cube.channels"],
    "grad_center": ["channels"],
    "loss_map": ["pixels.output", "cube.output"],
    "score_map": ["cube.output"],
    "grad_scores": ["pixels.output"],
    **dict.fromkeys(("grad_embeddings", "grad_reconstruction", "grad_logits", "grad_rgb"), ["cube.gradient"]),
    **dict.fromkeys(("grad_components", "grad_selection_weights"), ["matrix.values"]),
    "bounds": [2],
    "dead": ["capacity"],
    **dict.fromkeys(("written", "loss", "sum", "mean", "std", "radius", "grad_r_unconstrained"), []),
    **dict.fromkeys(("threshold", "total", "entropy", "found"), []),
}
COUNTS_OF_STRUCTS = {
    "hyla_exact_sum": ["channels", "cube.channels"], "hyla_dice_totals": ["classes", "cube.channels"],
    "hyla_explained_variance_totals": ["components"], "hyla_metric": ["capacity"], "hyla_ranking_point": ["capacity"],
    "hyla_band_statistics_totals": ["channels", "cube.channels"], "hyla_band_statistics_report": ["channels"],
    "hyla_band_statistics_column": ["count", "cube.columns"],
}


class Pointer:
    """A pointer of the header: to a scalar or a struct, which are only read if it is const."""

    def __init__(self, item, const):
        self.item = item
        self.const = const

    def __str__(self):
        if self.item is None:
            return "None"
        if self.item in NAMES:
            return f"a contiguous array of {NAMES[self.item]}"
        return f"a struct or array of {self.item.__name__}"

    def address(self, what, value):
        """Where an array or a struct lies, if it is one of the right type."""
        if value is None:
            return None
        if isinstance(value, self.item or ()) or (isinstance(value, ctypes.Array) and value._type_ is self.item):
            return ctypes.addressof(value)
        if not (hasattr(value, "ctypes") and hasattr(value, "dtype")):
            raise TypeError(f"{what}: wanted {self}, given {article(type(value).__name__)}")
        if value.dtype.name != NAMES.get(self.item) or not value.dtype.isnative:
            given = value.dtype.name if value.dtype.isnative else value.dtype.str
            raise TypeError(f"{what}: wanted {self}, given an array of {given}")
        if not value.flags.c_contiguous:
            raise TypeError(f"{what}: wanted {self}, given an array of {value.dtype.name} that is not contiguous")
        if not (self.const or value.flags.writeable):
            raise TypeError(
                f"{what}: wanted {self} to write to, given an array of {value.dtype.name} that is read-only"
            )
        return value.ctypes.data

    def check_length(self, what, value, count):
        if value is None:
            return
        length = value.size if hasattr(value, "size") else len(value) if isinstance(value, ctypes.Array) else 1
        if length < count:
            raise TypeError(f"{what}: wanted {self} with {count} items, given {length}")


class Plane:
    """A plane or a mask in another struct: it is given as an array of one of these types, or as the struct itself."""

    # The code of DLPack for what numpy calls a kind; a type of the header is this and the bits.
    CODES = {"i": 0, "u": 1, "f": 2, "b": 6}
    TYPES = {
        "hyla_plane": ["float32", "float64", "float16", "uint8", "int8", "uint16", "int16", "int32"],
        "hyla_mask": ["uint8", "bool", "uint16", "int32"],
        # Arrays do not say which of their axes are channels.
        "hyla_values": [],
    }

    def __init__(self, struct):
        self.struct = struct
        self.types = self.TYPES[struct.__name__]

    def __str__(self):
        if not self.types:
            return "values, as hyla.interleaved makes them,"
        return f"a contiguous array of {', '.join(self.types[:-1])} or {self.types[-1]}"

    def made(self, what, value):
        """The struct of an array."""
        if isinstance(value, self.struct):
            return value
        made = self.struct()
        if value is None:
            return made
        if not (hasattr(value, "ctypes") and hasattr(value, "dtype")):
            raise TypeError(f"{what}: wanted {self}, given {article(type(value).__name__)}")
        if value.dtype.name not in self.types or not value.dtype.isnative:
            given = value.dtype.name if value.dtype.isnative else value.dtype.str
            raise TypeError(f"{what}: wanted {self}, given an array of {given}")
        if not value.flags.c_contiguous:
            raise TypeError(f"{what}: wanted {self}, given an array of {value.dtype.name} that is not contiguous")
        made.lie_in(value, self.CODES[value.dtype.kind] | value.dtype.itemsize << 11)
        return made

    def check_length(self, what, value, count):
        if value is not None and value.nbytes < count * value.itemsize:
            raise TypeError(f"{what}: wanted {self} with {count} items, given {value.size}")


def article(name):
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def number(what, kind, value):
    """A number of the header's type: ctypes by itself cuts integers that are too large."""
    if kind not in NAMES:
        return value
    if isinstance(value, ctypes._SimpleCData):
        value = value.value
    try:
        kept = kind(value).value
    except TypeError:
        raise TypeError(f"{what}: wanted {article(NAMES[kind])}, given {article(type(value).__name__)}") from None
    if kind in INTEGERS and kept != value:
        raise OverflowError(f"{what}: wanted {article(NAMES[kind])}, given {value}")
    return kept


def items(function, kinds, given):
    """How many items each pointer argument of a call must have."""
    sizes = dict(given)
    for value in given.values():
        name = type(value).__name__.removeprefix("hyla_")
        if name in ("pixels", "cube", "matrix"):
            sizes |= {f"{name}.{field}": getattr(value, field) for field in ("n", "channels") if field in value.kinds}
            sizes |= {f"{name}.{field}": count for field, count in items_of_fields(value).items()}
            if name in ("pixels", "cube"):
                sizes[f"{name}.output"] = bytes_of_rows(value, 32, 0, 1, value.output_pitch) // 4
            if name == "cube":
                sizes["cube.columns"] = value.n // max(value.rows, 1) * value.channels
                plane = value.values.plane
                pitch = value.output_pitch or plane.row_pitch // max((plane.dtype >> 11) & 31, 1) * 4
                sizes["cube.gradient"] = bytes_of_values(value.values, value, 32, pitch) // 4
    counts = {}
    for argument, kind in kinds.items():
        if not isinstance(kind, Pointer):
            continue
        rules = COUNTS_OF_STRUCTS.get(kind.item.__name__, []) if kind.item not in NAMES else COUNTS.get(argument)
        if rules is None:
            raise TypeError(f"{function}: nobody has told how many items {argument} has")
        known = [sizes.get(rule, rule) for rule in rules]
        counts[argument] = next((size for size in known if isinstance(size, int)), 1)
    return counts


def bytes_of_rows(pixels, bits, first, stride, pitch):
    """From the first byte of pixels of so many bits to the end of the last one."""
    rows = max(pixels.rows, 1)
    columns = pixels.n // rows
    if columns == 0:
        return 0
    row = ((columns - 1) * stride * bits + first + bits + 7) // 8
    gapless = row if bits % 8 else columns * stride * bits // 8
    return (rows - 1) * (pitch or gapless) + row


def bytes_of_values(values, cube, bits, pitch):
    """From the first byte of the values of a cube to the end of the last one."""
    if cube.n == 0 or cube.channels == 0:
        return 0
    channel = max(values.channel_stride, 1) * (bits // 8 if bits % 8 == 0 else 1)
    return bytes_of_rows(cube, bits, 0, max(values.plane.stride, 1), pitch) + (cube.channels - 1) * channel


def items_of_values(values, array, cube):
    """How many items an array of values must have."""
    size = bytes_of_values(values, cube, values.plane.dtype >> 8 & 255, values.plane.row_pitch)
    return -(-size // array.itemsize)


def items_of_fields(struct, cube=None):
    """How many items each array of a struct must have, by what the struct says of itself, or the cube beside it."""
    def reach(counts_and_strides):
        """One more than the last place that is read."""
        if any(count == 0 for count, _ in counts_and_strides):
            return 0
        return 1 + sum((count - 1) * stride for count, stride in counts_and_strides)

    match type(struct).__name__:
        case "hyla_values" if cube is not None and struct.arrays.get("plane") is not None:
            return {"plane": items_of_values(struct, struct.arrays["plane"], cube)}
        case "hyla_pixels" | "hyla_cube":
            counts = {}
            for field, array in struct.arrays.items():
                if field == "values" and array is not None:
                    counts[field] = items_of_values(struct.values, array, struct)
                elif array is not None:
                    plane = getattr(struct, field)
                    first, stride = getattr(plane, "first_bit", 0), max(plane.stride, 1)
                    size = bytes_of_rows(struct, plane.dtype >> 8 & 255, first, stride, plane.row_pitch)
                    counts[field] = -(-size // array.itemsize)
            return counts
        case "hyla_matrix":
            return {"values": reach([(struct.rows, struct.row_stride), (struct.columns, 1)])}
        case "hyla_binning":
            return {"table": struct.table_words}
    return {}
