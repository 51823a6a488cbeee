//! Where in a file something is.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The places in one file. To make it takes as long as to parse the file, to find one
/// takes no longer for the last than for the first.
pub(super) struct Places<'a> {
    text: &'a str,
    /// The first byte of each line.
    lines: Vec<usize>,
    document: Option<Spanned<DeTable<'a>>>,
}

impl<'a> Places<'a> {
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
        let line = self.lines.partition_point(|begin| *begin <= byte);
        let begin = self.lines.get(line - 1).copied().unwrap_or_default();
        let before = self.text.get(begin..byte.min(self.text.len()));
        (line, before.unwrap_or_default().chars().count() + 1)
    }

    /// The first byte of the value under these keys, or of the last of them that is
    /// there.
    pub(super) fn of_key(&self, keys: &[String]) -> usize {
        let Some(document) = &self.document else {
            return 0;
        };
        let mut place = document.span().start;
        let mut found: Option<&DeValue<'_>> = None;
        for (depth, key) in keys.iter().enumerate() {
            let table = match (depth, found) {
                (0, _) => Some(document.get_ref()),
                (_, Some(DeValue::Table(table))) => Some(table),
                (_, Some(DeValue::Array(items))) => {
                    let item = key.parse().ok().and_then(|at: usize| items.get(at));
                    if let Some(item) = item {
                        (place, found) = (item.span().start, Some(item.get_ref()));
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
            (place, found) = (key.span().start, Some(value.get_ref()));
        }
        place
    }
}

/// Keys as they are shown. Which item of a list it is, the line tells.
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
        let places = Places::of(TEXT);
        places.line_and_column(places.of_key(&keys(of))).0
    }

    #[test]
    fn a_key_is_found_where_it_stands() {
        assert_eq!(line(&["runner", "grace"]), 2);
        assert_eq!(line(&["tasks", "a", "component"]), 5);
        assert_eq!(line(&["middlewares", "0", "name"]), 8);
    }

    #[test]
    fn a_column_is_one_of_characters_and_every_byte_has_one() {
        let text = "a = \"ä\" # x\n\nb";
        let places = Places::of(text);
        for (byte, place) in [
            (0, (1, 1)),
            (7, (1, 7)),
            (13, (2, 1)),
            (14, (3, 1)),
            (99, (3, 2)),
        ] {
            assert_eq!(places.line_and_column(byte), place, "{byte}");
        }
        assert_eq!(Places::of("").line_and_column(0), (1, 1));
    }

    #[test]
    fn keys_are_shown_as_they_would_be_written() {
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
    fn of_what_is_missing_its_table_is_found() {
        assert_eq!(line(&["tasks", "a", "every"]), 4);
        assert_eq!(line(&["nothing"]), 1);
    }
}
