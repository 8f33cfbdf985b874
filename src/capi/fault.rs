//! What is wrong with which argument: the number of an error and, beside it, the name that the argument or the field
//! has in the header.

use crate::error::Error;
use core::ffi::CStr;
use core::num::{NonZeroI32, NonZeroU8};

/// What an error is about: a place in [`NAMES`], counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Subject(NonZeroU8);

/// The names that errors are told with; errors that can be about one thing alone have it in their table. One that was
/// released keeps its place: new ones go to the end.
#[rustfmt::skip]
const NAMES: &[&CStr] = &[
    // Arguments that are pointers.
    c"params", c"pixels", c"totals", c"batch", c"other", c"loss", c"range", c"report", c"context", c"out", c"binning",
    c"words", c"workspace", c"table", c"written", c"point", c"points", c"threshold", c"bounds", c"reference", c"sum",
    c"mean", c"std", c"radius", c"center", c"center_sums", c"class_weights", c"original", c"target", c"logits",
    c"embeddings", c"reconstruction", c"rgb", c"frame", c"components", c"selection_weights", c"weights", c"labels",
    c"valid", c"ratios", c"cumulative", c"total", c"entropy", c"loss_map", c"score_map", c"grad_scores", c"grad_logits",
    c"grad_embeddings", c"grad_reconstruction", c"grad_rgb", c"grad_components", c"grad_selection_weights",
    c"grad_weights", c"grad_center", c"grad_r_unconstrained",
    // Other arguments.
    c"size", c"classes", c"q", c"false_positive_rate",
    // Fields of pixels, cubes and matrices.
    c"scores", c"targets", c"decisions", c"soft_targets", c"rows", c"output_pitch", c"values", c"row_stride",
    c"pixel_stride",
    // Fields of parameters.
    c"has_alpha", c"boundary", c"empty_target", c"absent", c"include_background", c"has_ignore_index",
    c"skip_exact_zeros", c"has_target", c"color_space", c"assume_srgb", c"measure", c"rule", c"groups", c"has_range",
    c"low",
    // Statistics of channels.
    c"cube", c"columns", c"reports", c"dead", c"found", c"has_saturation",
];

impl Subject {
    /// The subject of a name.
    pub const fn named(name: &str) -> Option<Self> {
        let mut names = NAMES;
        let mut place = NonZeroU8::MIN;
        while let [first, rest @ ..] = names {
            if are_same(first.to_bytes(), name.as_bytes()) {
                return Some(Self(place));
            }
            (names, place) = (rest, place.saturating_add(1));
        }
        None
    }

    /// The subject of an argument. Every argument that is a pointer has one, or the program does not compile.
    pub const fn of_argument<T: Named>(name: &str) -> Option<Self> {
        let subject = Self::named(name);
        assert!(subject.is_some() || !T::IS_POINTER, "the name is in the list");
        subject
    }

    /// Its name.
    fn name(self) -> &'static CStr {
        NAMES.get(usize::from(self.0.get()) - 1).copied().unwrap_or_default()
    }
}

const fn are_same(mut one: &[u8], mut other: &[u8]) -> bool {
    while let ([a, rest_of_one @ ..], [b, rest_of_other @ ..]) = (one, other) {
        if *a != *b {
            return false;
        }
        (one, other) = (rest_of_one, rest_of_other);
    }
    one.is_empty() && other.is_empty()
}

/// The subject of a name, found by the compiler.
macro_rules! subject {
    ($name:ident) => {
        const {
            match $crate::capi::fault::Subject::named(stringify!($name)) {
                Some(subject) => subject,
                None => panic!("the name is in the list"),
            }
        }
    };
}

pub(super) use subject;

/// An error and its subject, as the status that C gets: `-(error | subject << 8)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fault(NonZeroI32);

/// The bits of the number of an error.
const NUMBER: i32 = 0xff;

impl Fault {
    /// An error that is about this.
    pub const fn new(error: Error, subject: Subject) -> Self {
        Self::of_number(error as i32, subject)
    }

    /// An error of this number, which is negative: the bits above its own are ones, of which the highest stays one.
    const fn of_number(number: i32, subject: Subject) -> Self {
        Self::of_nonzero((number ^ (subject.0.get() as i32) << 8) | i32::MIN)
    }

    /// A status that is not 0, of which all others make the least one.
    pub const fn of_nonzero(status: i32) -> Self {
        match NonZeroI32::new(status) {
            Some(status) => Self(status),
            None => Self(NonZeroI32::MIN),
        }
    }

    /// An error that names nothing.
    const fn plain(error: Error) -> Self {
        Self::of_nonzero(error as i32)
    }

    /// The same error, about this.
    fn about(self, subject: Subject) -> Self {
        Self::of_number(self.status() | !NUMBER, subject)
    }

