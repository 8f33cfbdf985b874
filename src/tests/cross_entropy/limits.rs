//! Limits, conventions and bad arguments.

use super::*;

fn alone(params: &Params, logits: &[f32], label: i32) -> (f64, Notices, Vec<f32>) {
    let batch = Batch::new(logits.len(), logits, &[label]);
    let mut gradient = std::vec![f32::NAN; logits.len()];
    let to = &mut gradient[..];
    let value =
        loss_and_gradient(params, &batch.cube(), None, 1.0, Write::Store, None, to).unwrap();
    (value.value, value.notices, gradient)
}

#[test]
fn infinite_logits_have_their_limit() {
    let inf = f32::INFINITY;
    for_each_tier(|_| {
        let (loss, notices, gradient) = alone(&NONE, &[1.0, inf, 2.0], 1);
        assert_eq!((loss, notices, &gradient[..]), (0.0, Notices::NONE, &[0.0, 0.0, 0.0][..]));
        let (loss, notices, gradient) = alone(&NONE, &[1.0, inf, 2.0], 0);
        assert_eq!((loss, notices), (f64::INFINITY, Notices::NOT_FINITE));
        assert_eq!(gradient, [-1.0, 1.0, 0.0]);
        let (loss, notices, gradient) = alone(&NONE, &[-inf, 0.0, 0.0], 0);
        assert_eq!((loss, notices), (f64::INFINITY, Notices::NOT_FINITE));
        assert_eq!(gradient, [-1.0, 0.5, 0.5]);
        let (loss, notices, gradient) = alone(&NONE, &[-inf, 3.0, -inf], 1);
        assert_eq!((loss, notices, &gradient[..]), (0.0, Notices::NONE, &[0.0, 0.0, 0.0][..]));
    });
}

#[test]
fn several_infinite_logits_and_nan_give_nan() {
    let inf = f32::INFINITY;
    for logits in [[inf, inf, 0.0], [-inf, -inf, -inf], [f32::NAN, 0.0, 1.0], [f32::NAN, inf, 1.0]]
    {
        for label in 0..3 {
            let (loss, notices, gradient) = alone(&NONE, &logits, label);
            assert!(loss.is_nan() && notices == Notices::NOT_FINITE, "{logits:?}");
            assert!(gradient.iter().all(|slope| slope.is_nan()), "{logits:?}");
        }
    }
}

#[test]
fn a_sure_pixel_keeps_its_digits() {
    for_each_tier(|_| {
        for distance in [20.0_f32, 40.0, 80.0] {
            let (loss, _, gradient) = alone(&NONE, &[distance, 0.0, 0.0], 0);
            let rest = 2.0 * (-f64::from(distance)).exp();
            assert!((loss / rest.ln_1p() - 1.0).abs() < 3e-7, "{distance}: {loss}");
            let truth = -rest / (1.0 + rest);
            assert!((f64::from(gradient[0]) / truth - 1.0).abs() < 3e-7, "{distance}");
        }
    });
}

#[test]
fn many_classes_lose_nothing() {
    let logits: Vec<f32> = (0..4096).map(|class| (class * 37 % 101) as f32 * 0.13 - 5.0).collect();
    let doubles: Vec<f64> = logits.iter().map(|logit| f64::from(*logit)).collect();
    let truth = naive::softmax::costs(&doubles)[9];
    for_each_tier(|_| {
        let (loss, _, gradient) = alone(&NONE, &logits, 9);
        assert!(ulps(loss as f32, truth) <= TERM_MAX_ULP);
        let sum: f64 = gradient.iter().map(|slope| f64::from(*slope)).sum();
        assert!(sum.abs() < 1e-6);
    });
}

#[test]
fn labels_that_are_none_are_rejected_and_ignored_ones_are_not() {
    let nan = f32::NAN;
    let logits = [1.0, -0.5, nan, nan, nan, nan, nan, nan, 0.25, 2.0];
    let batch = Batch::new(2, &logits, &[1, -100, 2, -1, 0]);
    let found = outcome(&Params::default(), &batch.cube(), None);
    assert_eq!((found.totals.sums.terms, found.totals.sums.rejected), (2, 2));
    assert_eq!(found.notices, Notices::REJECTED);
    assert_eq!(found.gradient[2..8], [0; 6]);
    // Without an ignored label -100 is a label that no class has.
    let all = Params { ignore_index: None, ..Params::default() };
    assert_eq!(outcome(&all, &batch.cube(), None).totals.sums.rejected, 3);
    // A class may be ignored.
    let one = Params { ignore_index: Some(1), ..Params::default() };
    assert_eq!(outcome(&one, &batch.cube(), None).totals.sums.terms, 1);
}

