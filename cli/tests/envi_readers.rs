//! The readers in Rust and C make the same of the same files: values, which pixels count, notes, and sentences of what
//! is wrong.

#[allow(dead_code, reason = "the tool uses more of it")]
#[path = "../src/files/envi/mod.rs"]
mod envi;

use envi::Image;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// What Rust makes of an image, in the words of `envi_print.c`.
fn by_rust(path: &Path) -> String {
    let image = match Image::open(path) {
        Ok(image) => image,
        Err(sentence) => return format!("{sentence}\n"),
    };
    let (samples, bands) = (image.header.samples, image.bands.len());
    let mut text = String::new();
    for line in 0..image.header.lines {
        let (mut values, mut counts) = (vec![0.0_f32; samples * bands], vec![1; samples]);
        image.read_line(line, &mut values, &mut counts).expect("a line");
        values.iter().for_each(|value| text.push_str(&format!("{:08x} ", value.to_bits())));
        counts.iter().for_each(|count| text.push_str(&count.to_string()));
        text.push('\n');
    }
    // What only Rust reads has notes of its own.
    let notes = image.notes.iter().filter(|note| !note.ends_with("was dropped"));
    let mut notes: Vec<_> = notes.map(|note| format!("{note}\n")).collect();
    notes.sort();
    text + &notes.concat()
}

/// The reader in C, as a program; None: there is no C compiler.
fn program(folder: &Path) -> Option<PathBuf> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/envi_print.c");
    let program = folder.join("envi_print");
    let compiler = std::env::var("CC").unwrap_or("cc".to_string());
    let mut command = Command::new(compiler);
    let built = command.args(["-std=c11", "-O1"]).arg(source).arg("-o").arg(&program).arg("-lm").status();
    match built {
        Ok(status) => {
            assert!(status.success(), "the reader in C does not compile");
            Some(program)
        }
        Err(error) => {
            assert!(std::env::var("CI").is_err(), "no C compiler: {error}");
            None
        }
    }
}

fn by_c(program: &Path, path: &Path) -> String {
    let said = Command::new(program).arg(path).output().expect("the program runs");
    assert!(said.status.success());
    let text = String::from_utf8_lossy(&said.stdout).into_owned();
    // Notes are sentences, lines of values begin with hexadecimal digits.
    let (mut notes, values): (Vec<_>, Vec<_>) =
        text.lines().map(|line| format!("{line}\n")).partition(|line| line.contains(": "));
    notes.sort();
    values.concat() + &notes.concat()
}

const HEADER: &str = "ENVI\nlines = 2\nsamples = 3\nbands = 2\ndata type = 2\ninterleave = bip\nbyte order = 0\n";

