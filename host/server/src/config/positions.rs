//! Positions in a file.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The positions in one file. Construction takes as long as parsing the file. A lookup
/// takes no longer for the last position than for the first.
pub(super) struct Positions<'a> {
    text: &'a str,
    /// The first byte of each line.
    lines: Vec<usize>,
    document: Option<Spanned<DeTable<'a>>>,
}

impl<'a> Positions<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        Self {
            text,
            lines: std::iter::once(0)
                .chain(ends.map(|(at, _)| at + 1))
                .collect(),
            document: DeTable::parse(text).ok(),
        }
    }

    /// The line and the column of a byte, from 1.
    pub(super) fn line_and_column(&self, byte: usize) -> (usize, usize) {
        let line = self.lines.partition_point(|start| *start <= byte);
        let start = self.lines.get(line - 1).copied().unwrap_or_default();
        let before = self.text.get(start..byte.min(self.text.len()));
        (line, before.unwrap_or_default().chars().count() + 1)
    }

    /// The first byte of the value with these keys, or of the last key that exists.
    pub(super) fn of_key(&self, keys: &[String]) -> usize {
        let Some(document) = &self.document else {
            return 0;
        };
        let mut position = document.span().start;
        let mut found: Option<&DeValue<'_>> = None;
        for (depth, key) in keys.iter().enumerate() {
            let table = match (depth, found) {
                (0, _) => Some(document.get_ref()),
                (_, Some(DeValue::Table(table))) => Some(table),
                (_, Some(DeValue::Array(items))) => {
                    let item = key.parse().ok().and_then(|at: usize| items.get(at));
                    if let Some(item) = item {
                        (position, found) = (item.span().start, Some(item.get_ref()));
                        continue;
                    }
                    None
                }
                _ => None,
            };
            let Some((key, value)) = table.and_then(|table| table.get_key_value(key.as_str()))
            else {
                break;
            };
            (position, found) = (key.span().start, Some(value.get_ref()));
        }
        position
    }
}

/// Keys as messages show them. The index of an item in a list is omitted, because the
/// line identifies the item.
pub(super) fn shown(keys: &[String]) -> String {
    let is_bare = |key: &str| {
        let bare = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
        !key.is_empty() && key.chars().all(bare)
    };
    let keys = keys
        .iter()
        .enumerate()
        .filter_map(|(at, key)| match key.as_str() {
            _ if at == 1 && keys[0] == "middlewares" && key.parse::<usize>().is_ok() => None,
            key if is_bare(key) => Some(key.to_owned()),
            key => Some(format!("{key:?}")),
        });
    keys.collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "[runner]\nshutdown_timeout = \"1s\"\n\n[tasks.a]\ncomponent = \"a.wasm\"\n\n[[middlewares]]\nname = \"m\"\n";

    fn keys(keys: &[&str]) -> Vec<String> {
        keys.iter().map(|key| (*key).to_owned()).collect()
    }

    fn line(of: &[&str]) -> usize {
        let positions = Positions::of(TEXT);
        positions.line_and_column(positions.of_key(&keys(of))).0
    }

    #[test]
    fn the_position_of_a_key_is_found() {
        assert_eq!(line(&["runner", "shutdown_timeout"]), 2);
        assert_eq!(line(&["tasks", "a", "component"]), 5);
        assert_eq!(line(&["middlewares", "0", "name"]), 8);
    }

    #[test]
    fn columns_count_characters_and_every_byte_has_one() {
        let text = "a = \"ä\" # x\n\nb";
        let positions = Positions::of(text);
        for (byte, position) in [
            (0, (1, 1)),
            (7, (1, 7)),
            (13, (2, 1)),
            (14, (3, 1)),
            (99, (3, 2)),
        ] {
            assert_eq!(positions.line_and_column(byte), position, "{byte}");
        }
        assert_eq!(Positions::of("").line_and_column(0), (1, 1));
    }

    #[test]
    fn keys_are_shown_as_in_the_file() {
        assert_eq!(
            shown(&keys(&["tasks", "0", "env", "a b"])),
            "tasks.0.env.\"a b\""
        );
        assert_eq!(
            shown(&keys(&["middlewares", "0", "name"])),
            "middlewares.name"
        );
    }

    #[test]
    fn the_position_of_a_missing_key_is_its_table() {
        assert_eq!(line(&["tasks", "a", "interval"]), 4);
        assert_eq!(line(&["nothing"]), 1);
    }
}
