//! Limits, conventions and bad arguments.

use super::*;

#[test]
fn infinite_logits_have_their_limit() {
    let inf = f32::INFINITY;
    for_each_tier(|_| {
        let batch = Batch::new(3, &[0.0, inf, 1.0, 2.0, -inf, -inf], &[1, 0]);
        let found = outcome(&Params::default(), &batch.cube());
        assert_eq!((found.loss, found.notices), (0, Notices::NONE));
        let batch = Batch::new(1, &[inf, -inf], &[1, 0]);
        let found = outcome(&Params::default(), &batch.cube());
        assert_eq!((found.loss, found.notices), (0, Notices::NONE));
        assert!(found.gradient.iter().all(|bits| f32::from_bits(*bits) == 0.0));
    });
}

#[test]
fn several_infinite_logits_and_nan_give_nan() {
    let inf = f32::INFINITY;
    for logits in [[inf, inf, 0.0], [-inf, -inf, -inf], [f32::NAN, 0.0, 1.0], [f32::NAN, inf, 1.0]]
    {
        let found = outcome(&Params::default(), &Batch::new(3, &logits, &[1]).cube());
        assert_eq!((found.loss, found.notices), (u64::MAX, Notices::NOT_FINITE), "{logits:?}");
        assert_eq!(found.gradient, [u32::MAX; 3]);
    }
    let found = outcome(&Params::default(), &Batch::new(1, &[f32::NAN], &[1]).cube());
    assert_eq!((found.loss, found.notices), (u64::MAX, Notices::NOT_FINITE));
}

#[test]
fn a_label_that_no_class_has_is_rejected() {
    let nan = f32::NAN;
    // One channel knows 0 and 1: 255 without an ignored label is no background.
    let batch = Batch::new(1, &[1.0, nan, nan, 0.5], &[1, 2, 255, 0]);
    let found = outcome(&Params::default(), &batch.cube());
    assert_eq!((found.totals[0].pixels, found.totals[0].rejected), (2, 2));
    assert_eq!(found.notices, Notices::REJECTED);
    let ignoring = Params { ignore_index: Some(255), ..Params::default() };
    assert_eq!(outcome(&ignoring, &batch.cube()).totals[0].rejected, 1);
    let batch = Batch::new(2, &[1.0, 0.0, nan, nan, nan, 0.0], &[1, 2, -1]);
    let found = outcome(&Params::default(), &batch.cube());
    assert_eq!((found.totals[1].pixels, found.totals[1].rejected), (1, 2));
}

#[test]
fn nothing_costs_nothing() {
    for (absent, eps) in
        [(Absent::One, 1e-6), (Absent::One, 0.0), (Absent::Skip, 1e-6), (Absent::Skip, 0.0)]
    {
        let params = Params { absent, eps, ignore_index: Some(9), ..Params::default() };
        for classes in [1, 3] {
            let value = loss(&params, &empty(classes)).unwrap();
            assert_eq!((value.value, value.notices), (0.0, Notices::EMPTY));
            let batch = Batch::new(classes, &std::vec![f32::NAN; classes], &[9]);
            let found = outcome(&params, &batch.cube());
            assert_eq!((found.loss, found.notices), (0, Notices::EMPTY));
            assert!(found.gradient.iter().all(|bits| *bits == 0));
        }
    }
}

#[test]
fn absent_classes() {
    // Class 2 is neither labelled nor predicted: it is worth 1, or left out.
    let inf = f32::INFINITY;
    let batch = Batch::new(3, &[0.0, 0.0, -inf, 0.0, 0.0, -inf], &[0, 1]);
    let of = |params: Params| {
        let found = outcome(&params, &batch.cube());
        (f64::from_bits(found.loss), found.notices)
    };
    let one = of(Params { eps: 0.0, ..Params::default() });
    assert!((one.0 - 1.0 / 3.0).abs() < 1e-15 && one.1 == Notices::DEGENERATE);
    let skip = of(Params { eps: 0.0, absent: Absent::Skip, ..Params::default() });
    assert_eq!(skip, (0.5, Notices::NONE));
    let one = of(Params::default());
    assert!((one.0 - 1.0 / 3.0).abs() < 1e-6 && one.1 == Notices::NONE);
    // Without the background, and with nothing but background.
    let batch = Batch::new(2, &[1.0, 0.0], &[0]);
    let params = Params { include_background: false, absent: Absent::Skip, ..Params::default() };
    let found = outcome(&params, &batch.cube());
    assert_eq!((found.loss, found.notices), (0, Notices::DEGENERATE));
    assert_eq!(found.gradient, [0, 0]);
}

