"""Binary floats of any precision as integers: the same rules as IEEE 754, few enough to try them all.

A format has `precision` bits of significand, and exponents of `exponent_bits` bits. A finite float is an integer
multiple of its smallest one; sums of such integers are exact, and `round` says which float a sum becomes.
"""

INFINITY = "infinity"
NAN = "NaN"


def to_even(numerator, shift):
    """An integer divided by 2^shift, to the nearest integer, ties to even."""
    if shift <= 0:
        return numerator << -shift
    floor, rest, half = numerator >> shift, numerator & ((1 << shift) - 1), 1 << (shift - 1)
    return floor + (rest > half or (rest == half and floor & 1))


def to_zero(numerator, shift):
    """The same, towards zero: a rounding that the code does not assume."""
    size = abs(numerator) >> shift if shift > 0 else abs(numerator) << -shift
    return size if numerator >= 0 else -size


class Format:
    def __init__(self, precision, exponent_bits, nearest=to_even, flushes=False):
        self.precision, self.exponent_bits = precision, exponent_bits
        self.fraction_bits = precision - 1
        self.bias = (1 << (exponent_bits - 1)) - 1
        self.nearest, self.flushes = nearest, flushes
        # The exponent of the smallest float, and of the greatest power of two.
        self.lowest = 1 - self.bias - self.fraction_bits
        self.highest = self.bias

    def positive_bits(self):
        """The bits of all finite floats from 0 on, in their order."""
        return range(((1 << self.exponent_bits) - 1) << self.fraction_bits)

    def all_bits(self):
        return range(1 << (self.exponent_bits + self.precision))

    def decode(self, bits):
        """The float, in units of the smallest one."""
        sign = -1 if bits >> (self.exponent_bits + self.fraction_bits) else 1
        biased = bits >> self.fraction_bits & ((1 << self.exponent_bits) - 1)
        fraction = bits & ((1 << self.fraction_bits) - 1)
        if biased == (1 << self.exponent_bits) - 1:
            return NAN if fraction else (INFINITY, sign)
        return sign * (fraction if biased == 0 else (fraction | 1 << self.fraction_bits) << (biased - 1))

    def encode(self, number):
        """The bits of a float of units that it holds exactly."""
        if number == NAN:
            return ((1 << self.exponent_bits) - 1) << self.fraction_bits | 1 << (self.fraction_bits - 1)
        if isinstance(number, tuple):
            bits = ((1 << self.exponent_bits) - 1) << self.fraction_bits
            return bits | (number[1] < 0) << (self.exponent_bits + self.fraction_bits)
        size, sign = abs(number), int(number < 0) << (self.exponent_bits + self.fraction_bits)
        if size < 1 << self.fraction_bits:
            return sign | size
        shift = size.bit_length() - self.precision
        assert size % (1 << shift) == 0, "not a float"
        return sign | (shift + 1) << self.fraction_bits | (size >> shift) & ((1 << self.fraction_bits) - 1)

    def round(self, numerator, shift=0):
        """The float that `numerator / 2^shift` units become."""
        length = abs(numerator).bit_length() - shift
        drop = max(length - self.precision, 0)
        size = self.nearest(numerator, shift + drop) << drop
        if self.flushes and abs(size) < 1 << self.fraction_bits:
            return 0
        if abs(size) >= 1 << (self.highest + 1 - self.lowest):
            return (INFINITY, 1 if numerator > 0 else -1)
        return size

    def add(self, one, other, sign=1):
        """`one + sign * other`."""
        if NAN in (one, other):
            return NAN
        if isinstance(one, tuple) or isinstance(other, tuple):
            signs = {number[1] * factor for number, factor in ((one, 1), (other, sign)) if isinstance(number, tuple)}
            return NAN if len(signs) > 1 else (INFINITY, signs.pop())
        return self.round(one + sign * other)

    def subtract(self, one, other):
        return self.add(one, other, -1)
