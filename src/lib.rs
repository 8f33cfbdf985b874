//! HYperspectral Losses & Accumulators: the losses, gradients and streaming metrics of cuvis-ai's
//! nodes, with the same bits on every machine.
//!
//! ```text
//!  pixels ──► update kernel ──► totals (i64 words) ──► value (f64) ──► loss / metric
//!                                  ▲   │
//!                         merge ───┘   └──► factors ──► gradient kernel ──► one float a pixel
//! ```
//!
//! | module | what is there |
//! | --- | --- |
//! | [`error`] | errors and notices, with the numbers of the C interface |
//! | [`simd`] | the tiers; inside: vectors, kernels, and what they read and write |
//! | `math` | inside: elementary functions of vectors with stated bounds, of one `f64`, colors; the order of floats |
//! | [`exact`] | exact sums that merge by integer addition |
//! | [`input`] | the inputs of a call, and the one rule for masks and weights |
//! | `node` | inside: what several nodes share |
//! | [`loss`] | losses: parameters, totals, value, gradient, one file each |
//! | [`metric`] | metrics: totals and values, one file each |
//! | `capi` | the functions of `include/hyla.h` (feature `capi`) |
//! | `measured` | what measurements reach inside for (feature `scalar`) |
//!
//! Each module uses those above it, and none below. `loss` and `metric` do not know each other; within them a node uses
//! another one only if it is made of it: `detection` of `confusion` and `ranking`, `drift` of the histograms of
//! `ranking`.
//!
//! **Promises**: the same bits on every tier, for any split of the pixels over calls, threads and
//! machines; exact sums, rounded once; merging is integer addition of words; no allocation, no
//! panic, no global state but the tier; bad arguments are errors and change nothing; stated
//! accuracy; a masked pixel is as if it were not there; any words whatever are read in bounded time, and totals whose
//! words contradict each other are an error ([`error::Error::Totals`]) in every function that reads them. The default
//! floating-point environment is assumed, as everywhere in Rust; the C functions set it themselves.
//!
//! **Tiers**: AVX-512, AVX2 (both found at run time without the standard library), portable (SSE2,
//! NEON, simd128: what the target has) and scalar (targets without SIMD).
//!
//! **Features**: `capi` compiles the C functions; `scalar` compiles the scalar tier beside the
//! others, and `measured`, for tests and measurements; `std` lets a std program carry the C functions; `conversions`
//! lets pixels be planes of any type and pitch. `conversions` alone is on by default.
//!
//! ```
//! use hyla::loss::bce::{Params, Totals};
//! use hyla::input::Pixels;
//!
//! let params = Params { pos_weight: 10.0, ..Params::default() };
//! let pixels = Pixels { scores: &[2.0, -1.0], targets: Some(&[1, 0]), ..Pixels::default() };
//! let mut totals = Totals::default();
//! totals.update(&params, &pixels)?;
//! assert!((totals.loss(&params)?.value - 0.791_270_9).abs() < 1e-6);
//! # Ok::<(), hyla::error::Error>(())
//! ```

#![no_std]
#![warn(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[cfg(test)]
extern crate std;

/// The Rust of the README compiles and runs.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

#[cfg(feature = "capi")]
pub mod capi;
pub mod error;
pub mod exact;
pub mod input;
pub mod loss;
#[cfg_attr(not(test), allow(dead_code, reason = "the bounds are for tests"))]
mod math;
#[cfg(feature = "scalar")]
pub mod measured;
pub mod metric;
mod node;
pub mod simd;

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test may panic")]
mod tests;
