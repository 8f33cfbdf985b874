//! Headers and raw files of every kind, good and bad.

use super::*;
use std::fs;
use tempfile::TempDir;

const HEADER: &str = "ENVI\nlines = 2\nsamples = 3\nbands = 2\ndata type = 2\ninterleave = bip\nbyte order = 0\n";

/// Items 0 to 11, of the given width and order.
fn items(size: usize, is_big: bool) -> Vec<u8> {
    let item = |number: u8| {
        let mut bytes = vec![0; size];
        bytes[if is_big { size - 1 } else { 0 }] = number;
        bytes
    };
    (0..12).flat_map(item).collect()
}

fn image(folder: &TempDir, header: impl AsRef<[u8]>, raw: &[u8]) -> Result<Image, String> {
    fs::write(folder.path().join("a.hdr"), header).expect("a file");
    fs::write(folder.path().join("a.img"), raw).expect("a file");
    Image::open(&folder.path().join("a.hdr")).map_err(|text| text.replace(&format!("{}/", folder.path().display()), ""))
}

/// All values line by line, and which pixels count.
fn all(image: &Image) -> (Vec<f32>, Vec<u8>) {
    let (samples, bands) = (image.header.samples, image.bands.len());
    let (mut values, mut counts) = (Vec::new(), Vec::new());
    for line in 0..image.header.lines {
        let (mut of_line, mut of_counts) = (vec![0.0; samples * bands], vec![1; samples]);
        image.read_line(line, &mut of_line, &mut of_counts).expect("a line");
        values.extend(of_line);
        counts.extend(of_counts);
    }
    (values, counts)
}

fn read(header: &str, raw: &[u8]) -> (Vec<f32>, Vec<u8>) {
    all(&image(&TempDir::new().expect("a folder"), header, raw).expect("an image"))
}

fn fault(header: impl AsRef<[u8]>, raw: &[u8]) -> String {
    image(&TempDir::new().expect("a folder"), header, raw).err().expect("a fault")
}

#[test]
fn interleaves_in_any_case() {
    let raw = items(2, false);
    let with = |interleave: &str| read(&HEADER.replace("bip", interleave), &raw).0;
    assert_eq!(with("BIP"), [0., 1., 2., 3., 4., 5., 6., 7., 8., 9., 10., 11.]);
    assert_eq!(with("Bil"), [0., 3., 1., 4., 2., 5., 6., 9., 7., 10., 8., 11.]);
    assert_eq!(with("bsQ"), [0., 6., 1., 7., 2., 8., 3., 9., 4., 10., 5., 11.]);
}

#[test]
fn every_real_type_in_either_order() {
    for (number, size) in [(1, 1), (2, 2), (3, 4), (12, 2), (13, 4), (14, 8), (15, 8)] {
        for (order, is_big) in [(0, false), (1, true)] {
            let header = HEADER.replace("type = 2", &format!("type = {number}"));
            let header = header.replace("order = 0", &format!("order = {order}"));
            assert_eq!(read(&header, &items(size, is_big)).0[..3], [0., 1., 2.], "{number}");
        }
    }
    let floats: Vec<u8> = (0..12).flat_map(|item| (-0.5 * item as f32).to_be_bytes()).collect();
    let header = HEADER.replace("type = 2", "type = 4").replace("order = 0", "order = 1");
    assert_eq!(read(&header, &floats).0[1], -0.5);
    let doubles: Vec<u8> = (0..12).flat_map(|item| (-0.5 * f64::from(item)).to_le_bytes()).collect();
    assert_eq!(read(&HEADER.replace("type = 2", "type = 5"), &doubles).0[2], -1.0);
    let mut negative = items(2, false);
    negative[..2].copy_from_slice(&(-7_i16).to_le_bytes());
    assert_eq!(read(HEADER, &negative).0[0], -7.0);
}

