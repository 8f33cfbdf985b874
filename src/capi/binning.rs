//! `hyla_binning_...`: how scores become bins of a ranking.

use super::check::constant;
use super::node::*;
use crate::metric::ranking::{Binning, Rule, table_words};

/// Bins of one relative width: the leading bits of the float. No range to choose.
pub const HYLA_BINNING_KEY: u32 = 0;
/// torchmetrics' thresholds of the sigmoid of a logit.
pub const HYLA_BINNING_THRESHOLDS: u32 = 1;
/// Bins of one width between two bounds.
pub const HYLA_BINNING_LINEAR: u32 = 2;
/// Scores of 8 bits, a bin each.
pub const HYLA_BINNING_U8: u32 = 3;
/// Scores of 16 bits, a bin each.
pub const HYLA_BINNING_U16: u32 = 4;

parameters! {
    /// How scores become bins: the rule. Any rule keeps the order of scores; what ranking loses is the order inside a
    /// bin, and `hyla_ranking_values` says how much that can be.
    ///
    /// - HYLA_BINNING_KEY: `bins` is the number of leading bits, 8 to 16, of 2^bits bins; a bin is 2^-(bits - 9) of its
    ///   least size wide (8 bits: up to four times it). Infinities have bins like others. Histograms of 4 to 1024 KiB.
    /// - HYLA_BINNING_THRESHOLDS: `bins` thresholds t_k = linspace(0, 1, bins), 2 to 4096; bin k holds scores with
    ///   t_k <= sigmoid(score) < t_(k+1), where the sigmoid is the correctly rounded float32. cuvis-ai's key
    ///   `ap_thresholds` (200). Needs a table of `hyla_binning_words` words.
    /// - HYLA_BINNING_LINEAR: `bins` (1 to 65536) of one width from `low` to `high`, each at least 2^-124 wide; scores
    ///   beyond these lie in the first or last bin.
    /// - HYLA_BINNING_U8, HYLA_BINNING_U16: integers (scores of HYLA_U8, HYLA_U16), a bin each: nothing is
    ///   lost.
    ///
    /// Initialise with HYLA_BINNING_PARAMS_DEFAULT: 4096 bins of HYLA_BINNING_KEY.
    pub struct hyla_binning_params {
        /// HYLA_BINNING_... Default: key.
        pub rule: u32 = HYLA_BINNING_KEY,
        /// As the rule says; ignored by U8 and U16. Default: 12.
        pub bins: u32 = 12,
        /// LINEAR: the lower end of the first bin, finite. Others ignore it. Default: 0.
        pub low: f32 = 0.0,
        /// LINEAR: the upper end of the last bin, finite, above `low` by a finite difference. Others ignore it.
        /// Default: 1.
        pub high: f32 = 1.0,
    }
    HYLA_BINNING_PARAMS_DEFAULT, hyla_binning_params_init
    |given| Rule = rule_of(given.rule, given.bins, given.low, given.high)?
}

/// A binning that was built; `hyla_binning_build` writes all of it. It may be copied. The table that it points to must
/// outlive it; it may lie in read-only memory, and is the same on every machine of one byte order. Where the rule needs
/// no table a binning may be constant data instead, its other fields 0: `{.rule = HYLA_BINNING_KEY, .bins = 8}`; LINEAR
/// with `low` and `high`.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct hyla_binning {
    /// The table; NULL where the rule needs none.
    pub table: *const u32,
    /// How many words the table has.
    pub table_words: usize,
    /// The rule.
    pub rule: u32,
    /// Its bins, bits or thresholds.
    pub bins: u32,
    /// Its lower bound.
    pub low: f32,
    /// Its upper bound.
    pub high: f32,
    /// NULL. Room for later.
    pub reserved: [*const core::ffi::c_void; 2],
}

fn rule_of(rule: u32, bins: u32, low: f32, high: f32) -> Result<Rule, Fault> {
    Ok(match rule {
        HYLA_BINNING_KEY => Rule::Key { bits: bins },
        HYLA_BINNING_THRESHOLDS => Rule::Thresholds { count: bins },
        HYLA_BINNING_LINEAR => Rule::Linear { low, high, bins },
        HYLA_BINNING_U8 => Rule::Bytes,
        HYLA_BINNING_U16 => Rule::Words,
        _ => return Err(Fault::new(Error::UnknownOption, subject!(rule))),
    })
}

/// The binning behind a pointer, and what a call reads of it.
#[inline(never)]
pub(super) unsafe fn read<'a>(argument: Argument<*const hyla_binning>) -> Result<(Binning<'a>, [Span; 2]), Fault> {
    // SAFETY: the contract.
    let binning = *unsafe { constant(argument) }?;
    if binning.reserved.iter().any(|reserved| !reserved.is_null()) {
        return Err(Fault::new(Error::Reserved, argument.subject));
    }
    let rule = rule_of(binning.rule, binning.bins, binning.low, binning.high)?;
    // SAFETY: the contract.
    let table = unsafe { input(Argument::new(binning.table, subject!(table)), binning.table_words) }?;
    let built = Binning::of_table(rule, table).naming(&[Error::Workspace], subject!(table))?;
    Ok((built, [Span::of(argument, 1), Span::of_slice(Some(table))]))
}

exported! {
    /// How many words the table of a binning has, the same on every tier: 0 for all rules but thresholds, 797 (3 KiB)
    /// for 200 of these.
    ///
    /// Errors: NULL_POINTER, MISALIGNED, OVERLAP, STRUCT_SIZE, UNKNOWN_FIELD, UNKNOWN_OPTION (rule), BINNING (bins, low
    /// or high out of range).
    fn hyla_binning_words(params: *const hyla_binning_params, words: *mut usize) {
        let (checked, span) = check::parameters(params)?;
        disjoint(&[Written::of(words, 1)], &[&[span]])?;
        let words = check::result(words)?;
        words.write(table_words(checked.to_core()?).of(subject!(params))?);
        Ok(Notices::NONE)
    }

    /// Builds a binning: writes its table (`table_words` words; may be NULL where none are needed) and the binning. Do
    /// it once; it takes some microseconds.
    ///
    /// Errors: those of `hyla_binning_words`, WORKSPACE (too few words).
    fn hyla_binning_build(
        params: *const hyla_binning_params, table: *mut u32, table_words: usize,
        binning: *mut hyla_binning,
    ) {
        let (checked, span) = check::parameters(params)?;
        disjoint(&[Written::of(table, table_words), Written::of(binning, 1)], &[&[span]])?;
        let (words, to) = (check::output(table, table_words)?, check::result(binning)?);
        let rule = checked.to_core()?;
        let used = crate::metric::ranking::table_words(rule).of(subject!(params))?;
        Binning::new_in(rule, words).of_state(subject!(table))?;
        to.write(hyla_binning {
            table: if used == 0 { core::ptr::null() } else { table.pointer },
            table_words: used,
            rule: checked.rule,
            bins: checked.bins,
            low: checked.low,
            high: checked.high,
            reserved: [core::ptr::null(); 2],
        });
        Ok(Notices::NONE)
    }
}