#[test]
fn the_background_is_left_out() {
    let batch = Batch::new(2, &[0.0, 0.0, 0.0, 0.0], &[0, 1]);
    let params = Params { include_background: false, eps: 0.0, ..Params::default() };
    assert_eq!(f64::from_bits(outcome(&params, &batch.cube()).loss), 0.5);
    // One channel has none to leave out.
    let batch = Batch::new(1, &[0.0, 0.0], &[0, 1]);
    for include_background in [false, true] {
        let params = Params { include_background, eps: 0.0, ..Params::default() };
        assert_eq!(f64::from_bits(outcome(&params, &batch.cube()).loss), 0.5);
    }
}

#[test]
fn many_classes() {
    let classes = 4096;
    let logits: Vec<f32> = (0..classes * 3).map(|i| (i * 37 % 101) as f32 * 0.1 - 5.0).collect();
    let batch = Batch::new(classes, &logits, &[5, 4095, 0]);
    let mut first = None;
    for_each_tier(|_| {
        let found = outcome(&Params::default(), &batch.cube());
        let sum: f64 = found.totals.iter().map(|totals| totals.probability.value()).sum();
        assert!((sum - 3.0).abs() < 1e-6);
        let first = first.get_or_insert_with(|| outcome(&Params::default(), &batch.cube()));
        assert_eq!(&found, first);
    });
}

#[test]
fn bad_arguments_change_nothing() {
    let batch = Batch::new(2, &[1.0, 0.5], &[1]);
    let (default, good, mut totals) = (Params::default(), batch.cube(), empty(2));
    update(&default, &good, &mut totals).unwrap();
    let before = totals.clone();
    let mut slopes = [7.0, 7.0];
    for weight in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let params = Params { weight, ..default };
        assert_eq!(update(&params, &good, &mut totals), Err(Error::Weight));
        assert_eq!(loss(&params, &totals), Err(Error::Weight));
    }
    for eps in [f32::NAN, -1e-45, f32::INFINITY] {
        let params = Params { eps, ..default };
        assert_eq!(update(&params, &good, &mut totals), Err(Error::Epsilon));
        assert_eq!(loss(&params, &totals), Err(Error::Epsilon));
        let wrong = loss_and_gradient(&params, &good, 1.0, Write::Store, &mut totals, &mut slopes);
        assert_eq!(wrong, Err(Error::Epsilon));
    }
    let missing = Cube { labels: None, ..good };
    assert_eq!(update(&default, &missing, &mut totals), Err(Error::MissingInput));
    let short = Cube { weights: Some(&[]), ..good };
    assert_eq!(update(&default, &short, &mut totals), Err(Error::LengthMismatch));
    assert_eq!(update(&default, &good, &mut totals[..1]), Err(Error::LengthMismatch));
    for channels in [0, 4097] {
        let values = std::vec![0.0; channels];
        let layout = Layout::interleaved(1, channels);
        let cube = Cube { values: &values, layout, ..good };
        let mut totals = empty(channels);
        assert_eq!(update(&default, &cube, &mut totals), Err(Error::Channels));
        assert_eq!(loss(&default, &totals), Err(Error::Channels));
        assert_eq!(normalize(&mut totals), Err(Error::Channels));
        assert_eq!(merge(&mut totals, &empty(channels)), Err(Error::Channels));
    }
    assert_eq!(merge(&mut totals, &empty(3)), Err(Error::LengthMismatch));
    let wrong = gradient(&default, &totals, &good, 1.0, Write::Store, &mut slopes[..1]);
    assert_eq!(wrong, Err(Error::LengthMismatch));
    assert_eq!((totals, slopes), (before, [7.0, 7.0]));
}

#[test]
fn mixed_totals_are_found() {
    let batch = Batch::new(2, &[1.0, -2.0, 0.5, 0.25], &[1, 0]);
    let (default, mut totals) = (Params::default(), empty(2));
    update(&default, &batch.cube(), &mut totals).unwrap();
    let other = Params { ignore_index: Some(255), ..default };
    assert_eq!(loss(&other, &totals), Err(Error::MixedTotals));
    // The order of the classes, and how many there are.
    let swapped = [totals[1], totals[0]];
    assert_eq!(loss(&default, &swapped), Err(Error::MixedTotals));
    assert_eq!(loss(&default, &totals[..1]), Err(Error::MixedTotals));
    // One class has pixels that the other lacks.
    let mut uneven = totals.clone();
    update(&default, &batch.cube(), &mut uneven).unwrap();
    assert_eq!(loss(&default, &[totals[0], uneven[1]]), Err(Error::MixedTotals));
    // What changes no sum may change.
    let same = Params { weight: 2.0, eps: 1.0, absent: Absent::Skip, ..default };
    assert!(loss(&same, &totals).is_ok());
}
