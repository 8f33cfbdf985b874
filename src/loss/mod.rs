//! Losses: one file each, all of the same shape.
//!
//! ```text
//!  pixels ──► update ──► totals ──► loss
//!                          ├─ merge
//!                          └──► gradient ──► one float a pixel
//! ```
//!
//! `Params` says what is computed, `Totals` hold exact sums that merge by integer addition,
//! `update` adds pixels to them, `loss` makes a number of them, and `gradient` writes the
//! derivative for any part of the pixels once the totals are complete. `loss_and_gradient` does
//! all of it for one frame.

pub mod bce;
pub mod cross_entropy;
pub mod dice;
pub mod distinctness;
pub mod focal;
pub mod foreground_contrast;
pub mod iou;
pub mod mse;
pub mod orthogonality;
pub mod selector_diversity;
pub mod selector_entropy;
pub mod spectral_angle;
pub mod svdd;
pub mod tversky;

pub use crate::node::reduction::{Reduction, Sums};
pub use crate::simd::Write;