#[test]
fn reductions_of_nothing_and_of_no_weight() {
    let empty = Totals::default();
    let of = |reduction| Params { reduction, ..Params::default() };
    for reduction in [Reduction::WeightedMean, Reduction::Mean] {
        let mean = empty.loss(&of(reduction)).unwrap();
        assert!(mean.value.is_nan() && mean.notices == Notices::EMPTY);
    }
    let sum = empty.loss(&of(Reduction::Sum)).unwrap();
    assert!(sum.value == 0.0 && sum.notices == Notices::EMPTY);
    assert_eq!(empty.loss(&of(Reduction::None)), Err(Error::NoScalar));

    // All pixels ignored.
    let batch = Batch::new(2, &[1.0, f32::NAN], &[-100]);
    let found = outcome(&Params::default(), &batch.cube(), None);
    assert_eq!((found.loss, found.notices), (u64::MAX, Notices::EMPTY));
    assert_eq!(found.gradient, [0, 0]);

    // All pixels in a class of weight 0.
    let batch = Batch::new(2, &[1.0, 2.0, f32::NAN, 0.0], &[1, 1]);
    let weights = Some(&[1.0, 0.0][..]);
    let found = outcome(&Params::default(), &batch.cube(), weights);
    assert_eq!((found.loss, found.notices), (u64::MAX, Notices::DEGENERATE));
    assert_eq!(found.gradient, [0; 4]);
    assert_eq!(outcome(&of(Reduction::Mean), &batch.cube(), weights).loss, 0);
}

#[test]
fn means_divide_as_they_say() {
    let batch = Batch::new(2, &[0.0; 6], &[0, 1, 1]);
    let weights = Some(&[1.0, 3.0][..]);
    let ln2 = f64::from(core::f32::consts::LN_2);
    let of = |reduction| {
        let params = Params { reduction, weight: 2.0, ..Params::default() };
        f64::from_bits(outcome(&params, &batch.cube(), weights).loss)
    };
    assert!((of(Reduction::WeightedMean) - 2.0 * ln2).abs() < 1e-15);
    assert!((of(Reduction::Mean) - 2.0 * 7.0 / 3.0 * ln2).abs() < 1e-6);
    assert!((of(Reduction::Sum) - 2.0 * 7.0 * ln2).abs() < 2e-6);
}

#[test]
fn bad_arguments_change_nothing() {
    let batch = Batch::new(2, &[1.0, 0.5], &[1]);
    let (default, good, mut totals) = (Params::default(), batch.cube(), Totals::default());
    totals.update(&default, &good, None).unwrap();
    let before = totals;
    for weight in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let params = Params { weight, ..default };
        assert_eq!(totals.update(&params, &good, None), Err(Error::Weight));
        assert_eq!(totals.loss(&params), Err(Error::Weight));
    }
    for label_smoothing in [f32::NAN, -1e-45, 1.000_001, f32::INFINITY] {
        let params = Params { label_smoothing, ..default };
        assert_eq!(totals.update(&params, &good, None), Err(Error::LabelSmoothing));
        assert_eq!(totals.loss(&params), Err(Error::LabelSmoothing));
    }
    for weight in [f32::NAN, -1.0, -1e-45, f32::INFINITY] {
        let weights = [1.0, weight];
        assert_eq!(totals.update(&default, &good, Some(&weights)), Err(Error::ClassWeight));
    }
    assert_eq!(totals.update(&default, &good, Some(&[1.0])), Err(Error::LengthMismatch));
    let missing = Cube { labels: None, ..good };
    assert_eq!(totals.update(&default, &missing, None), Err(Error::MissingInput));
    let short = Cube { valid: Some(&[]), ..good };
    assert_eq!(totals.update(&default, &short, None), Err(Error::LengthMismatch));
    for channels in [0, 1, 4097] {
        let values = std::vec![0.0; channels];
        let layout = Layout::interleaved(1, channels);
        let cube = Cube { values: &values, layout, ..good };
        assert_eq!(totals.update(&default, &cube, None), Err(Error::Channels));
    }
    let mut gradient = [7.0];
    let wrong = totals.gradient(&default, &good, None, 1.0, Write::Store, &mut gradient);
    assert_eq!((wrong, gradient), (Err(Error::LengthMismatch), [7.0]));
    let wrong = map(&default, &good, None, &mut []);
    assert_eq!(wrong, Err(Error::LengthMismatch));
    assert_eq!(totals, before);
}

#[test]
fn mixed_totals_are_found() {
    let batch = Batch::new(2, &[1.0, -2.0, 0.5, 0.25], &[1, 0]);
    let of = |params: &Params, weights: Option<&[f32]>| {
        let mut totals = Totals::default();
        totals.update(params, &batch.cube(), weights).unwrap();
        totals
    };
    let default = Params::default();
    let others = [
        Params { weight: 0.5, ..default },
        Params { label_smoothing: 0.5, ..default },
        Params { ignore_index: None, ..default },
    ];
    for other in others {
        let mut totals = of(&default, None);
        assert_eq!(totals.loss(&other), Err(Error::MixedTotals));
        totals.merge(&of(&other, None));
        assert_eq!(totals.loss(&default), Err(Error::MixedTotals));
        assert_eq!(totals.loss(&other), Err(Error::MixedTotals));
    }
    // The loss is not told the class weights, and still finds a mixture.
    let weights = Some(&[1.0, 2.0][..]);
    let mut totals = of(&default, weights);
    assert!(totals.loss(&default).is_ok());
    let mut gradient = [0.0; 4];
    let wrong = totals.gradient(&default, &batch.cube(), None, 1.0, Write::Store, &mut gradient);
    assert_eq!(wrong, Err(Error::MixedTotals));
    totals.merge(&of(&default, None));
    assert_eq!(totals.loss(&default), Err(Error::MixedTotals));
    // The reduction changes no term.
    assert!(of(&default, weights).loss(&Params { reduction: Reduction::Sum, ..default }).is_ok());
}
