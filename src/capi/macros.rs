//! What every node says in C in the same words: its parameters, its totals, and the functions that only touch these.
//!
//! The macros write the struct, what the bodies need to know of it, and the functions with their documentation. What a
//! compiler may complain about is outside of them: values of fields, conversions, and the bodies, which are generic
//! functions of [`super`].

/// Functions of C: they have unmangled names, a status that must be looked at, and the default floating-point
/// environment. In the body a pointer is an [`Argument`](super::fault::Argument): it knows its name, which an error
/// tells. A body is what [`call`](super::call) takes, and unsafe as a whole: first the checks, which make references of
/// the inputs by the contract, then `disjoint` of all outputs, and only then the outputs.
macro_rules! exported {
    ($($(#[$doc:meta])* fn $name:ident($($argument:ident: $type:ty),* $(,)?) $body:block)*) => {$(
        $(#[$doc])*
        #[unsafe(no_mangle)]
        #[must_use]
        #[allow(clippy::macro_metavars_in_unsafe, reason = "the body of an unsafe function")]
        pub unsafe extern "C" fn $name($($argument: $type),*) -> $crate::capi::status::hyla_status {
            $(let $argument = <$type as $crate::capi::fault::Named>::named(
                $argument,
                const { $crate::capi::fault::Subject::of_argument::<$type>(stringify!($argument)) },
            );)*
            // SAFETY: the contract; outputs overlap nothing, as the body checks before it makes references of them.
            $crate::capi::call(move || unsafe { $body })
        }
    )*};
}

/// A struct of parameters: its fields, each with its default beside it; the function `..._params_init`; and how the
/// parameters of the core are made of it. The header takes `HYLA_..._PARAMS_DEFAULT` and `..._params_default` from the
/// defaults, and a test compares these with those of the core.
macro_rules! parameters {
    (
        $(#[$doc:meta])*
        pub struct $params:ident {
            $($(#[$field_doc:meta])* pub $field:ident: $type:ty = $default:expr,)*
        }
        $defaults:ident, $init:ident
        |$given:ident| $core:ident $({ $($core_fields:tt)* })? $(= $value:expr)?
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy)]
        #[repr(C)]
        pub struct $params {
            #[doc = concat!(" `sizeof(", stringify!($params), ")`.")]
            pub struct_size: u32,
            $($(#[$field_doc])* pub $field: $type,)*
        }

        impl $crate::capi::check::Parameters for $params {
            type Core = $core;

            fn to_core(self) -> Result<$core, $crate::capi::fault::Fault> {
                let $given = self;
                Ok($($value)? $($core { $($core_fields)* })?)
            }
        }

        const _: () = assert!(true $(&& size_of::<$type>() == 4)*, "fields of four bytes");

        // SAFETY: `repr(C)`, `struct_size` first, fields of four bytes, any bits are numbers.
        unsafe impl $crate::capi::check::Versioned for $params {
            const DEFAULT: Self =
                Self { struct_size: size_of::<Self>() as u32, $($field: $default,)* };
        }

        $crate::capi::macros::exported! {
            /// Writes the defaults into the first `size` bytes of a struct and sets its `struct_size`: for
            #[doc = concat!(" bindings that cannot use ", stringify!($defaults),
                ". Bytes of a later version become 0.")]
            ///
            /// Errors: NULL_POINTER, MISALIGNED, STRUCT_SIZE (0, no multiple of 4, above 4096).
            fn $init(params: *mut $params, size: usize) {
                $crate::capi::check::write_defaults(params, size)
            }
        }

        #[cfg(test)]
        mod $init {
            use crate::capi::check::{Parameters, Versioned};

            #[test]
            fn writes_the_defaults_of_the_core() {
                let defaults = <super::$params as Versioned>::DEFAULT;
                assert_eq!(defaults.to_core(), Ok(Default::default()));
            }
        }
    };
}

/// A struct of numbers with the layout of a type of the core. A field that has another name there, or lies in a struct
/// within it, says where: `pub loss: hyla_exact_sum = sums.loss`.
macro_rules! mirror {
    (
        $(#[$doc:meta])*
        pub struct $name:ident: $core:ty {
            $($(#[$field_doc:meta])* pub $field:ident: $type:ty $(= $($place:ident).+)?,)*
        }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Default)]
        #[repr(C)]
        pub struct $name {
            $($(#[$field_doc])* pub $field: $type,)*
        }

        const _: () = {
            assert!(size_of::<$name>() == size_of::<$core>());
            assert!(align_of::<$name>() == align_of::<$core>());
            $(assert!(
                core::mem::offset_of!($name, $field)
                    == $crate::capi::macros::place!($core, $field $(, $($place).+)?)
            );)*
        };

        // SAFETY: `repr(C)`, numbers at the places of the core's, as was just asserted.
        unsafe impl $crate::capi::Mirrors for $name {
            type Core = $core;
        }
    };
}

/// Where a field of the core lies: by its own name, or by that of the struct of C.
macro_rules! place {
    ($core:ty, $field:ident) => { core::mem::offset_of!($core, $field) };
    ($core:ty, $field:ident, $($place:ident).+) => { core::mem::offset_of!($core, $($place).+) };
}

/// The stages in which cuvis-ai runs a node, bits of HYLA_STAGE_...
macro_rules! stages {
    ($stages:ident, $bits:literal) => {
        /// The stages in which cuvis-ai runs the node (see `hyla_context`).
        pub const $stages: u32 = $bits;
    };
}

/// `..._totals_size`.
macro_rules! size {
    ($size:ident, $type:ident $(, $more:literal)?) => {
        #[doc = concat!(" `sizeof(", stringify!($type), ")`, for bindings to check", $($more,)? ".")]
        #[unsafe(no_mangle)]
        pub extern "C" fn $size() -> usize {
            size_of::<$type>()
        }
    };
}

/// `..._merge` of one struct of totals: the documentation goes before the errors.
macro_rules! merge {
    ($(#[$doc:meta])* $merge:ident($totals:ident: $type:ident)) => {
        $crate::capi::macros::exported! {
            $(#[$doc])*
            ///
            /// Errors: NULL_POINTER, MISALIGNED, OVERLAP.
            fn $merge(other: *const $type, $totals: *mut $type) {
                $crate::capi::merge(other, $totals, <$type as $crate::capi::Mirrors>::Core::merge)
            }
        }
    };
}

/// `..._normalize` of one struct of totals.
macro_rules! normalize {
    ($normalize:ident($totals:ident: $type:ident)) => {
        $crate::capi::macros::change! {
            /// Makes the words canonical after they were added elsewhere (MPI_SUM, SQL SUM), so that what is equal has
            /// equal words. Values are the same before and after.
            ///
            /// Errors: NULL_POINTER, MISALIGNED.
            $normalize($totals: $type), normalize
        }
    };
}

/// `..._merge` and `..._normalize` of an array of totals, one for each class or component, by functions of the core.
macro_rules! totals_of_each {
    ($one:literal, core $core:ident, totals $type:ident, count $count:ident; $merge:ident, $normalize:ident) => {
        $crate::capi::macros::exported! {
            /// Adds other totals (of another tile, frame, thread or rank) to totals,
            #[doc = concat!(" ", $one, " by ", $one, ", and makes the words canonical.")]
            ///
            /// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP.
            fn $merge(other: *const $type, totals: *mut $type, $count: usize) {
                let other = views(other, $count)?;
                disjoint(&[Written::of(totals, $count)], &[&[Span::of_slice(Some(other))]])?;
                Ok($core::merge(other, views_mut(totals, $count)?)?)
            }

            /// Makes the words canonical after they were added elsewhere.
            ///
            /// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE.
            fn $normalize(totals: *mut $type, $count: usize) {
                $core::normalize(views_mut(totals, $count)?);
                Ok(Notices::NONE)
            }
        }
    };
}

/// A function that has one struct of totals for its only argument: `$method` of the core. The documentation is whole.
macro_rules! change {
    ($(#[$doc:meta])* $change:ident($totals:ident: $type:ident), $method:ident) => {
        $crate::capi::macros::exported! {
            $(#[$doc])*
            fn $change($totals: *mut $type) {
                $crate::capi::change($totals, <$type as $crate::capi::Mirrors>::Core::$method)
            }
        }
    };
}

/// The totals of a loss, and `..._totals_size`, `..._merge` and `..._normalize`.
macro_rules! loss_totals {
    (
        over $what:literal, size $size:ident, merge $merge:ident, normalize $normalize:ident, loss $loss:ident;
        pub struct $totals:ident: $core:ty { $($fields:tt)* }
    ) => {
        $crate::capi::macros::mirror! {
            #[doc = concat!(" Exact sums over ", $what,
                ", in words of int64; all zero is empty. Adding the words of two totals")]
            #[doc = concat!(" (MPI_SUM, SQL SUM, atomics) merges them; call `", stringify!($normalize),
                "` afterwards to compare words.")]
            pub struct $totals: $core { $($fields)* }
        }

        $crate::capi::macros::size!($size, $totals);

        $crate::capi::macros::merge! {
            /// Adds other totals (of another tile, frame, thread or rank) to totals, and makes the words
            #[doc = concat!(" canonical. Both must come from the same parameters; `", stringify!($loss),
                "` finds out.")]
            $merge(totals: $totals)
        }

        $crate::capi::macros::normalize!($normalize(totals: $totals));
    };
}

pub(super) use {
    change, exported, loss_totals, merge, mirror, normalize, parameters, place, size, stages, totals_of_each,
};