#[test]
fn texts_of_every_kind() {
    let raw = items(2, false);
    let wanted = read(HEADER, &raw);
    for header in [
        format!("\u{feff}{HEADER}"),
        HEADER.replace('\n', "\r\n"),
        HEADER.replace('\n', "\r"),
        format!("\n \n{}", HEADER.replace("ENVI", " envi ")),
        HEADER.replace("data type", "Data\t  TYPE\t"),
        HEADER.replace("bands", ";bands = 7\nbands"),
        HEADER.replace("bands", "description = {\n a = b,\n bands = 9 }\nbands"),
        HEADER.replace("bands", "band names = {\n; bands = 3 }\n one, two}\nbands"),
    ] {
        assert_eq!(read(&header, &raw), wanted, "{header}");
    }
    let mut latin = HEADER.as_bytes().to_vec();
    latin.extend_from_slice(b"description = {caf\xe9}\n");
    let folder = TempDir::new().expect("a folder");
    assert_eq!(all(&image(&folder, latin, &raw).expect("an image")), wanted);
}

#[test]
fn an_offset_and_bytes_behind() {
    let raw = [&[9; 5][..], &items(2, false), &[9; 3]].concat();
    let folder = TempDir::new().expect("a folder");
    let image = image(&folder, format!("{HEADER}header offset = 5\n"), &raw).expect("an image");
    assert_eq!(all(&image).0[..3], [0., 1., 2.]);
    assert!(image.notes[0].ends_with("3 bytes behind the last pixel are not used"), "{:?}", image.notes);
}

#[test]
fn bad_bands_are_left_out() {
    let folder = TempDir::new().expect("a folder");
    let image = image(&folder, format!("{HEADER}bbl = {{0,\n 1}}\n"), &items(2, false)).expect("an image");
    assert_eq!(all(&image).0, [1., 3., 5., 7., 9., 11.]);
    assert!(image.notes[0].ends_with("1 of 2 bands are bad (bbl) and left out"), "{:?}", image.notes);
    // The ignored value of a bad band does not matter.
    let header = format!("{HEADER}bbl = {{0, 1}}\ndata ignore value = 0\n");
    assert_eq!(read(&header, &items(2, false)).1, [1; 6]);
}

/// Which of these floats a text ignores.
fn ignored(text: &str, floats: &[f32]) -> Vec<bool> {
    let header = "ENVI\nlines = 1\nsamples = 4\nbands = 1\ndata type = 4\n";
    let raw: Vec<u8> = floats.iter().flat_map(|float| float.to_le_bytes()).collect();
    let (_, counts) = read(&format!("{header}data ignore value = {text}\n"), &raw);
    counts.iter().map(|counts| *counts == 0).collect()
}

#[test]
fn ignored_values_are_those_of_the_type() {
    let floats = [-f32::MAX, 0.0, -9999.0, 0.1];
    for text in ["-3.40282e+38", "-3.4028235e38", "-3.4028234663852886e+38", "-3.402823466e+38", "{-3.40282347e+38}"] {
        assert_eq!(ignored(text, &floats), [true, false, false, false], "{text}");
    }
    assert_eq!(ignored("{-9999}", &floats), [false, false, true, false]);
    assert_eq!(ignored("-9999.0", &floats), [false, false, true, false]);
    assert_eq!(ignored("0.1", &floats), [false, false, false, true]);
    assert_eq!(ignored("0.10000000149011612", &floats), [false, false, false, true]);
    assert_eq!(ignored("none", &floats), [false; 4]);
    assert_eq!(ignored("nan", &[f32::NAN, 1.0, 2.0, 3.0]), [true, false, false, false]);
    let least: Vec<u8> = (0..12).flat_map(|item| if item == 2 { i16::MIN } else { 5 }.to_le_bytes()).collect();
    assert_eq!(read(&format!("{HEADER}data ignore value = -32768.0\n"), &least).1, [1, 0, 1, 1, 1, 1]);
    let folder = TempDir::new().expect("a folder");
    let image = image(&folder, format!("{HEADER}data ignore value = 70000\n"), &items(2, false)).expect("an image");
    assert!(image.notes[0].ends_with("no pixel of its type can have the ignored value 70000"), "{:?}", image.notes);
    let sentence = "a.hdr: 'data ignore value' is 'x', which is no number.";
    assert_eq!(fault(format!("{HEADER}data ignore value = x\n"), &[]), sentence);
}

#[test]
fn what_changes_no_number_is_dropped() {
    let folder = TempDir::new().expect("a folder");
    let header = format!("{HEADER}wavelength = {{400 nm, 500 nm}}\ndefault bands = {{red, green}}\n");
    let image = image(&folder, header, &items(2, false)).expect("an image");
    let notes: Vec<_> = image.notes.iter().map(|note| note.rsplit_once(": ").expect("a place").1).collect();
    let wanted = ["wavelength", "default bands"].map(|key| format!("'{key}' is no list of numbers and was dropped"));
    assert_eq!(notes, wanted);
}

