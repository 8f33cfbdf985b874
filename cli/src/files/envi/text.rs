//! The header as keys and values: `key = value`, or `key = {a, b, c}` over several lines.

/// A key in lower case with single blanks, its value, and its line.
pub struct Field {
    pub key: String,
    pub value: String,
    pub line: usize,
}

/// Splits a header, whatever its line ends.
pub fn fields(bytes: &[u8]) -> Result<Vec<Field>, String> {
    if bytes.starts_with(&[0xff, 0xfe])
        || bytes.starts_with(&[0xfe, 0xff])
        || bytes.iter().take(16).any(|byte| *byte == 0)
    {
        return Err("the header is no text in UTF-8 (in UTF-16, perhaps); save it as UTF-8.".to_string());
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = String::from_utf8_lossy(bytes).replace("\r\n", "\n").replace('\r', "\n");
    let mut lines = text.lines().enumerate().map(|(index, line)| (index + 1, line));
    let first = lines.by_ref().find(|(_, line)| !line.trim().is_empty());
    if !first.is_some_and(|(_, line)| line.trim().eq_ignore_ascii_case("ENVI")) {
        return Err("the first line is not 'ENVI'.".to_string());
    }
    let is_comment = |line: &str| line.trim_start().starts_with(';');
    let mut fields: Vec<Field> = Vec::new();
    while let Some((line, text)) = lines.next() {
        let Some((key, value)) = text.split_once('=').filter(|_| !is_comment(text)) else { continue };
        let key = key.split_whitespace().collect::<Vec<_>>().join(" ").to_ascii_lowercase();
        let mut value = value.trim().to_string();
        if value.starts_with('{') {
            while !value.contains('}') {
                let Some((_, more)) = lines.next() else {
                    return Err(format!("the brace of '{key}' in line {line} is not closed."));
                };
                if !is_comment(more) {
                    value.push('\n');
                    value.push_str(more.trim());
                }
            }
            value.truncate(value.find('}').map_or(value.len(), |close| close + 1));
        }
        if let Some(other) = fields.iter().find(|other| other.key == key && other.value != value) {
            let first = other.line;
            return Err(format!("'{key}' is there twice with different values, in lines {first} and {line}."));
        }
        fields.push(Field { key, value, line });
    }
    Ok(fields)
}

/// The items of a list in braces.
pub fn items(value: &str) -> Option<Vec<&str>> {
    let inner = value.strip_prefix('{')?.split('}').next()?.trim();
    if inner.is_empty() { Some(Vec::new()) } else { Some(inner.split(',').map(str::trim).collect()) }
}
