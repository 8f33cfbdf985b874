//! How values are written to an array: they replace what it holds, or are added to it.

use super::Lanes;

/// What a gradient does with the slice that it writes to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u32)]
pub enum Write {
    /// Overwrites it; pixels that do not count become 0.
    #[default]
    Store = 0,
    /// Adds to it, rounded once an element; pixels that do not count stay as they are. So
    /// several losses on one tensor are combined.
    Add = 1,
}

impl Write {
    /// The write mode of a number of the C interface.
    pub fn from_number(number: u32) -> Option<Self> {
        [Self::Store, Self::Add].into_iter().find(|write| *write as u32 == number)
    }

    /// Writes the values in the lanes in which the mask is true (None: in all).
    #[inline(always)]
    pub(crate) fn write<V: Lanes>(self, mask: Option<V::Mask>, values: V, to: &mut V::Floats) {
        let before = match self {
            Self::Store => None,
            Self::Add => Some(V::from_floats(values.simd(), to)),
        };
        over(mask, values, before).to_floats(to);
    }
}

/// What is in an array after values were written in the lanes in which the mask is true (None: in all). With `before`
/// the values are added to it. Without it they are stored, and the other lanes become 0.
#[inline(always)]
pub(crate) fn over<V: Lanes>(mask: Option<V::Mask>, values: V, before: Option<V>) -> V {
    let (values, otherwise) = match before {
        None => (values, values.constant(0.0)),
        Some(before) => (before + values, before),
    };
    match mask {
        Some(mask) => V::select(mask, values, otherwise),
        None => values,
    }
}

/// The values where the mask is true (None: everywhere), 0 elsewhere.
#[inline(always)]
pub(crate) fn only<V: Lanes>(mask: Option<V::Mask>, values: V) -> V {
    match mask {
        Some(mask) => V::select(mask, values, values.constant(0.0)),
        None => values,
    }
}
