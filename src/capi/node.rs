//! What the files of most nodes use: they begin with `use super::node::*`.

pub(super) use super::check::{
    self, Parameters, Span, Written, changed, disjoint, floats, in_place, input, option, optional, optional_input,
    output, switch,
};
pub(super) use super::cube::hyla_cube;
pub(super) use super::fault::{About as _, Argument, Fault, subject};
pub(super) use super::loss::write_mode;
pub(super) use super::macros::{
    change, exported, loss_totals, merge, mirror, normalize, parameters, size, stages, totals_of_each,
};
pub(super) use super::matrix::{self, hyla_matrix};
pub(super) use super::metric::{List, hyla_context, hyla_metric, metrics};
pub(super) use super::pixels::{self, hyla_pixels};
pub(super) use super::status::hyla_status;
pub(super) use super::sum::hyla_exact_sum;
pub(super) use super::{answer, mirrored, put_number, update, view, view_mut, views, views_mut};
pub(super) use crate::error::{Error, Notices, Value};
