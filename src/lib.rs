//! hyla
#![no_std]
#![allow(missing_docs)]

#[cfg(test)]
extern crate std;

#[cfg(feature = "capi")]
pub mod capi;
pub mod error;
pub mod exact;
pub mod loss;
mod masks;
pub mod math;
pub mod metric;
pub mod pixels;
pub mod simd;

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests;
