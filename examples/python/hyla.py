"""hyla for Python, made from its header: every struct of hyla.h is a ctypes class here, every function takes numpy
arrays, structs and numbers. There is no list of functions to keep: what the header declares is there.

    hyla = Hyla("build/lib/libhyla.so", "include/hyla.h")
    pixels = hyla.pixels(scores=scores, targets=targets, n=scores.size)
    loss, gradient = ctypes.c_double(), numpy.empty_like(scores)
    hyla.bce_loss_and_gradient(hyla.params("bce", pos_weight=10.0), pixels, 1.0, hyla.STORE, None, loss, gradient)

A call returns its status: 0, or the bits of notices. An error is raised as HylaError. An array must have the type that
the header says, lie in one piece, and be long enough for what the call says of it; any other is a TypeError, and so is
every other object: float64, which is what numpy makes of Python's numbers, is not taken for float32. A struct keeps its
arrays alive; a binning that was built points into its table, which the caller keeps.
"""

import ctypes
import pathlib
import re

from pointers import Plane, Pointer, items, items_of_fields, number

SCALARS = {
    "float": ctypes.c_float,
    "double": ctypes.c_double,
    "size_t": ctypes.c_size_t,
    "char": ctypes.c_char,
    "hyla_status": ctypes.c_int32,
    "void": None,
    **{
        f"{sign}int{bits}_t": getattr(ctypes, f"c_{sign}int{bits}")
        for sign in ("", "u")
        for bits in (8, 16, 32, 64)
    }
}


class HylaError(Exception):
    """An error of a call. `subject` is the argument or the field that it is about; empty: the call as a whole."""

    def __init__(self, message, subject):
        super().__init__(message)
        self.subject = subject


class Struct(ctypes.Structure):
    """A struct of the header. Fields that are pointers take arrays, which live as long as the struct."""

    def __setattr__(self, name, value):
        kind = self.kinds.get(name)
        if kind is None:
            raise AttributeError(f"{type(self).__name__} has no {name}")
        what = f"{type(self).__name__}: {name}"
        if isinstance(kind, Pointer):
            place = kind.address(what, value)
            self.arrays[name] = value
            value = place
        elif isinstance(kind, Plane):
            value = kind.made(what, value)
            self.arrays[name] = next(iter(value.arrays.values()), None)
        super().__setattr__(name, number(what, kind, value))

    def lie_in(self, array, dtype):
        """A plane or a mask lies in an array of any type."""
        super().__setattr__("data", array.ctypes.data)
        self.arrays["data"] = array
        self.dtype = dtype

    @property
    def arrays(self):
        return self.__dict__.setdefault("_arrays", {})


