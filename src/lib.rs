//! hyla
#![no_std]
#![allow(missing_docs)]

#[cfg(test)]
extern crate std;

pub mod exact;
pub mod simd;

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests;
