//! The two files of an image: the header and the raw file beside it.

use std::path::{Path, PathBuf};

/// The endings that a raw file may have, in any case; or none.
const ENDINGS: [&str; 7] = ["img", "dat", "raw", "bil", "bip", "bsq", "bin"];

/// Whether a file may be one of an image, by its name.
pub fn is_named(path: &Path) -> bool {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase());
    ending.is_none_or(|ending| ending == "hdr" || ENDINGS.contains(&ending.as_str()))
}

/// The header and the raw file of either.
pub fn files(path: &Path) -> Result<(PathBuf, PathBuf), String> {
    if !path.is_file() {
        return Err(format!("{}: there is no such file.", path.display()));
    }
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let stem = name.rsplit_once('.').map_or("", |(stem, _)| stem);
    if has_ending(&name, stem, &["hdr"]) {
        let raw = only(path, "raw file", |other| other == stem || has_ending(other, stem, &ENDINGS))?;
        return Ok((path.to_path_buf(), raw));
    }
    // The header of `scene.img` is `scene.hdr` or `scene.img.hdr`.
    let has_stem = has_ending(&name, stem, &ENDINGS);
    let is_header = |other: &str| has_ending(other, &name, &["hdr"]) || (has_stem && has_ending(other, stem, &["hdr"]));
    Ok((only(path, "header", is_header)?, path.to_path_buf()))
}

/// Whether a name is this stem with one of these endings.
fn has_ending(name: &str, stem: &str, endings: &[&str]) -> bool {
    let rest = name.strip_prefix(stem).and_then(|rest| rest.strip_prefix('.'));
    rest.is_some_and(|rest| endings.iter().any(|ending| rest.eq_ignore_ascii_case(ending)))
}

/// The only file in the folder whose name will do.
fn only(beside: &Path, what: &str, will_do: impl Fn(&str) -> bool) -> Result<PathBuf, String> {
    let folder = beside.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let entries = std::fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let names = entries.filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned()));
    let mut names: Vec<String> = names.filter(|name| will_do(name) && folder.join(name).is_file()).collect();
    names.sort();
    match names.as_slice() {
        [] => Err(format!("{}: there is no {what} beside it.", beside.display())),
        [name] => Ok(folder.join(name)),
        _ => Err(format!("{}: several files could be its {what}: {}.", beside.display(), names.join(", "))),
    }
}
