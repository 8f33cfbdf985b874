//! A Rust program that depends on the crate by path.

use hyla::loss::bce::{Params, Totals};
use hyla::input::Pixels;

fn main() -> Result<(), hyla::error::Error> {
    let params = Params { pos_weight: 10.0, ..Params::default() };
    let pixels =
        Pixels { scores: &[2.0, -1.0], targets: Some(&[1, 0]), ..Pixels::default() };
    let mut totals = Totals::default();
    totals.update(&params, &pixels)?;
    println!("loss {:.6}", totals.loss(&params)?.value);
    Ok(())
}
