//! The fuzz targets of hyla, and what they have in common: see README.md.

mod bands;
mod binning;
mod brute;
mod buffer;
mod cube_losses;
mod differences;
mod fault;
mod forms;
mod formulas_colors;
mod formulas_cubes;
mod formulas_pixels;
mod formulas_rows;
mod frames;
mod hostile;
mod hostile_sets;
mod input;
mod large;
mod matrices;
mod metrics;
mod node;
mod oracles;
mod outputs;
mod parameters;
mod pixel_losses;
mod rankings;
mod record;
mod selector_metrics;
mod source;
mod streams;
mod svdd;
mod tiers;

use source::Source;

/// Losses of maps, under all oracles.
pub fn pixels(data: &[u8]) {
    let source = &mut Source::with_forms(data);
    let (node, input) = (pixel_losses::any(source), input::Input::map(source));
    oracles::check(node.as_ref(), &input, source);
}

/// Losses of cubes, under all oracles; statistics of channels where the last byte says so, one in eight. (It is not
/// used up, so that an input means the same otherwise.)
pub fn cubes(data: &[u8]) {
    let source = &mut Source::new(data);
    if data.last().is_some_and(|last| last % 8 == 5) {
        return bands::check(source);
    }
    let (node, input) = cube_losses::any(source);
    oracles::check(node.as_ref(), &input, source);
}

/// Losses and metrics of matrices and of selection weights.
pub fn matrices(data: &[u8]) {
    let source = &mut Source::new(data);
    if source.once_in(4) { selector_metrics::check(source) } else { matrices::check(source) }
}

/// Rankings against brute force.
pub fn rankings(data: &[u8]) {
    rankings::check(&mut Source::with_forms(data));
}

/// Streams in parts, frames and lines.
pub fn streams(data: &[u8]) {
    streams::check(&mut Source::with_forms(data));
}

/// Hostile words and tables.
pub fn hostile(data: &[u8]) {
    hostile::check(&mut Source::with_forms(data));
}

/// Gradients against differences of formulas.
pub fn gradients(data: &[u8]) {
    differences::check(&mut Source::new(data));
}
