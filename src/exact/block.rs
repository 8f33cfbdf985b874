//! The fast way into an exact sum: blocks of terms, summed in integer lanes.
//!
//! A **level** turns a term x into an integer without leaving the floating-point unit. With `M = 1.25 * 2^(23+q)` the
//! float `t = x + M` lies between `2^(23+q)` and `2^(24+q)`, where floats are `2^q` apart: the bits of t, read as an
//! integer, count multiples of `2^q`. Adding the bits to an `i32` lane (wrapping) and subtracting `bits(M)` as often as
//! something was added gives the sum of x rounded to multiples of `2^q`. The rounding leaves `r = x - (t - M)`, which
//! is exact and at most `2^(q-1)`. The next level, whose q is lower by 22, takes it.
//!
//! So L levels hold every x below `2^(q+21)` that is a multiple of `2^(q-22(L-1))`: terms of 20 binades with two
//! levels, 42 with three. A [`Window`] is such a choice. The pass that adds a block also finds out whether the window
//! holds it. It does if no t of the first level leaves the half of its binade that is around M, and if the last level
//! leaves nothing. If it does not, the words of that pass are dropped, the window is changed, and the block is added
//! once more. Blocks that need more than three levels are added level by level, and terms above all windows one by one.
//! The way of a term changes the time, never the sum.
//!
//! **The sum of the marked terms**, a part of the whole sum, takes the same t. Where a term is not marked, M is added
//! in the place of t. That costs two operations a level. A separate sum would cost as much as the first.
//!
//! Limit, in cycles for 16 terms that lie in the cache, measured on Zen 4 with AVX-512: two levels 6, three 9, two with
//! a part 7. (One level of doubles holds 27 binades and takes 8 cycles: a register has half as many lanes, and the
//! terms must be converted by the units that also add.)

use super::Exact;
use super::bounds::{Bounds, bounds_on};
use super::levels::{Registers, peel};
use super::window::{LIMIT, Unpacked, Window};
use super::words::{KEPT_LEVELS, Words};
use crate::simd::{Buffer, BufferRoom, Counted, IS_SMALL, Kernel, Lanes, Simd, copy, on_stack, vectors, vectors_mut};

/// A lane has room for so many additions of at most `2^21` units.
const MOST_ADDITIONS: u32 = (1 << 10) - 1;

/// How many floats a block has that a kernel fills. They are enough to make handing the block over cheap, and few
/// enough to stay in the first-level cache. Where stack is scarce there are fewer.
pub(crate) const BLOCK: usize = on_stack(512);

/// How many floats at most are added where they lie: whole registers of every tier. (Where a register is one lane, the
/// lane has no room for so many. There the floats are added by blocks.)
pub(crate) const GIVEN: usize = 4 * BLOCK;

/// Adds the terms of floats to an exact sum, vector by vector. It lives for one call of an update.
pub struct Accumulator<'a, S: Simd, const DIGITS: usize, const LOWEST: i32, const POWER: i32> {
    simd: S,
    buffer: Buffer<'a>,
    /// How many floats were pushed.
    pushed: usize,
    to: Option<Blocks<'a, DIGITS, LOWEST, POWER, 1>>,
}

impl<'a, S: Simd, const DIGITS: usize, const LOWEST: i32, const POWER: i32> Accumulator<'a, S, DIGITS, LOWEST, POWER> {
    /// Starts to add to a sum, or to none. [`Self::finish`] must be called at the end.
    #[inline(always)]
    pub fn new(simd: S, sum: Option<&'a mut Exact<DIGITS, LOWEST, POWER>>, room: &'a mut BufferRoom) -> Self {
        let to = sum.map(|sum| Blocks::new(simd, [sum]));
        Self { simd, buffer: Buffer::new(room), pushed: 0, to }
    }

    /// Adds the terms of a vector of floats, of whole registers.
    #[inline(always)]
    pub fn push<V: Lanes<Simd = S>>(&mut self, floats: V) {
        if self.buffer.is_full::<V>() {
            self.add_buffer();
        }
        self.buffer.push(floats);
        self.pushed += V::LANES;
    }

    /// Moves everything to the digits and makes them canonical. Only the first `length` floats that were pushed count,
    /// because the last vector may be padded. (It takes a reference, because a move would copy the words of levels.)
    #[inline(always)]
    pub fn finish(&mut self, length: usize) {
        clear_last(self.buffer.filled_mut(), self.pushed.saturating_sub(length));
        self.add_buffer();
        if let Some(to) = &mut self.to {
            to.finish();
        }
    }

    #[inline(always)]
    fn add_buffer(&mut self) {
        let floats = self.buffer.filled_mut();
        if let Some(to) = &mut self.to
            && (IS_SMALL || !floats.is_empty())
        {
            to.add(self.simd, floats, &[]);
        }
        self.buffer.clear();
    }
}

