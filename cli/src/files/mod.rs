//! Files of arrays: `.npy`, `.npz` and ENVI.
//!
//! | module | what is there |
//! | --- | --- |
//! | [`array`] | an array in a file: its type and shape, and a part of its items |
//! | [`npy`] | the header of `.npy`, members of `.npz`, and how `.npy` is written |
//! | [`envi`] | ENVI images |
//! | [`floats`] | items of any type as float32: the one place where the tool converts them |
//! | [`series`] | the files of a port as frames |

pub mod array;
pub mod envi;
pub mod floats;
pub mod npy;
pub mod series;
