//! Roots and colours: bounds over samples of floats, the same bits on every tier, and the ends.

use super::for_each_tier;
use super::naive::foreground_contrast::{self as naive, M2};
use super::naive::ulps;
use crate::math::color::{
    self, LINEAR_MAX_ULP, LINEAR_SLOPE_MAX_ULP, OKLAB_MAX_UNITS, dot, linear_of_srgb, root_of_response,
};
use crate::math::roots::{CBRT_MAX_ULP, TWO_FIFTHS_MAX_ULP, cbrt, two_fifths};
use crate::simd::{self, Counted, Kernel, Lanes, Simd, flat, flat_mut};
use bytemuck::Zeroable;
use std::vec::Vec;

/// A function of three floats that gives three floats: what it does to every three of the inputs.
macro_rules! apply {
    ($inputs:expr, [$x:ident, $y:ident, $z:ident] => $value:expr) => {{
        struct Apply<'a>(&'a [[f32; 3]], &'a mut Vec<[f32; 3]>);
        impl Kernel for Apply<'_> {
            type Output = ();
            #[inline(always)]
            fn run<S: Simd>(self, simd: S) {
                type Floats<S> = <<S as Simd>::Register as Lanes>::Floats;
                for colors in self.0.chunks(S::Register::LANES) {
                    let mut planes = [Floats::<S>::zeroed(); 3];
                    for (channel, plane) in planes.iter_mut().enumerate() {
                        let plane = flat_mut::<_, f32>(plane);
                        for (to, color) in plane.iter_mut().zip(colors) {
                            *to = color[channel];
                        }
                    }
                    let [$x, $y, $z] = [
                        S::Register::from_floats(simd, &planes[0]),
                        S::Register::from_floats(simd, &planes[1]),
                        S::Register::from_floats(simd, &planes[2]),
                    ];
                    let [a, b, c] = $value;
                    let planes = [a.to_array(), b.to_array(), c.to_array()];
                    for lane in 0..colors.len() {
                        let of = |channel: usize| flat::<_, f32>(&planes[channel])[lane];
                        self.1.push([of(0), of(1), of(2)]);
                    }
                }
            }
        }
        let mut outputs = Vec::new();
        simd::run(Apply($inputs, &mut outputs));
        outputs
    }};
}

/// The cube roots of linear light, and their slopes.
#[inline(always)]
fn responses<V: Lanes>(light: [V; 3]) -> [color::Root<V>; 3] {
    let [a, b, c] = color::M1;
    [root_of_response(dot(a, light)), root_of_response(dot(b, light)), root_of_response(dot(c, light))]
}

#[inline(always)]
fn oklab<V: Lanes>(light: [V; 3]) -> [V; 3] {
    let [a, b, c] = responses(light);
    let roots = [a.value, b.value, c.value];
    let [a, b, c] = color::M2;
    [dot(a, roots), dot(b, roots), dot(c, roots)]
}

#[inline(always)]
fn slopes<V: Lanes>(light: [V; 3]) -> [V; 3] {
    let [a, b, c] = responses(light);
    [a.slope, b.slope, c.slope]
}

/// Every `step`-th positive float from `low` to `high`, three times the same.
fn sample(low: f32, high: f32, step: usize) -> Vec<[f32; 3]> {
    (low.to_bits()..=high.to_bits()).step_by(step).map(|bits| [f32::from_bits(bits); 3]).collect()
}

fn same_bits(found: &[[f32; 3]], first: &mut Option<Vec<[u32; 3]>>, tier: simd::Tier) {
    let bits: Vec<[u32; 3]> =
        found.iter().map(|color| color.map(|float| if float.is_nan() { u32::MAX } else { float.to_bits() })).collect();
    let first = first.get_or_insert_with(|| bits.clone());
    assert!(&bits == first, "{tier:?} gives other bits");
}

#[test]
fn roots_are_within_their_bounds() {
    let inputs = sample(f32::MIN_POSITIVE, f32::MAX, 10_007);
    let mut first = None;
    let mut worst = [0.0_f64; 2];
    for_each_tier(|tier| {
        let found = apply!(&inputs, [x, y, _z] => [cbrt(x), two_fifths(y), x]);
        for ([root, fifths, _], [x, ..]) in found.iter().zip(&inputs) {
            let x = f64::from(*x);
            worst[0] = worst[0].max(ulps(*root, x.cbrt()));
            worst[1] = worst[1].max(ulps(*fifths, x.powf(0.4)));
        }
        same_bits(&found, &mut first, tier);
        let ends = apply!(&[[f32::INFINITY, f32::NAN, 1.0]], [x, y, z] => [cbrt(x), two_fifths(y), cbrt(z)]);
        assert!(ends[0][0] == f32::INFINITY && ends[0][1].is_nan() && ends[0][2] == 1.0);
        let ends = apply!(&[[f32::INFINITY, f32::NAN, 1.0]], [x, y, z] => [two_fifths(x), cbrt(y), two_fifths(z)]);
        assert!(ends[0][0] == f32::INFINITY && ends[0][1].is_nan() && ends[0][2] == 1.0);
    });
    std::println!("cube root {:.3} ulp, two fifths {:.3} ulp", worst[0], worst[1]);
    assert!(worst[0] <= CBRT_MAX_ULP && worst[1] <= TWO_FIFTHS_MAX_ULP, "{worst:?}");
}

