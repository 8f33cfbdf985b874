//! Terms and slopes of plain tiles, of which [`Few`] found the softmax.
//!
//! **Limit**: the loss of 4 classes took 4.2 ns a pixel with AVX-512, planes in the cache: 1.5 for exponentials, 0.8
//! for the loop of the two divisions, 0.6 for the logarithm, 0.5 for reading the labels twice, 0.1 for the sum. Slopes
//! add 0.5, and 1 to 1.5 where memory must be waited for. That is why they are stored between logarithms.
//!
//! [`Few`]: crate::node::softmax::Few

use super::kept::Kept;
use crate::input::CubeOutput;
use crate::math::log1p_not_negative;
use crate::node::softmax::Tile;
use crate::simd::{Kernel, Lanes, Pair, Simd, load, store};

/// Finds terms and slopes of a plain tile.
pub(super) struct FinishPlain<'t> {
    pub tile: &'t mut Tile,
    pub kept: &'t mut Kept,
    pub has_terms: bool,
    pub has_slopes: bool,
    /// Where slopes go. None: to the place of the probabilities.
    pub to: Option<CubeOutput<'t>>,
}

impl Kernel for FinishPlain<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        self.finish::<Pair<S::Register>>(simd);
    }
}

impl FinishPlain<'_> {
    #[inline(always)]
    fn finish<V: Lanes>(self, simd: V::Simd) {
        let Self { tile, kept, has_terms, has_slopes, mut to } = self;
        let [of_terms, of_slopes] = &kept.factors;
        let (of_term, of_slope): (V, V) = (load(simd, of_terms, 0), load(simd, of_slopes, 0));
        let start = tile.start / V::LANES;
        for index in 0..tile.vectors::<V>() {
            if has_terms {
                let log_sum = log1p_not_negative(load::<V>(simd, &kept.spread, index));
                store((log_sum + load::<V>(simd, &kept.logit, index)) * of_term, &mut kept.terms, index);
            }
            if has_slopes {
                let (label, _) = tile.classes::<V>(simd, index);
                let short: V = load(simd, &kept.greatest, index);
                let mut class = of_slope.constant(0.0);
                for row in 0..tile.rows {
                    let place = tile.place::<V>(row, index);
                    let error = V::select(label.eq(class), short, load(simd, &tile.values, place));
                    match &mut to {
                        Some(to) => to.write(start + index, row, None, error * of_slope),
                        None => store(error * of_slope, &mut tile.values, place),
                    }
                    class = class + 1.0;
                }
            }
        }
    }
}
