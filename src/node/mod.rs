//! What several nodes share. The only node here is [`range`], which is a node by itself and a part of others.
//!
//! | module | what is there |
//! | --- | --- |
//! | [`reduction`] | how terms become a loss, and the totals of all losses that are a mean or a sum |
//! | [`fingerprint`] | which parameters the terms of totals were made with |
//! | [`walk`] | the calls of losses whose terms are added: checks, counts, and what is written |
//! | [`pixelwise`] | of these, losses with one term a pixel, a function of its margin |
//! | [`cubewise`] | of these, losses of cubes |
//! | [`overlap`] | intersection and union of predictions and targets |
//! | [`softmax`] | probabilities of classes, and labels |
//! | [`channels`] | sums over the channels of a pixel, or the columns of a row |
//! | [`spectra`] | two cubes in one layout: sums over the channels of their pixels, and what is written there |
//! | [`gram`] | products of rows |
//! | [`selection`] | entropy and spread of selection weights |
//! | [`range`] | the least and the greatest score |
//! | [`select`], [`sort`] | order statistics of a frame |

pub mod channels;
pub mod cubewise;
pub mod fingerprint;
pub mod gram;
pub mod overlap;
pub mod pixelwise;
pub mod range;
pub mod reduction;
pub mod select;
pub mod selection;
pub mod softmax;
pub mod sort;
pub mod spectra;
pub mod walk;