    /// The status.
    pub fn status(self) -> i32 {
        self.0.get()
    }

    /// Whether it is this error, whatever its subject.
    #[cfg(feature = "conversions")]
    pub fn is(self, error: Error) -> bool {
        self.status() | !NUMBER == error.number()
    }
}

/// The core names no argument. Most of its errors can be about one thing alone, which their row in the table of errors
/// says.
impl From<Error> for Fault {
    #[inline(always)]
    fn from(error: Error) -> Self {
        Self::plain(error)
    }
}

/// The error in a status, and the name of what it is about; empty if it is about nothing or the call as a whole.
pub(super) fn of_status(status: i32) -> (Option<Error>, &'static CStr) {
    let number = status | !NUMBER;
    let error = Error::ALL.into_iter().find(|error| status < 0 && error.number() == number);
    let of_row = error.map_or(c"", Error::c_subject);
    let subject = u8::try_from(!(status >> 8)).ok().and_then(NonZeroU8::new);
    (error, subject.map_or(of_row, |subject| Subject(subject).name()))
}

/// Says what an error is about.
pub(super) trait About<T>: Sized {
    /// Whatever the error is, it is about this.
    fn of(self, subject: Subject) -> Result<T, Fault>;

    /// These errors are about this; others, and these if they were told before, are about what they say.
    fn naming(self, errors: &[Error], subject: Subject) -> Result<T, Fault>;

    /// Errors of totals, words or workspaces are about this.
    fn of_state(self, subject: Subject) -> Result<T, Fault>;
}

impl<T, E: Into<Fault>> About<T> for Result<T, E> {
    #[inline(always)]
    fn of(self, subject: Subject) -> Result<T, Fault> {
        self.map_err(|error| error.into().about(subject))
    }

    #[inline(always)]
    fn naming(self, errors: &[Error], subject: Subject) -> Result<T, Fault> {
        self.map_err(|error| {
            let fault = error.into();
            if errors.iter().any(|error| fault == (*error).into()) { fault.about(subject) } else { fault }
        })
    }

    #[inline(always)]
    fn of_state(self, subject: Subject) -> Result<T, Fault> {
        self.map_err(|error| of_state(error.into(), subject))
    }
}

/// One function for all calls.
#[inline(never)]
fn of_state(fault: Fault, subject: Subject) -> Fault {
    const STATE: [Fault; 3] =
        [Fault::plain(Error::Totals), Fault::plain(Error::MixedTotals), Fault::plain(Error::Workspace)];
    if STATE.contains(&fault) { fault.about(subject) } else { fault }
}

/// A pointer that C hands over, and its name.
#[derive(Clone, Copy)]
pub(crate) struct Argument<P> {
    pub pointer: P,
    pub subject: Subject,
}

impl<P> Argument<P> {
    pub const fn new(pointer: P, subject: Subject) -> Self {
        Self { pointer, subject }
    }
}

impl<T> Argument<*const T> {
    pub fn cast<U>(self) -> Argument<*const U> {
        Argument::new(self.pointer.cast(), self.subject)
    }

    pub fn is_null(self) -> bool {
        self.pointer.is_null()
    }
}

impl<T> Argument<*mut T> {
    pub fn cast<U>(self) -> Argument<*mut U> {
        Argument::new(self.pointer.cast(), self.subject)
    }

    pub fn is_null(self) -> bool {
        self.pointer.is_null()
    }
}

/// A pointer to items.
pub(super) trait Pointer {
    type Item;
    fn address(self) -> usize;
}

impl<T> Pointer for *const T {
    type Item = T;
    fn address(self) -> usize {
        self.addr()
    }
}

impl<T> Pointer for *mut T {
    type Item = T;
    fn address(self) -> usize {
        self.addr()
    }
}

/// An argument of a function of C, which `exported!` gives its name if it is a pointer.
pub(crate) trait Named: Sized {
    const IS_POINTER: bool = false;
    type Argument;
    fn named(self, subject: Option<Subject>) -> Self::Argument;
}

macro_rules! pointers {
    ($($pointer:ty),*) => {$(
        impl<T> Named for $pointer {
            const IS_POINTER: bool = true;
            type Argument = Argument<Self>;
            #[inline(always)]
            fn named(self, subject: Option<Subject>) -> Argument<Self> {
                // `Subject::of_argument` has asserted that there is one.
                Argument::new(self, subject.unwrap_or(subject!(params)))
            }
        }
    )*};
}
pointers!(*const T, *mut T);

macro_rules! numbers {
    ($($number:ty),*) => {$(
        impl Named for $number {
            type Argument = Self;
            #[inline(always)]
            fn named(self, _: Option<Subject>) -> Self {
                self
            }
        }
    )*};
}
numbers!(usize, u32, f32, f64);