class Hyla:
    def __init__(self, library, header):
        self._library = ctypes.CDLL(str(library))
        text = re.sub(r"//[^\n]*|/\*.*?\*/", "", pathlib.Path(header).read_text(), flags=re.S)
        text = re.sub(r" HYLA_INITIALLY\(.*\);", ";", text)
        for name, value in re.findall(r"^#define HYLA_(\w+) (-?\d+)$", text, flags=re.M):
            setattr(self, name, int(value))
        self._types = dict(SCALARS)
        for name, body in re.findall(r"typedef struct (\w+) \{(.*?)\} \1;", text, flags=re.S):
            kinds = dict(self._field(line) for line in body.split(";") if line.strip())
            fields = [(field, self._stored(kind)) for field, kind in kinds.items()]
            self._types[name] = type(name, (Struct,), {"_fields_": fields, "kinds": kinds})
        self.arguments = {}
        for result, name, arguments in re.findall(r"^(\w[\w ]*?\*?) ?(hyla_\w+)\(([^;{}]*?)\);", text, flags=re.M):
            function = getattr(self._library, name)
            function.restype = ctypes.c_char_p if "char" in result else self._types[result.split()[-1]]
            kinds = dict(self._field(argument) for argument in arguments.split(",") if argument.strip() != "void")
            function.argtypes = [ctypes.c_void_p if isinstance(kind, Pointer) else kind for kind in kinds.values()]
            # What nobody has told is an error here, not a length that is not checked.
            items(name, kinds, {argument: 0 for argument in kinds})
            self.arguments[name.removeprefix("hyla_")] = kinds
            setattr(self, name.removeprefix("hyla_"), self._caller(function, kinds))

    def _type(self, declaration):
        """The type of `const struct hyla_sum_totals *other`, or of `size_t n`."""
        kind = self._types[[word for word in re.findall(r"\w+", declaration) if word not in ("const", "struct")][0]]
        if "*" in declaration:
            return Pointer(kind, "const" in declaration.split())
        return Plane(kind) if getattr(kind, "__name__", None) in Plane.TYPES else kind

    def _field(self, declaration):
        name, count = re.search(r"(\w+)(?:\[(\d+)\])?$", declaration.strip()).groups()
        kind = self._type(declaration)
        if count:
            kind = self._stored(kind) * int(count)
        return name, kind

    @staticmethod
    def _stored(kind):
        """What ctypes stores for a field."""
        return ctypes.c_void_p if isinstance(kind, Pointer) else kind.struct if isinstance(kind, Plane) else kind

    def _caller(self, function, kinds):
        return lambda *arguments: self._checked(function, function(*self._converted(function, kinds, arguments)))

    def bind(self, name, *arguments):
        """A call whose arguments are converted once: for measurements. Whoever binds keeps the arguments alive."""
        function = getattr(self._library, f"hyla_{name}")
        converted = self._converted(function, self.arguments[name], arguments)
        return lambda: self._checked(function, function(*converted))

    @staticmethod
    def _converted(function, kinds, arguments):
        name = function.__name__
        if len(arguments) != len(kinds):
            raise TypeError(f"{name}: wanted {len(kinds)} arguments ({', '.join(kinds)}), given {len(arguments)}")
        given = dict(zip(kinds, arguments))
        converted = []
        for argument, kind in kinds.items():
            what = f"{name}: {argument}"
            if isinstance(kind, Pointer):
                converted.append(kind.address(what, given[argument]))
            else:
                given[argument] = number(what, kind, given[argument])
                converted.append(given[argument])
        for argument, count in items(name, kinds, given).items():
            kinds[argument].check_length(f"{name}: {argument}", given[argument], count)
        cube = next((value for value in given.values() if type(value).__name__ == "hyla_cube"), None)
        for argument, value in given.items():
            for field, count in items_of_fields(value, cube).items():
                value.kinds[field].check_length(f"{name}: {argument}.{field}", value.arrays.get(field), count)
        return converted

    def _checked(self, function, result):
        if function.restype is ctypes.c_int32 and result < 0:
            raise self._error(function, result)
        return result

    def _error(self, function, status):
        """The error of a status, which says what it is about."""
        subject = self._library.hyla_status_subject(status).decode()
        about = f"{function.__name__}: {subject}" if subject else function.__name__
        return HylaError(f"{about}: {self._library.hyla_status_message(status).decode()}", subject)

    def struct(self, name, **fields):
        """A struct with these fields, all else 0."""
        struct = self._types[f"hyla_{name}"]()
        for field, value in fields.items():
            setattr(struct, field, value)
        return struct

    def params(self, node, **fields):
        """The defaults of a node, with these fields written over them."""
        params = self.struct(f"{node}_params")
        getattr(self, f"{node}_params_init")(params, ctypes.sizeof(params))
        for field, value in fields.items():
            setattr(params, field, value)
        return params

    def pixels(self, **fields):
        return self.struct("pixels", **fields)

    def plane(self, array, **fields):
        """Numbers of an array, and how they lie and what they mean: `scale=1 / 4095`."""
        return self._laid("hyla_plane", array, fields)

    def mask(self, array, **fields):
        """Truth values of an array, and how they lie and what they mean: `has_ignore=1, ignore=255`."""
        return self._laid("hyla_mask", array, fields)

    def interleaved(self, array, channels):
        """Values of an array or a plane, in which the channels of a pixel are neighbours (BIP)."""
        values = self.struct("values", plane=array, channel_stride=1)
        values.plane.stride = channels
        return values

    def _laid(self, name, array, fields):
        made = Plane(self._types[name]).made(name, array)
        for field, value in fields.items():
            setattr(made, field, value)
        return made

    def metrics(self, node, *arguments, capacity=64):
        """What hyla_<node>_metrics writes, as a dictionary: name to (value, status)."""
        out = (self._types["hyla_metric"] * capacity)()
        count = ctypes.c_size_t()
        context = self.struct("context", stage=self.STAGE_VAL)
        getattr(self, f"{node}_metrics")(*arguments, context, out, capacity, count)
        return {metric.name.decode(): (metric.value, metric.status) for metric in out[:count.value]}
