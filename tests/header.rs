//! The committed header is what the sources say: `BLESS=1 cargo test --test header` rewrites it.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

/// What a reader meets first; the nodes follow in the order of `src/capi/mod.rs`.
const FIRST: &[&str] = &["library", "status", "pixels", "cube", "matrix", "sum", "range", "loss", "metric"];

/// The public modules of `src/capi` with all macros expanded, by name. Stable Rust does not show these by itself; the
/// variable lets it, and nothing but the text is used.
fn modules() -> Vec<(String, String)> {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("a folder in a folder");
    let output = Command::new(env!("CARGO"))
        .args(["rustc", "--quiet", "--lib", "--features", "capi,scalar", "--target-dir"])
        .arg(target)
        .args(["--", "-Zunpretty=expanded"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("RUSTC_BOOTSTRAP", "1")
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("the sources are UTF-8");
    let lines = text.lines().skip_while(|line| *line != "pub mod capi {");
    let mut modules: Vec<(String, String)> = Vec::new();
    let mut is_inside = false;
    for line in lines.take_while(|line| *line != "}") {
        match line.strip_prefix("    pub mod ").and_then(|rest| rest.strip_suffix(" {")) {
            Some(name) => modules.push((name.into(), String::new())),
            None if is_inside && line != "    }" => {
                let (_, text) = modules.last_mut().expect("a module was begun");
                text.push_str(line);
                text.push('\n');
                continue;
            }
            None => {}
        }
        is_inside = line.starts_with("    pub mod ");
    }
    let place = |name: &str| FIRST.iter().position(|first| *first == name).unwrap_or(FIRST.len());
    modules.sort_by_key(|(name, _)| place(name));
    modules
}

/// The parameters of a module: the name of the struct, and the defaults of its fields.
fn parameters(module: &str) -> Option<(&str, Vec<&str>)> {
    let (before, rest) = module.split_once("const DEFAULT: Self =")?;
    let name = before.rsplit_once("Versioned for")?.1.split_whitespace().next()?;
    let (values, _) = rest.split_once("Self {")?.1.split_once('}')?;
    let values = values.split(',').filter_map(|field| Some(field.split_once(": ")?.1.trim()));
    Some((name, values.collect()))
}

/// `HYLA_..._PARAMS_DEFAULT` and `hyla_..._params_default` of all parameters.
fn defaults(modules: &[(String, String)]) -> (String, String) {
    let (mut macros, mut functions) = (String::new(), String::new());
    for (name, values) in modules.iter().filter_map(|(_, text)| parameters(text)) {
        let values = values.iter().map(|value| value_in_c(name, value)).collect::<Vec<_>>().join(", ");
        let upper = name.to_uppercase();
        macros += &definition(&format!("{upper}_DEFAULT"), &format!("{{ {values} }}"));
        functions += &format!(
            "/* The defaults as a value. */\nstatic inline {name} {name}_default(void) {{\n    \
             {name} params = {upper}_DEFAULT;\n    return params;\n}}\n\n"
        );
    }
    (macros, functions)
}

/// A default of the parameters `name`.
fn value_in_c(name: &str, value: &str) -> String {
    match value.parse::<i64>() {
        _ if value.starts_with("size_of") => format!("sizeof({name})"),
        Err(_) if value.parse::<f64>().is_ok() => format!("{value}f"),
        _ => value.to_string(),
    }
}

/// The header with its default beside each field of parameters, for C++.
fn initialised(header: &str, modules: &[(String, String)]) -> String {
    let mut text = String::new();
    let mut rest = header;
    for (name, values) in modules.iter().filter_map(|(_, text)| parameters(text)) {
        let (start, _) = rest.split_once(&format!("typedef struct {name} {{\n")).expect("the struct of the parameters");
        let end = start.len() + rest[start.len()..].find("\n}").expect("the end of a struct");
        let (before, fields) = rest[..end].split_at(start.len());
        text += before;
        let mut values = values.iter();
        for line in fields.split_inclusive('\n') {
            match line.trim_end().strip_suffix(';') {
                Some(field) => {
                    let value = value_in_c(name, values.next().expect("a default of each field"));
                    text += &format!("{field} HYLA_INITIALLY({value});{}", &line[field.len() + 1..]);
                }
                None => text += line,
            }
        }
        assert_eq!(values.next(), None, "{name} has a field of each default");
        rest = &rest[end..];
    }
    text + rest
}

/// A macro. Where it is too long for a line, its value begins on the next one.
fn definition(name: &str, value: &str) -> String {
    let mut text = format!("#define {name}");
    if text.len() + 1 + value.len() <= WIDTH {
        return format!("{text} {value}\n");
    }
    text += CONTINUED;
    for word in value.split(' ') {
        let columns = text.len() - text.rfind('\n').map_or(0, |end| end + 1);
        // There must be room for the mark at the end of the line, too.
        if columns + 1 + word.len() > WIDTH - " \\".len() {
            text += CONTINUED;
        }
        text += &format!(" {word}");
    }
    text + "\n"
}

/// How many columns a line of the header has at most.
const WIDTH: usize = 120;
/// Where a macro is broken, before the space and the word that follow.
const CONTINUED: &str = " \\\n   ";

fn generate() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut config = cbindgen::Config::from_file(root.join("cbindgen.toml")).unwrap();
    let modules = modules();
    let (macros, functions) = defaults(&modules);
    let inlines = std::fs::read_to_string(root.join("src/capi/inlines.h")).unwrap();
    for (part, more) in [(&mut config.after_includes, macros), (&mut config.trailer, functions)] {
        let part = part.as_mut().expect("cbindgen.toml has it");
        *part = part.replace("@DEFAULTS@", more.trim_end()).replace("@INLINES@", &inlines);
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("header");
    std::fs::create_dir_all(&folder).unwrap();
    let mut builder = cbindgen::Builder::new().with_config(config);
    for (name, text) in &modules {
        let path = folder.join(name).with_extension("rs");
        std::fs::write(&path, text).unwrap();
        builder = builder.with_src(path);
    }
    let mut header = Vec::new();
    builder.generate().expect("the sources parse").write(&mut header);
    initialised(&for_c(&String::from_utf8(header).expect("the sources are UTF-8")), &modules)
}

/// Drops the fences of code blocks, puts negative constants in parentheses, and breaks lines that names made too long.
fn for_c(header: &str) -> String {
    let mut text = String::new();
    for line in header.lines() {
        if line.trim_start().starts_with("// ```") {
            continue;
        }
        match line.rsplit_once(' ') {
            Some((name, value)) if line.starts_with("#define") && value.starts_with('-') => {
                text.push_str(&format!("{name} ({value})"));
            }
            _ => text.push_str(&broken(line)),
        }
        text.push('\n');
    }
    text
}

/// A comment in lines that are not too long.
fn broken(line: &str) -> String {
    match line.get(..WIDTH).and_then(|start| start.rsplit_once(' ')) {
        Some((start, _)) if line.starts_with("//") => {
            format!("{start}\n{}", broken(&format!("//{}", &line[start.len()..])))
        }
        _ => line.into(),
    }
}

/// What the sources say now.
static HEADER: LazyLock<String> = LazyLock::new(generate);

#[test]
fn header_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("include/hyla.h");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &*HEADER).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == *HEADER, "include/hyla.h is out of date: run `make header`");
}

