//! Bits of masks, sixty-four at a time.

/// Bits of a row.
#[derive(Clone, Copy)]
pub(super) struct Bits<'a> {
    pub bytes: &'a [u8],
    pub is_highest_first: bool,
    /// The place of the first pixel.
    pub first_bit: usize,
}

impl Bits<'_> {
    /// Sixty-four pixels from one on, as a word whose lowest bit is the first; 0 behind the end.
    #[inline(always)]
    pub fn word(&self, pixel: usize) -> u64 {
        let first = self.first_bit.wrapping_add(pixel);
        let bytes = self.bytes.get(first / 8..).unwrap_or(&[]);
        let mut nine = [0; 9];
        match bytes.first_chunk() {
            Some(whole) => nine = *whole,
            None => nine.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from),
        }
        let [low @ .., high] = nine;
        let (mut low, mut high) = (u64::from_le_bytes(low), u64::from(high));
        if self.is_highest_first {
            low = low.reverse_bits().swap_bytes();
            high = high.reverse_bits() >> 56;
        }
        // (Two shifts: one of 64 would be too far.)
        low >> (first % 8) | high << 1 << (63 - first % 8)
    }

    /// A byte for each pixel from one on.
    #[inline(always)]
    pub fn spread(&self, first: usize, to: &mut [u8]) {
        let (words, rest) = to.as_chunks_mut::<64>();
        let behind = first.wrapping_add(words.len() * 64);
        for (to, first) in words.iter_mut().zip((first..).step_by(64)) {
            *to = bytes_of(self.word(first));
        }
        rest.iter_mut().zip(bytes_of(self.word(behind))).for_each(|(to, byte)| *to = byte);
    }
}

/// A byte for each bit, not 0 where it is 1.
#[inline(always)]
fn bytes_of(word: u64) -> [u8; 64] {
    let mut bytes = [[0; 8]; 8];
    for (to, eight) in bytes.iter_mut().zip(word.to_le_bytes()) {
        // Each byte of the product has all bits of the eight, of which the mask leaves its own.
        *to = (u64::from(eight).wrapping_mul(0x0101_0101_0101_0101) & 0x8040_2010_0804_0201).to_le_bytes();
    }
    bytemuck::must_cast(bytes)
}
