"""hyla for Python, made from its header: every struct of hyla.h is a ctypes class here, every function takes numpy
arrays, structs and numbers. There is no list of functions to keep: what the header declares is there.

    hyla = Hyla("build/lib/libhyla.so", "include/hyla.h")
    pixels = hyla.pixels(scores=scores, targets=targets, n=scores.size)
    loss, gradient = ctypes.c_double(), numpy.empty_like(scores)
    hyla.bce_loss_and_gradient(hyla.params("bce", pos_weight=10.0), pixels, 1.0, hyla.STORE, None, loss, gradient)

A call returns its status: 0, or the bits of notices. An error is raised as HylaError.
"""

import ctypes
import pathlib
import re

SCALARS = {"float": ctypes.c_float, "double": ctypes.c_double, "size_t": ctypes.c_size_t, "char": ctypes.c_char,
           "hyla_status": ctypes.c_int32, "void": None,
           **{f"{sign}int{bits}_t": getattr(ctypes, f"c_{sign}int{bits}") for sign in ("", "u") for bits in (8, 16, 32, 64)}}


class HylaError(Exception):
    pass


class Hyla:
    def __init__(self, library, header):
        self._library = ctypes.CDLL(str(library))
        text = re.sub(r"//[^\n]*|/\*.*?\*/", "", pathlib.Path(header).read_text(), flags=re.S)
        for name, value in re.findall(r"^#define HYLA_(\w+) (-?\d+)$", text, flags=re.M):
            setattr(self, name, int(value))
        self._types = dict(SCALARS)
        for name, body in re.findall(r"typedef struct (\w+) \{(.*?)\} \1;", text, flags=re.S):
            fields = [self._field(line) for line in body.split(";") if line.strip()]
            self._types[name] = type(name, (ctypes.Structure,), {"_fields_": fields})
        for result, name, arguments in re.findall(r"^(\w[\w ]*?\*?) ?(hyla_\w+)\(([^;{}]*?)\);", text, flags=re.M):
            function = getattr(self._library, name)
            function.restype = ctypes.c_char_p if "char" in result else self._types[result.split()[-1]]
            function.argtypes = [self._type(argument) for argument in arguments.split(",") if argument.strip() != "void"]
            setattr(self, name.removeprefix("hyla_"), self._caller(function))

    def _type(self, declaration):
        """The type of `const struct hyla_sum *other`: all pointers are alike."""
        if "*" in declaration:
            return ctypes.c_void_p
        return self._types[[word for word in declaration.split() if word not in ("const", "struct")][0]]

    def _field(self, declaration):
        name, count = re.search(r"(\w+)(?:\[(\d+)\])?$", declaration.strip()).groups()
        kind = self._type(declaration)
        return name, kind * int(count) if count else kind

    def _caller(self, function):
        return lambda *arguments: self._checked(function, function(*self._converted(function, arguments)))

    def bind(self, name, *arguments):
        """A call whose arguments are converted once: for measurements. Whoever binds keeps the arguments alive."""
        function = getattr(self._library, f"hyla_{name}")
        converted = self._converted(function, arguments)
        return lambda: self._checked(function, function(*converted))

    @staticmethod
    def _converted(function, arguments):
        pairs = zip(arguments, function.argtypes, strict=True)
        return [address(value) if kind is ctypes.c_void_p else value for value, kind in pairs]

    def _checked(self, function, result):
        if function.restype is ctypes.c_int32 and result < 0:
            raise HylaError(f"{function.__name__}: {self._library.hyla_status_message(result).decode()}")
        return result

    def struct(self, name, **fields):
        """A struct with these fields, all else 0. Arrays are kept alive with it."""
        struct = self._types[f"hyla_{name}"]()
        struct.arrays = fields
        for field, value in fields.items():
            setattr(struct, field, address(value))
        return struct

    def params(self, node, **fields):
        """The defaults of a node, with these fields written over them."""
        params = self.struct(f"{node}_params")
        getattr(self, f"{node}_params_init")(params, ctypes.sizeof(params))
        for field, value in fields.items():
            if not hasattr(params, field):
                raise AttributeError(f"hyla_{node}_params has no {field}")
            setattr(params, field, value)
        return params

    def pixels(self, **fields):
        return self.struct("pixels", **fields)

    def metrics(self, node, *arguments, capacity=64):
        """What hyla_<node>_metrics writes, as a dictionary: name to (value, status)."""
        out = (self._types["hyla_metric"] * capacity)()
        count = ctypes.c_size_t()
        context = self.struct("context", stage=self.STAGE_VAL)
        getattr(self, f"{node}_metrics")(*arguments, context, out, capacity, count)
        return {metric.name.decode(): (metric.value, metric.status) for metric in out[:count.value]}


def address(value):
    """Where an array or a struct lies; a number is itself."""
    if hasattr(value, "ctypes"):
        if not value.flags.c_contiguous:
            raise ValueError("the array is not contiguous")
        return value.ctypes.data
    if isinstance(value, (ctypes.Structure, ctypes.Array, ctypes._SimpleCData)):
        return ctypes.addressof(value)
    return value