/// "Default: mean" and "Default 1e-6" in a comment are the default.
#[test]
fn comments_tell_the_defaults() {
    let header = HEADER.replace(CONTINUED, "");
    let defaults = header.lines().filter_map(|line| line.strip_prefix("#define HYLA_"));
    let mut count = 0;
    for (name, values) in defaults.filter_map(|rest| rest.split_once("_PARAMS_DEFAULT { ")) {
        let begin = format!("typedef struct hyla_{}_params {{", name.to_lowercase());
        let (_, fields) = header.split_once(&begin).expect("a struct");
        let mut comments = fields.split(";\n").map(comment);
        for value in values.trim_end_matches(" }").split(", ") {
            let comment = comments.next().expect("a field");
            let Some((_, told)) = comment.rsplit_once("Default") else {
                assert!(value.starts_with("sizeof"), "{name}: {comment:?} lacks a default");
                continue;
            };
            let (told, _) = told.split_once([',', ';']).unwrap_or((told, ""));
            let told = told.trim_matches([':', ' ', '.']);
            let is_same = match (told.parse::<f64>(), value.trim_end_matches('f').parse::<f64>()) {
                (Ok(told), Ok(value)) => told == value,
                _ => value.ends_with(&told.to_uppercase().replace(' ', "_")),
            };
            assert!(is_same, "{name}: {comment:?}, but it is {value}");
            count += 1;
        }
    }
    assert!(count > 50, "the defaults are found");
}

/// What the comments of some lines say, in one.
fn comment(lines: &str) -> String {
    let lines = lines.lines().filter_map(|line| line.trim().strip_prefix("//"));
    lines.map(str::trim).collect::<Vec<_>>().join(" ")
}
