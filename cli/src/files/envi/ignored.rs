//! `data ignore value`: it is compared as the type of the file.
//!
//! Programs write a float with six digits: `-3.40282e+38` means the least float32, which has no such short name.

use super::header::Kind;

/// The value of pixels that do not count.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Ignored {
    Integer(i128),
    Float(f32),
    Double(f64),
}

impl Ignored {
    pub fn is_float(self, float: f32) -> bool {
        matches!(self, Self::Float(ignored) if float == ignored || (float.is_nan() && ignored.is_nan()))
    }

    pub fn is_double(self, double: f64) -> bool {
        matches!(self, Self::Double(ignored) if double == ignored || (double.is_nan() && ignored.is_nan()))
    }

    /// The value of a text; None: none is ignored, or no item of this type can have it.
    pub fn read(text: &str, kind: Kind) -> Result<Option<Self>, String> {
        let inner = text.trim().trim_start_matches('{').trim_end_matches('}').trim();
        if inner.is_empty() || inner.eq_ignore_ascii_case("none") {
            return Ok(None);
        }
        let wrong = || format!("'data ignore value' is '{text}', which is no number.");
        let double: f64 = inner.parse().map_err(|_| wrong())?;
        if double.is_infinite() && inner.chars().any(|letter| letter.is_ascii_digit()) {
            return Err(wrong());
        }
        Ok(match kind {
            Kind::F32 => match extreme(inner, double, f64::from(f32::MAX)) {
                Some(extreme) => Some(Self::Float(extreme as f32)),
                None => Some(Self::Float(inner.parse().map_err(|_| wrong())?)),
            },
            Kind::F64 => {
                let extremes = [f64::from(f32::MAX), f64::MAX];
                let extreme = extremes.into_iter().find_map(|greatest| extreme(inner, double, greatest));
                Some(Self::Double(extreme.unwrap_or(double)))
            }
            // Beyond 2^53 a double has not all integers, but the text has.
            _ => match inner.parse::<i128>() {
                Ok(integer) => Some(integer),
                Err(_) if double.fract() == 0.0 => Some(double as i128),
                Err(_) => None,
            }
            .filter(|integer| kind.integers().contains(integer))
            .map(Self::Integer),
        })
    }
}

/// The extreme of a type, if a text of six digits or more is what is written for it.
fn extreme(text: &str, value: f64, greatest: f64) -> Option<f64> {
    let mantissa = text.split(['e', 'E']).next().unwrap_or(text);
    let digits = mantissa.chars().filter(char::is_ascii_digit).count();
    let written: f64 = format!("{:.*e}", digits.clamp(1, 17) - 1, greatest).parse().ok()?;
    (digits >= 6 && value.abs() == written).then_some(greatest.copysign(value))
}
