//! `hyla_orthogonality_...`: how far rows are from orthonormal.

use super::matrix_loss::matrix_loss;
use super::node::*;
use crate::loss::orthogonality::{self, Params};

stages!(HYLA_ORTHOGONALITY_STAGES, 7);

parameters! {
    /// How far the rows of a matrix are from orthonormal (cuvis-ai: OrthogonalityLoss): what is computed.
    ///
    /// With components W, K rows of M floats, K up to 1024:
    ///
    /// ```text
    /// E = W W^T - 1      loss = weight * sum E_ij^2      gradient = 4 weight E W
    /// ```
    ///
    /// Entries of E are sums of exact products in double, so that they keep their digits where the rows are nearly
    /// orthonormal. Needs no labels. With more rows than columns the least loss is weight * (K - M), which no
    /// step can lower. Initialise with HYLA_ORTHOGONALITY_PARAMS_DEFAULT. Formula: Bansal, Chen, Wang (2018), eq. 2.
    pub struct hyla_orthogonality_params {
        /// The weight of this loss among others: finite. Default 1.
        pub weight: f32 = 1.0,
    }
    HYLA_ORTHOGONALITY_PARAMS_DEFAULT, hyla_orthogonality_params_init
    |given| Params { weight: given.weight }
}

matrix_loss! {
    core orthogonality, params hyla_orthogonality_params,
    of components to grad_components,
    none "no row",
    errors "WEIGHT",
    notices "NOT_FINITE";

    /// Within 8 * 2^-24 of `4 weight |E| |W|`.
    hyla_orthogonality_gradient;

    hyla_orthogonality_workspace, hyla_orthogonality_loss, hyla_orthogonality_loss_and_gradient
}
