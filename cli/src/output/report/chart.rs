//! Charts as SVG: axes with ticks, lines, bands, bars and marks.

use std::fmt::Write;

const WIDTH: f64 = 480.0;
const HEIGHT: f64 = 280.0;
const LEFT: f64 = 58.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 42.0;

/// An axis: its ends, its name, and whether it is logarithmic.
pub struct Axis {
    pub low: f64,
    pub high: f64,
    pub name: String,
    pub is_logarithmic: bool,
    /// Whether there is nothing between whole numbers.
    is_whole: bool,
}

impl Axis {
    pub fn new(name: &str, low: f64, high: f64) -> Self {
        let (low, high) = if high > low { (low, high) } else { (low - 0.5, low + 0.5) };
        Self { low, high, name: name.to_string(), is_logarithmic: false, is_whole: false }
    }

    /// Of so many things, counted from 0.
    pub fn counting(name: &str, count: usize) -> Self {
        Self { is_whole: true, ..Self::new(name, 0.0, count as f64 - 1.0) }
    }

    /// Over these values, with 0 among them.
    pub fn over(name: &str, values: impl Iterator<Item = f64>) -> Self {
        let finite = values.filter(|value| value.is_finite());
        let (low, high) = finite.fold((0.0_f64, 0.0_f64), |(low, high), value| (low.min(value), high.max(value)));
        Self::new(name, low, if high > low { high + (high - low) * 0.05 } else { 1.0 })
    }

    pub fn logarithmic(name: &str, low: f64, high: f64) -> Self {
        Self { is_logarithmic: true, ..Self::new(name, low, high) }
    }

    /// The place of a value between 0 and 1.
    fn place(&self, value: f64) -> f64 {
        let of = |value: f64| if self.is_logarithmic { value.max(self.low).log10() } else { value };
        ((of(value) - of(self.low)) / (of(self.high) - of(self.low))).clamp(0.0, 1.0)
    }

    /// About five round values; of a logarithmic axis the powers of ten.
    fn ticks(&self) -> Vec<f64> {
        if self.is_logarithmic {
            let (first, last) = (self.low.log10().ceil() as i32, self.high.log10().floor() as i32);
            return (first..=last).map(|power| 10.0_f64.powi(power)).collect();
        }
        let rough = (self.high - self.low) / 5.0;
        let power = 10.0_f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].into_iter().find(|step| step * power >= rough).unwrap_or(10.0) * power;
        let step = if self.is_whole { step.max(1.0) } else { step };
        let first = (self.low / step).ceil() as i64;
        (first..=(self.high / step).floor() as i64).map(|tick| tick as f64 * step).collect()
    }
}

/// A number for people.
pub fn short(value: f64) -> String {
    let size = value.abs();
    if value == 0.0 {
        "0".to_string()
    } else if value.fract() == 0.0 && size < 1e9 {
        format!("{value}")
    } else if !(1e-3..1e5).contains(&size) {
        format!("{value:.1e}").replace(".0e", "e")
    } else {
        let text = format!("{value:.3}");
        text.trim_end_matches('0').trim_end_matches('.').to_string()
    }
}

/// Text for HTML.
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A chart that is being drawn.
pub struct Chart {
    x: Axis,
    y: Axis,
    marks: String,
    names: Vec<(String, usize)>,
}

impl Chart {
    pub fn new(x: Axis, y: Axis) -> Self {
        Self { x, y, marks: String::new(), names: Vec::new() }
    }

    fn at(&self, (x, y): (f64, f64)) -> String {
        let x = LEFT + self.x.place(x) * (WIDTH - LEFT - RIGHT);
        let y = HEIGHT - BOTTOM - self.y.place(y) * (HEIGHT - TOP - BOTTOM);
        format!("{x:.1},{y:.1}")
    }

    fn points(&self, points: &[(f64, f64)]) -> String {
        let finite = points.iter().filter(|(x, y)| x.is_finite() && y.is_finite());
        finite.map(|point| self.at(*point)).collect::<Vec<_>>().join(" ")
    }

    /// A line of a color, with its name in the legend unless it is empty.
    pub fn line(mut self, name: &str, color: usize, points: &[(f64, f64)]) -> Self {
        let _ = write!(self.marks, "<polyline class=\"line c{color}\" points=\"{}\"/>", self.points(points));
        self.names.extend((!name.is_empty()).then(|| (name.to_string(), color)));
        self
    }

    /// What lies between lines.
    pub fn area(mut self, name: &str, color: usize, points: &[(f64, f64)]) -> Self {
        let _ = write!(self.marks, "<polygon class=\"area c{color}\" points=\"{}\"/>", self.points(points));
        self.names.extend((!name.is_empty()).then(|| (name.to_string(), color)));
        self
    }

    /// A point with words.
    pub fn mark(mut self, words: &str, at: (f64, f64)) -> Self {
        let place = self.at(at);
        let (x, y) = place.split_once(',').unwrap_or(("0", "0"));
        let words = escaped(words);
        let _ =
            write!(self.marks, "<circle class=\"mark\" cx=\"{x}\" cy=\"{y}\" r=\"5\"><title>{words}</title></circle>");
        self
    }

    /// A vertical line with words.
    pub fn upright(mut self, words: &str, x: f64) -> Self {
        let (low, high) = (self.at((x, self.y.low)), self.at((x, self.y.high)));
        let (at, _) = high.split_once(',').unwrap_or(("0", "0"));
        let anchor = if self.x.place(x) > 0.6 { "end" } else { "start" };
        let words = escaped(words);
        let _ = write!(
            self.marks,
            "<polyline class=\"upright\" points=\"{low} {high}\"/>\
             <text class=\"word\" x=\"{at}\" y=\"{}\" text-anchor=\"{anchor}\">&#160;{words}&#160;</text>",
            TOP + 10.0
        );
        self
    }

    /// The chart in a tile with a title.
    pub fn tile(self, title: &str, about: &str) -> String {
        let mut text = format!("<figure><figcaption>{}<small>{}</small></figcaption>", escaped(title), escaped(about));
        let _ = write!(text, "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{}\">", escaped(title));
        for tick in self.x.ticks() {
            let place = self.at((tick, self.y.low));
            let x = place.split(',').next().unwrap_or("0").to_string();
            let y = HEIGHT - BOTTOM;
            let label = short(tick);
            let _ = write!(
                text,
                "<line class=\"grid\" x1=\"{x}\" x2=\"{x}\" y1=\"{TOP}\" y2=\"{y}\"/>\
                 <text x=\"{x}\" y=\"{}\" text-anchor=\"middle\">{label}</text>",
                y + 15.0
            );
        }
        for tick in self.y.ticks() {
            let place = self.at((self.x.low, tick));
            let y = place.split(',').nth(1).unwrap_or("0").to_string();
            let (right, label) = (WIDTH - RIGHT, short(tick));
            let _ = write!(
                text,
                "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{right}\" y1=\"{y}\" y2=\"{y}\"/>\
                 <text x=\"{}\" y=\"{y}\" dy=\"4\" text-anchor=\"end\">{label}</text>",
                LEFT - 6.0
            );
        }
        let _ = write!(
            text,
            "{}<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text></svg>",
            self.marks,
            (LEFT + WIDTH - RIGHT) / 2.0,
            HEIGHT - 8.0,
            escaped(&self.x.name)
        );
        let _ = write!(text, "<p class=\"legend\"><span>{}</span>", escaped(&self.y.name));
        for (name, color) in &self.names {
            let _ = write!(text, "<span class=\"c{color}\"><i></i>{}</span>", escaped(name));
        }
        text + "</p></figure>"
    }
}