/// Headers: what is replaced in the first one, and by what.
fn headers() -> Vec<Vec<u8>> {
    let mut headers = Vec::new();
    for kind in 0..18 {
        for interleave in ["BIP", "bil", "Bsq"] {
            for order in 0..2 {
                let header = HEADER.replace("type = 2", &format!("type = {kind}")).replace("bip", interleave);
                headers.push(header.replace("order = 0", &format!("order = {order}")).into_bytes());
            }
        }
    }
    let ignored =
        ["0", "3", "-1", "3.0", "1e2", "{5}", "none", "None", "{}", "nan", "inf", "70000", "x", "1 2", "-3.40282e+38"];
    let ignored = ignored.into_iter().chain([
        "3.4028235e38",
        "-3.4028234663852886e+38",
        "1.79769e+308",
        "1e400",
        "0.1",
        "1e19",
        "-1e18",
        "-3.4028e38",
    ]);
    let ignored = ignored.chain(["18446744073709551615", "-9223372036854775808", "-9223372036854775809", "255", "256"]);
    for value in ignored.chain(["-32768.0", "18446744073709551616", "0.10000000149011612", "+4", "-0", "4294967295"]) {
        for kind in [1, 2, 3, 4, 5, 12, 13, 14, 15] {
            let header = HEADER.replace("type = 2", &format!("type = {kind}"));
            headers.push(format!("{header}data ignore value = {value}\n").into_bytes());
        }
    }
    for (what, with) in [
        ("ENVI", "\u{feff}ENVI"),
        ("ENVI", "\n  \n envi "),
        ("ENVI", "ENVY"),
        ("\n", "\r\n"),
        ("\n", "\r"),
        ("data type", "Data\t  TYPE\t"),
        ("bands", ";bands = 7\nbands"),
        ("bands", "description = {\n a = b,\n bands = 9 }\nbands"),
        ("bands", "band names = {\n; bands = 3 }\n one, two}\nbands"),
        ("bands", "header offset = 4\nbands"),
        ("bands", "header offset = 5\nbands"),
        ("bands", "header offset = -1\nbands"),
        ("bands", "bbl = {0, 1}\nbands"),
        ("bands", "bbl = {\n1.0,\n 0.0 }\nbands"),
        ("bands", "bbl = {1}\nbands"),
        ("bands", "bbl = {0, 0}\nbands"),
        ("bands", "bbl = {1, x}\nbands"),
        ("bands", "bbl = {1, 2}\nbands"),
        ("bands", "bbl = 1\nbands"),
        ("bands", "bbl = {}\nbands"),
        ("bands", "description = {\nbands"),
        ("bands", "bands = 4\nbands"),
        ("bands", "wavelength = {400 nm, 500 nm}\nbands"),
        ("bands", "file type = ENVI Spectral Library\nbands"),
        ("lines = 2", ""),
        ("lines = 2", "lines = two"),
        ("lines = 2", "lines = 0"),
        ("lines = 2", "lines = 9"),
        ("lines = 2", "lines = 18446744073709551615"),
        ("lines = 2", "lines = 99999999999999999999999"),
        ("order = 0", "order = 2"),
        ("= bip", "= bsp"),
        ("interleave = bip\n", ""),
    ] {
        headers.push(HEADER.replace(what, with).into_bytes());
    }
    headers.push(HEADER.encode_utf16().flat_map(u16::to_le_bytes).collect());
    headers.push([HEADER.as_bytes(), b"description = {caf\xe9}\n"].concat());
    headers
}

#[test]
fn both_readers_say_the_same() {
    let folder = TempDir::new().expect("a folder");
    let Some(program) = program(folder.path()) else { return };
    let (header, raw) = (folder.path().join("a.hdr"), folder.path().join("a.img"));
    // Every item has other bytes; some of 8 bytes are extremes.
    let mut bytes: Vec<u8> = (0..100_u32).map(|item| (item * 37 % 256) as u8).collect();
    bytes[..4].copy_from_slice(&(-f32::MAX).to_le_bytes());
    bytes[4..8].copy_from_slice(&f32::NAN.to_le_bytes());
    bytes[8..16].copy_from_slice(&f64::MAX.to_le_bytes());
    bytes[16..24].copy_from_slice(&u64::MAX.to_le_bytes());
    bytes[24..32].copy_from_slice(&i64::MIN.to_le_bytes());
    bytes[32..40].copy_from_slice(&0.1_f64.to_le_bytes());
    bytes[40..44].copy_from_slice(&0.1_f32.to_le_bytes());
    fs::write(&raw, &bytes).expect("a file");
    let headers = headers();
    assert!(headers.len() > 300);
    let mut images = 0;
    for text in headers {
        fs::write(&header, &text).expect("a file");
        let (rust, c) = (by_rust(&header), by_c(&program, &header));
        images += u32::from(rust.lines().next().is_some_and(|line| !line.contains(": ")));
        assert_eq!(rust, c, "{}", String::from_utf8_lossy(&text));
    }
    assert!(images > 250, "only {images} headers were good");
    fs::write(&header, HEADER).expect("a file");
    for name in ["b.img", "a.dat", "a", "a.BIP"] {
        let other = folder.path().join(name);
        fs::write(&other, &bytes).expect("a file");
        for path in [&header, &raw, &other] {
            assert_eq!(by_rust(path).len(), by_c(&program, path).len(), "{name} and {}", path.display());
        }
        fs::remove_file(other).expect("a file");
    }
}