/// Sets the last `count` floats to 0, or all if there are fewer.
#[inline(never)]
fn clear_last(floats: &mut [f32], count: usize) {
    floats.iter_mut().rev().take(count).for_each(|float| *float = 0.0);
}

/// Floats as whole registers: where they lie if they fill registers, else a copy in the tile with zeros behind.
#[inline(never)]
pub(crate) fn as_registers<'t>(floats: &'t [f32], lanes: usize, tile: &'t mut [f32]) -> &'t [f32] {
    if floats.len().is_multiple_of(lanes) {
        return floats;
    }
    let length = floats.len().next_multiple_of(lanes.max(1));
    let tile = tile.get_mut(..length).unwrap_or(&mut []);
    for (to, from) in tile.iter_mut().zip(floats.iter().chain(core::iter::repeat(&0.0))) {
        *to = *from;
    }
    tile
}

/// Adds the terms of floats to exact sums, block by block. It lives for one call of an update. The first sum is of all
/// terms. The second one, if there is one, is of the terms that are marked.
pub struct Blocks<'a, const DIGITS: usize, const LOWEST: i32, const POWER: i32, const SUMS: usize> {
    pub(super) sums: [&'a mut Exact<DIGITS, LOWEST, POWER>; SUMS],
    words: [Words; SUMS],
    pub(super) state: LevelState,
}

