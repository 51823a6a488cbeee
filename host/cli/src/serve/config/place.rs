//! Where in a file something is.

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

/// Keys as they are shown. Which item of a list it is, the line tells.
pub(super) fn shown(keys: &[&str]) -> String {
    let is_bare = |key: &str| {
        let bare = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
        !key.is_empty() && key.chars().all(bare)
    };
    let keys = keys.iter().enumerate().filter_map(|(at, key)| match key {
        _ if at == 1 && keys[0] == "middlewares" && key.parse::<usize>().is_ok() => None,
        key if is_bare(key) => Some((*key).to_owned()),
        key => Some(format!("{key:?}")),
    });
    keys.collect::<Vec<_>>().join(".")
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
    fn keys_are_shown_as_they_would_be_written() {
        assert_eq!(shown(&["tasks", "0", "env", "a b"]), "tasks.0.env.\"a b\"");
        assert_eq!(shown(&["middlewares", "0", "name"]), "middlewares.name");
    }

    #[test]
    fn of_what_is_missing_its_table_is_found() {
        assert_eq!(line(&["tasks", "a", "every"]), 4);
        assert_eq!(line(&["nothing"]), 1);
    }
}
