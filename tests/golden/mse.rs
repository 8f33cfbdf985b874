//! MSEReconstructionLoss.

use super::{check_gradient, check_value, cube, doubles, floats, for_each_case, interleaved, number, reduction};
use hyla::capi::loss::{HYLA_REDUCTION_NONE, HYLA_STORE};
use hyla::capi::mse::*;
use serde_json::Value;

#[test]
fn mse_reconstruction() {
    for_each_case("mse_reconstruction", check);
}

fn check(case: &Value) {
    let given = &case["params"];
    let params = hyla_mse_params {
        struct_size: size_of::<hyla_mse_params>() as u32,
        reduction: reduction(given),
        weight: number(&given["weight"]) as f32,
    };
    let values = floats(&case["inputs"]["reconstruction"]);
    let target = floats(&case["inputs"]["target"]);
    let cube = cube(&case["inputs"]["reconstruction"], &values);
    let target = interleaved(&target, cube.channels);
    let mut totals = hyla_mse_totals::default();
    let mut gradient = vec![f32::NAN; values.len()];
    // SAFETY: all pointers are of live values, the arrays in the layout of the cube.
    unsafe {
        assert_eq!(hyla_mse_update(&params, &cube, &target, &mut totals), 0);
        let to = gradient.as_mut_ptr();
        assert_eq!(hyla_mse_gradient(&params, &totals, &cube, &target, 1.0, HYLA_STORE, to), 0);
    }
    if params.reduction == HYLA_REDUCTION_NONE {
        let mut map = vec![f32::NAN; values.len()];
        // SAFETY: as above.
        let status = unsafe { hyla_mse_map(&params, &cube, &target, map.as_mut_ptr()) };
        assert_eq!(status, 0);
        for (found, truth) in map.iter().zip(doubles(&case["expect"]["loss"])) {
            check_value(case, f64::from(*found), truth, 0.0);
        }
    } else {
        let mut loss = f64::NAN;
        // SAFETY: as above.
        assert_eq!(unsafe { hyla_mse_loss(&params, &totals, &mut loss) }, 0);
        check_value(case, loss, number(&case["expect"]["loss"]), 0.0);
    }
    check_gradient(case, &gradient, &doubles(&case["expect"]["grad_reconstruction"]), 0.0);
    // The gradient by the target is that of the negated upstream.
    // SAFETY: as above.
    unsafe {
        let to = gradient.as_mut_ptr();
        assert_eq!(hyla_mse_gradient(&params, &totals, &cube, &target, -1.0, HYLA_STORE, to), 0);
    }
    check_gradient(case, &gradient, &doubles(&case["expect"]["grad_target"]), 0.0);
}
