//! Where in a file something is.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The line and the column of a byte, from 1.
pub(super) fn line_and_column(text: &str, byte: usize) -> (usize, usize) {
    let before = text.get(..byte).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before
        .rsplit('\n')
        .next()
        .unwrap_or_default()
        .chars()
        .count()
        + 1;
    (line, column)
}

/// The first byte of the value under these keys, or of the last of them that is there.
pub(super) fn of_key(text: &str, keys: &[&str]) -> usize {
    let Ok(document) = DeTable::parse(text) else {
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
        let Some((key, value)) = table.and_then(|table| table.get_key_value(*key)) else {
            break;
        };
        (place, found) = (key.span().start, Some(value.get_ref()));
    }
    place
}

/// The keys to what stands at this byte, with dots between; empty if that is nothing.
pub(super) fn key_at(text: &str, byte: usize) -> String {
    let found = DeTable::parse(text).ok().and_then(|document| {
        let mut keys = Vec::new();
        in_table(document.get_ref(), byte, &mut keys).then(|| keys.join("."))
    });
    found.unwrap_or_default()
}

fn in_table(table: &DeTable<'_>, byte: usize, keys: &mut Vec<String>) -> bool {
    table.iter().any(|(key, value)| {
        keys.push(key.get_ref().to_string());
        let found = key.span().contains(&byte) || in_value(value, byte, keys);
        if !found {
            keys.pop();
        }
        found
    })
}

fn in_value(value: &Spanned<DeValue<'_>>, byte: usize, keys: &mut Vec<String>) -> bool {
    match value.get_ref() {
        DeValue::Table(table) => in_table(table, byte, keys) || value.span().contains(&byte),
        DeValue::Array(items) => {
            items.iter().any(|item| in_value(item, byte, keys)) || value.span().contains(&byte)
        }
        _ => value.span().contains(&byte),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "[runner]\ngrace = \"1s\"\n\n[tasks.a]\ncomponent = \"a.wasm\"\n\n[[middlewares]]\nname = \"m\"\n";

    fn line(keys: &[&str]) -> usize {
        line_and_column(TEXT, of_key(TEXT, keys)).0
    }

    #[test]
    fn a_key_is_found_where_it_stands() {
        assert_eq!(line(&["runner", "grace"]), 2);
        assert_eq!(line(&["tasks", "a", "component"]), 5);
        assert_eq!(line(&["middlewares", "0", "name"]), 8);
    }

    #[test]
    fn what_stands_somewhere_is_named() {
        let named = |what: &str| key_at(TEXT, TEXT.find(what).unwrap_or(TEXT.len()));
        assert_eq!(named("\"1s\""), "runner.grace");
        assert_eq!(named("component"), "tasks.a.component");
        assert_eq!(named("\"m\""), "middlewares.name");
    }

    #[test]
    fn of_what_is_missing_its_table_is_found() {
        assert_eq!(line(&["tasks", "a", "every"]), 4);
        assert_eq!(line(&["nothing"]), 1);
    }
}