impl<'a, const DIGITS: usize, const LOWEST: i32, const POWER: i32, const SUMS: usize>
    Blocks<'a, DIGITS, LOWEST, POWER, SUMS>
{
    /// Starts to add to sums. [`Self::finish`] must be called at the end.
    #[inline(always)]
    pub fn new<S: Simd>(_: S, sums: [&'a mut Exact<DIGITS, LOWEST, POWER>; SUMS]) -> Self {
        Self::of_lanes(S::Register::LANES, sums)
    }

    /// The same for registers of so many lanes. It is for callers whose tier is known only when they run.
    #[inline(always)]
    pub fn of_lanes(lanes: usize, mut sums: [&'a mut Exact<DIGITS, LOWEST, POWER>; SUMS]) -> Self {
        // Tiers flush at different times. That makes no difference only if the digits have room.
        sums.iter_mut().for_each(|sum| sum.normalize());
        let words = [const { Words::NONE }; SUMS];
        let state = LevelState { window: Window::USUAL, lanes, additions: 0 };
        Self { sums, words, state }
    }

    /// Adds the terms of a block of at most `BLOCK` floats, which are whole registers and may be changed. With two sums
    /// each float has a byte, which is not 0 if the float is marked. It is a call of its own, so that all kernels share
    /// its code.
    #[inline(always)]
    pub fn add<S: Simd>(&mut self, simd: S, floats: &mut [f32], marks: &[u8]) {
        simd.call(AddBlock { to: self, given: None, floats, marks });
    }

    /// The same for at most `GIVEN` floats that must not be changed. If a lane has no room for so many, or the window
    /// does not hold them, they are copied to a tile and added by blocks.
    #[inline(always)]
    pub fn add_given<S: Simd>(&mut self, simd: S, given: &[f32], tile: &mut [f32], marks: &[u8]) {
        let has_room = given.len() / S::Register::LANES <= MOST_ADDITIONS as usize;
        if has_room && simd.call(AddBlock { to: self, given: Some(given), floats: &mut [], marks }) {
            return;
        }
        for (given, marks) in given.chunks(BLOCK).zip(marks.chunks(BLOCK)) {
            let floats = tile.get_mut(..given.len()).unwrap_or(&mut []);
            copy(floats, given);
            self.add(simd, floats, marks);
        }
    }

    /// Moves everything to the digits and makes them canonical.
    #[inline(never)]
    pub fn finish(&mut self) {
        self.flush();
    }

    #[inline(always)]
    fn flush(&mut self) {
        let Self { sums, words, state, .. } = self;
        state.flush(sums, words);
    }
}

/// What is known of the words of the levels: the same for any number of sums.
pub(super) struct LevelState {
    window: Window,
    /// How many lanes a register has; a level has as many words.
    pub lanes: usize,
    /// How often something was added to each word since the last flush.
    additions: u32,
}

impl LevelState {
    /// Moves the words to the digits, and makes the digits canonical, with what was added to them directly. So digits
    /// have room for any number of blocks: between two flushes there are at most [`MOST_ADDITIONS`] blocks, each block
    /// adds at most [`BLOCK`] terms one by one, and a term makes a digit grow by less than 2^32.
    #[inline(never)]
    fn flush<const DIGITS: usize, const LOWEST: i32, const POWER: i32>(
        &mut self,
        sums: &mut [&mut Exact<DIGITS, LOWEST, POWER>],
        words: &mut [Words],
    ) {
        // If the window has more levels, no words were kept.
        let has_words = self.additions != 0 && self.window.levels <= KEPT_LEVELS;
        let levels = if has_words { self.window.levels } else { 0 };
        for (sum, words) in sums.iter_mut().zip(words) {
            for (level, words) in words.level_words(self.lanes).take(levels).enumerate() {
                let bias = self.window.magic(level).to_bits().wrapping_mul(self.additions);
                sum.add_words(words, bias, self.window.unit(level));
            }
            sum.normalize();
        }
        self.additions = 0;
    }

    /// Makes a block fit if the window does not hold it: takes out the terms that no window holds, or changes the
    /// window.
    #[inline(never)]
    fn fit<const DIGITS: usize, const LOWEST: i32, const POWER: i32>(
        &mut self,
        sums: &mut [&mut Exact<DIGITS, LOWEST, POWER>],
        words: &mut [Words],
        Bounds { smallest, greatest }: Bounds,
        floats: &mut [f32],
        marks: &[u8],
    ) {
        if greatest < LIMIT {
            self.flush(sums, words);
            self.window = Window::around(smallest, greatest);
        } else {
            take_out(sums, floats, marks);
        }
    }
}

/// Adds the terms that no window holds to the sums, and puts 0 in their place. It has no branches, because where there
/// is one such term there are many.
#[cold]
#[inline(never)]
fn take_out<const DIGITS: usize, const LOWEST: i32, const POWER: i32>(
    sums: &mut [&mut Exact<DIGITS, LOWEST, POWER>],
    floats: &mut [f32],
    marks: &[u8],
) {
    const PART: usize = BLOCK / 4;
    let mut marked = [0.0; PART];
    for (part, floats) in floats.chunks(PART).enumerate() {
        let marks = marks.get(part * PART..).unwrap_or(&[]);
        for ((to, float), mark) in marked.iter_mut().zip(floats).zip(marks) {
            let all_bits = u32::from(*mark != 0).wrapping_neg();
            *to = f32::from_bits(float.to_bits() & all_bits);
        }
        let marked = marked.get(..floats.len()).unwrap_or(&[]);
        for (index, sum) in sums.iter_mut().enumerate() {
            let floats = if index == 0 { floats } else { marked };
            sum.count_non_finite(floats);
            let huge = floats.iter().filter(|float| float.abs() >= LIMIT);
            huge.filter_map(|float| Unpacked::new(*float)).for_each(|float| sum.add_unpacked(float));
        }
    }
    for float in floats {
        *float = if float.abs() < LIMIT { *float } else { 0.0 };
    }
}

/// Adds the terms one by one.
#[inline(never)]
fn add_one_by_one<const DIGITS: usize, const LOWEST: i32, const POWER: i32>(
    sums: &mut [&mut Exact<DIGITS, LOWEST, POWER>],
    floats: &[f32],
) {
    for sum in sums {
        floats.iter().for_each(|float| sum.add_term(*float));
        sum.normalize();
    }
}

struct AddBlock<'b, 'a, const DIGITS: usize, const LOWEST: i32, const POWER: i32, const SUMS: usize> {
    to: &'b mut Blocks<'a, DIGITS, LOWEST, POWER, SUMS>,
    /// If given, these are added instead of `floats`, but only if the window holds them.
    given: Option<&'b [f32]>,
    floats: &'b mut [f32],
    marks: &'b [u8],
}

impl<const DIGITS: usize, const LOWEST: i32, const POWER: i32, const SUMS: usize> Kernel
    for AddBlock<'_, '_, DIGITS, LOWEST, POWER, SUMS>
{
    /// Whether the block was added. If not, nothing was.
    type Output = bool;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> bool {
        let Self { to, given, floats, marks } = self;
        if POWER == 2 {
            add_one_by_one(&mut to.sums, floats);
            return given.is_none();
        }
        let additions = (given.unwrap_or(floats).len() / S::Register::LANES) as u32;
        if to.state.additions + additions > MOST_ADDITIONS {
            to.flush();
            // Perhaps fewer levels will do.
            to.state.window = Window::USUAL;
        }
        loop {
            let window = to.state.window;
            let registers =
                Registers::<S> { simd, window, floats: vectors(given.unwrap_or(floats)), marks: vectors(marks) };
            let is_added = match window.levels {
                levels @ 2..=KEPT_LEVELS if IS_SMALL => {
                    registers.add_levels::<KEPT_LEVELS, SUMS>(levels, &mut to.words)
                }
                2 => registers.add_levels::<2, SUMS>(2, &mut to.words),
                KEPT_LEVELS => registers.add_levels::<KEPT_LEVELS, SUMS>(KEPT_LEVELS, &mut to.words),
                _ => false,
            };
            if is_added {
                break;
            }
            if given.is_some() {
                return false;
            }
            let bounds = bounds_on(simd, floats);
            if window.levels > KEPT_LEVELS && window.holds(bounds.smallest, bounds.greatest) {
                peel(simd, window, vectors_mut(floats), vectors(marks), &mut to.sums);
                break;
            }
            to.state.fit(&mut to.sums, &mut to.words, bounds, floats, marks);
        }
        to.state.additions += additions;
        true
    }
}
