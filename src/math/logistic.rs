//! Softplus and sigmoid of one number, at once: what the losses of a margin are made of.

use super::{BELOW_96, BIAS, TO_INTEGER, TWO_96, exp_of_rest, fold, polynomial, reduce};
use crate::simd::{Lanes, Mask};

/// Softplus and sigmoid of one z, faster and with wider bounds than [`super::softplus`] and
/// [`super::sigmoid`]: made by [`logistic`].
#[derive(Clone, Copy)]
pub struct Logistic<V: Lanes> {
    z: V,
    negative: V::Mask,
    /// `2^96 e^-|z|`.
    scaled: V,
}

/// Softplus and sigmoid at once and faster, with wider bounds. Each is computed when it is asked for, so
/// that few registers are in use at a time; what they share is computed here.
///
/// ```text
/// e = e^-|z|     sigmoid  = (z < 0 ? e : 1) / (1 + e)
///                softplus = max(0, z) + e Q(e)         Q(e) = log1p(e)/e
/// ```
///
/// One exponential and one division: 52 operations for both, 48 for softplus alone. Both within
/// [`super::LOGISTIC_MAX_ULP`]; limits as for the two functions.
///
/// e and the 1 of the sigmoid are scaled by 2^96, 1/d and Q by 2^-96: their products are the
/// results, rounded once also where they are subnormal.
#[inline(always)]
pub fn logistic<V: Lanes>(z: V) -> Logistic<V> {
    let (x, negative) = fold(z, -153.0);
    let reduced = reduce(x, z.constant(TO_INTEGER + BIAS + 96.0));
    Logistic { z, negative, scaled: exp_of_rest(&reduced) * reduced.power() }
}

impl<V: Lanes> Logistic<V> {
    /// `1 / (1 + e^-z)`, the derivative of softplus.
    #[inline(always)]
    pub fn sigmoid(&self) -> V {
        let q = self.z.constant(1.0) / (self.scaled + TWO_96);
        V::select(self.negative, self.scaled, self.z.constant(TWO_96)) * q
    }

    /// `1 - sigmoid(z)`, which keeps its digits for z up to 30; beyond, it stays `e^-30`.
    #[inline(always)]
    pub(crate) fn complement(&self) -> V {
        let q = self.z.constant(1.0) / (self.scaled + TWO_96);
        V::select(self.negative, self.z.constant(TWO_96), self.scaled) * q
    }

    /// `ln(1 + e^z)`: the binary cross-entropy of a logit `-z` with target 1.
    ///
    /// Q is a polynomial in `e - c`, relative error within 3.2e-8. c is the multiple of 2^-11 near
    /// 1/2 with the best such polynomial: `log1p(c)/c` is almost a float, and the rounding of this
    /// greatest coefficient decides (5.3e-8 for c = 1/2).
    ///
    /// `c = 0.5-9b-11; fpminimax(log1p(x+c)/(x+c), 8, [|SG...|], [-c+1b-40;1-c], relative)`
    #[inline(always)]
    pub fn softplus(&self) -> V {
        const CONSTANT: f32 = 0.812_200_7 * BELOW_96;
        const LINEAR: f32 = -0.289_696_1 * BELOW_96;
        const PAIRS: [[f32; 2]; 3] = [
            [0.133_506_04 * BELOW_96, -0.068_359_64 * BELOW_96],
            [0.037_081_54 * BELOW_96, -0.020_535_061 * BELOW_96],
            [0.011_853_555 * BELOW_96, -0.008_763_01 * BELOW_96],
        ];
        const TOP: f32 = 0.005_232_510_6 * BELOW_96;
        // 1/2 - 9/2048.
        const CENTER: f32 = 0.495_605_47;

        let y = self.scaled * BELOW_96 - CENTER;
        let squared = y * y;
        let quadratic = squared * polynomial(y, squared, PAIRS, y.constant(TOP));
        // The constant, the greatest term, comes last and rounds once.
        let quotient = (quadratic + y * LINEAR) + CONSTANT;
        V::select(self.negative, y.constant(0.0), self.z) + self.scaled * quotient
    }

    /// `softplus * factor`, within [`super::LOGISTIC_PRODUCT_MAX_ULP`].
    #[inline(always)]
    pub fn softplus_times(&self, factor: V) -> V {
        self.product(self.softplus(), factor, factor)
    }

    /// `sigmoid * factor`, within [`super::LOGISTIC_PRODUCT_MAX_ULP`].
    #[inline(always)]
    pub fn sigmoid_times(&self, factor: V) -> V {
        self.product(self.sigmoid(), factor, factor)
    }

    /// `value * factor`, which keeps its digits where the value is subnormal. Where z is below [`DEEP`] both
    /// softplus and sigmoid are `e^z` to the last bit: there the factor of `e^z` is applied to the scaled e,
    /// and the scale is taken off last. Few logits are so low: a branch is cheaper than the operations.
    #[inline(always)]
    pub(crate) fn product(&self, value: V, factor: V, factor_of_deep: V) -> V {
        let product = value * factor;
        let deep = self.z.lt(self.z.constant(DEEP));
        if deep.any() { V::select(deep, self.scaled * factor_of_deep * BELOW_96, product) } else { product }
    }
}

/// Below this z `e^z` is less than 2^-92: `log1p(e)` and `e / (1 + e)` are e.
const DEEP: f32 = -64.0;