#[test]
fn linear_light_is_within_its_bounds() {
    // From 2^53 on the power overflows.
    let positive = sample(f32::MIN_POSITIVE, 4e15, 10_007);
    let inputs: Vec<[f32; 3]> =
        positive.iter().flat_map(|[x, ..]| [[*x; 3], [-*x; 3]]).chain(sample(0.04, 1.0, 997)).collect();
    let mut first = None;
    let mut worst = [0.0_f64; 2];
    for_each_tier(|tier| {
        let found = apply!(&inputs, [x, y, _z] => [linear_of_srgb(x).value, linear_of_srgb(y).slope, x]);
        for ([value, slope, _], [x, ..]) in found.iter().zip(&inputs) {
            worst[0] = worst[0].max(ulps(*value, naive::linear(f64::from(*x))));
            worst[1] = worst[1].max(ulps(*slope, naive::linear_slope(f64::from(*x))));
        }
        same_bits(&found, &mut first, tier);
    });
    std::println!("linear {:.3} ulp, slope {:.3} ulp", worst[0], worst[1]);
    assert!(worst[0] <= LINEAR_MAX_ULP && worst[1] <= LINEAR_SLOPE_MAX_ULP, "{worst:?}");
}

#[test]
fn oklab_is_within_its_bound() {
    let levels: Vec<f32> = (0..24).map(|i| (i as f32 / 23.0).powi(3)).chain([1e-6, 4.0]).collect();
    let mut inputs = Vec::new();
    for r in &levels {
        for g in &levels {
            inputs.extend(levels.iter().map(|b| [*r, *g, *b]));
        }
    }
    let mut first = None;
    let mut worst = 0.0_f64;
    for_each_tier(|tier| {
        let found = apply!(&inputs, [r, g, b] => oklab([r, g, b]));
        for (lab, color) in found.iter().zip(&inputs) {
            let roots = naive::roots(color.map(f64::from));
            let truth = naive::product(&M2, roots);
            for channel in 0..3 {
                let sizes: f64 = (0..3).map(|k| (M2[channel][k] * roots[k]).abs()).sum();
                if sizes > 0.0 {
                    let error = (f64::from(lab[channel]) - truth[channel]).abs();
                    worst = worst.max(error / sizes * 2.0_f64.powi(24));
                }
            }
        }
        same_bits(&found, &mut first, tier);
    });
    std::println!("oklab {worst:.3} units");
    assert!(worst <= OKLAB_MAX_UNITS, "{worst}");
}

#[test]
fn derivatives_are_those_of_the_branch_that_was_taken() {
    let inputs = [[-0.055, -0.06, -1e30], [0.040_45, 0.040_450_003, -0.0], [f32::NAN, f32::INFINITY, 0.0]];
    for_each_tier(|tier| {
        let found =
            apply!(&inputs, [x, y, z] => [linear_of_srgb(x).slope, linear_of_srgb(y).slope, linear_of_srgb(z).slope]);
        let linear = 1.0_f32 / 12.92;
        assert_eq!(found[0], [linear; 3], "{tier:?}");
        assert_eq!(found[1][0], linear);
        assert!(found[1][1] > 0.078 && found[1][2] == linear);
        assert!(found[2][1] == f32::INFINITY && found[2][2] == linear);
        let values =
            apply!(&inputs, [x, y, z] => [linear_of_srgb(x).value, linear_of_srgb(y).value, linear_of_srgb(z).value]);
        assert!(values[2][0].is_nan() && values[2][1] == f32::INFINITY && values[2][2] == 0.0);

        // Black does not move; white is (1, 0, 0) but for the constants.
        let colors = [[0.0; 3], [1.0; 3], [-1.0; 3]];
        let labs = apply!(&colors, [x, y, z] => oklab([x, y, z]));
        assert_eq!(labs[0], [0.0; 3], "{tier:?}");
        assert!((labs[1][0] - 1.0).abs() < 1e-6 && labs[1][1].abs() < 1e-6 && labs[1][2].abs() < 1e-6);
        assert_eq!(labs[2], labs[1].map(|value| -value), "{tier:?}");
        let back = apply!(&colors, [x, y, z] => slopes([x, y, z]));
        assert_eq!(back[0], [0.0; 3], "{tier:?}");
        assert!(back[1].iter().all(|slope| slope.is_finite()) && back[1] == back[2]);
    });
}
