//! Parameters as C has them: a struct that says its own size, of this version, an older or a newer one, or damaged.

use crate::buffer::Buffer;
use crate::source::Source;

/// A `params` struct in memory that ends where the struct ends.
#[derive(Clone)]
pub struct Parameters(Buffer<u32>);

impl Parameters {
    /// The struct, which must begin with `struct_size`; its size is set here.
    pub fn new<P: Copy>(source: &mut Source, params: P) -> Self {
        let fields = size_of::<P>() / 4;
        // SAFETY: every field of parameters has four bytes, so that there is no padding.
        let known = unsafe { core::slice::from_raw_parts((&raw const params).cast::<u32>(), fields) };
        let mut words = known.to_vec();
        match source.below(32) {
            0 => words.resize(fields + 1 + source.below(9), 0),
            1 => words.resize(fields + 1 + source.below(9), source.any()),
            2 => words.truncate(1 + source.below(fields)),
            _ => {}
        }
        words[0] = 4 * words.len() as u32;
        if source.once_in(64) {
            words[0] = source.pick(&[0, 3, 5, 4097, 4100, u32::MAX]);
        }
        Self(Buffer::new(source.start(), &words))
    }

    /// The pointer that C hands over.
    pub fn pointer<P>(&self) -> *const P {
        self.0.at(0).cast()
    }
}