#[test]
fn mistakes() {
    let raw = items(2, false);
    for (what, with, sentence) in [
        ("ENVI", "ENVY", "a.hdr: the first line is not 'ENVI'."),
        ("lines = 2", "", "a.hdr: 'lines' is missing."),
        ("lines = 2", "lines = two", "a.hdr: 'lines' is 'two', which is no count."),
        ("lines = 2", "lines = 0", "a.hdr: an image without lines, samples or bands has no pixel."),
        ("lines = 2", "lines = 3", "a.img: it has 24 bytes, and its header asks for 36."),
        ("lines = 2", "lines = 9999999999999", "a.img: it has 24 bytes, and its header asks for 119999999999988."),
        ("lines = 2", "lines = 18446744073709551615", "no file has as many pixels as the header says."),
        ("type = 2", "type = 6", "a.hdr: data type 6 is complex numbers."),
        ("type = 2", "type = 7", "a.hdr: there is no data type 7."),
        ("= bip", "= bsp", "a.hdr: interleave 'bsp' is none of bip, bil, bsq."),
        ("order = 0", "order = 2", "a.hdr: byte order 2 is neither 0 nor 1."),
        (
            "bands",
            "file type = ENVI Spectral Library\nbands",
            "a.hdr: this is a spectral library, which has no pixels.",
        ),
        ("bands", "bbl = {1}\nbands", "a.hdr: 'bbl' has 1 entries for 2 bands."),
        ("bands", "bbl = {0, 0}\nbands", "a.hdr: 'bbl' calls every band bad."),
        ("bands", "bbl = {1, x}\nbands", "a.hdr: 'bbl' is no list of 0 and 1."),
        ("bands", "description = {\nbands", "a.hdr: the brace of 'description' in line 4 is not closed."),
        ("bands", "bands = 4\nbands", "a.hdr: 'bands' is there twice with different values, in lines 4 and 5."),
    ] {
        assert_eq!(fault(HEADER.replacen(what, with, 1), &raw), sentence);
    }
    let wide: Vec<u8> = HEADER.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let sentence = "a.hdr: the header is no text in UTF-8 (in UTF-16, perhaps); save it as UTF-8.";
    assert_eq!(fault(&wide, &raw), sentence);
    assert_eq!(fault([&[0xff, 0xfe], &wide[..]].concat(), &raw), sentence);
}

#[test]
fn the_other_file_is_found_beside_it() {
    for raw in ["s.img", "s.DAT", "s.Raw", "s.bil", "s.bip", "s.BSQ", "s.bin", "s"] {
        let folder = TempDir::new().expect("a folder");
        fs::write(folder.path().join("s.HDR"), HEADER).expect("a file");
        fs::write(folder.path().join(raw), items(2, false)).expect("a file");
        for name in ["s.HDR", raw] {
            let image = Image::open(&folder.path().join(name)).expect("an image");
            assert_eq!(image.path, folder.path().join(raw));
        }
        fs::write(folder.path().join("s.dat"), "").expect("a file");
        if raw != "s.DAT" {
            let said = Image::open(&folder.path().join("s.HDR")).err().expect("a fault");
            assert!(said.contains("several files could be its raw file: "), "{said}");
            assert!(said.contains("s.dat") && said.contains(raw), "{said}");
        }
    }
    let folder = TempDir::new().expect("a folder");
    fs::write(folder.path().join("s.img.hdr"), HEADER).expect("a file");
    let said = Image::open(&folder.path().join("s.img.hdr")).err().expect("a fault");
    assert!(said.ends_with("s.img.hdr: there is no raw file beside it."), "{said}");
    fs::write(folder.path().join("s.img"), items(2, false)).expect("a file");
    assert!(Image::open(&folder.path().join("s.img")).is_ok());
    fs::write(folder.path().join("s.hdr"), HEADER).expect("a file");
    let said = Image::open(&folder.path().join("s.img")).err().expect("a fault");
    assert!(said.ends_with("several files could be its header: s.hdr, s.img.hdr."), "{said}");
}
