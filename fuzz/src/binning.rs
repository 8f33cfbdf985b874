//! Binnings of any rule, as C builds them.

use crate::buffer::Buffer;
use crate::parameters::Parameters;
use crate::record::UNTOUCHED;
use crate::source::Source;
use hyla::capi::binning::{hyla_binning, hyla_binning_build, hyla_binning_params, hyla_binning_words};
use hyla::capi::ranking::hyla_ranking_words;

/// HYLA_BINNING_KEY.
pub const KEY: u32 = 0;
/// HYLA_BINNING_THRESHOLDS.
pub const THRESHOLDS: u32 = 1;
/// HYLA_BINNING_LINEAR.
pub const LINEAR: u32 = 2;
/// HYLA_BINNING_U8.
pub const U8: u32 = 3;
/// HYLA_BINNING_U16.
pub const U16: u32 = 4;

/// A binning with its table.
pub struct Binning {
    /// HYLA_BINNING_...
    pub rule: u32,
    /// What C is given.
    pub of_c: hyla_binning,
    /// How many words the histograms have.
    pub words: usize,
    /// The table, which `of_c` points to.
    _table: Buffer<u32>,
}

/// Any rule with any numbers: mostly good ones, and rarely those with many bins.
fn any_params(source: &mut Source) -> hyla_binning_params {
    let (rule, has_many) = (source.pick(&[KEY, KEY, THRESHOLDS, THRESHOLDS, LINEAR, LINEAR, U8]), source.once_in(32));
    let rule = if has_many { source.option(5) } else { rule };
    let bins = match rule {
        _ if source.once_in(24) => source.any(),
        KEY if has_many => 16,
        KEY => 8 + source.below(4) as u32,
        _ if has_many => source.pick(&[4096, 4095, 1000, 65_536]),
        _ => source.below(64) as u32 + 1 + u32::from(rule == THRESHOLDS),
    };
    let low = source.parameter(&[0.0, -1.0, -6.0, -300.0]);
    hyla_binning_params { struct_size: 0, rule, bins, low, high: source.parameter(&[1.0, 2.0, 6.5, 300.0]) }
}

impl Binning {
    /// Any binning; `None` if its parameters are an error.
    pub fn any(source: &mut Source) -> Option<Self> {
        let params = any_params(source);
        let rule = params.rule;
        let params = Parameters::new(source, params);
        let is_short = source.once_in(16);
        let mut table_words = usize::MAX;
        // SAFETY: the parameters say their own size.
        let status = unsafe { hyla_binning_words(params.pointer(), &mut table_words) };
        assert_eq!(status < 0, table_words == usize::MAX, "status {status}");
        if status < 0 {
            return None;
        }
        let given = table_words.saturating_sub(usize::from(is_short));
        let mut table = Buffer::filled(1, UNTOUCHED as u32, given);
        let mut of_c = core::mem::MaybeUninit::<hyla_binning>::uninit();
        // SAFETY: as above; the table has as many words as it says.
        let status = unsafe { hyla_binning_build(params.pointer(), table.at_mut(0), given, of_c.as_mut_ptr()) };
        if status < 0 {
            assert!(given < table_words, "error {status} of a table that is long enough");
            assert!(table.iter().all(|word| *word == UNTOUCHED as u32), "an error changed the table");
            return None;
        }
        assert!(given == table_words, "a table that is too short was taken");
        // SAFETY: it was built.
        let of_c = unsafe { of_c.assume_init() };
        let mut words = 0;
        // SAFETY: it was built.
        assert_eq!(unsafe { hyla_ranking_words(&of_c, &mut words) }, 0);
        Some(Self { rule: of_c.rule, of_c, words, _table: table }).filter(|binning| binning.rule == rule || rule > U16)
    }
}
