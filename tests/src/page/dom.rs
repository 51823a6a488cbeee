//! Elements and text of a page in a browser's serialisation. It is regular: values are in
//! double quotes, and quotes in them are escaped.

use std::collections::BTreeMap;

use anyhow::{Context, Result};

/// Elements whose content is not markup.
const RAW: [&str; 2] = ["script", "style"];

/// Name and attributes of an element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element {
    /// Name, in lower case.
    pub name: String,
    /// Values of the attributes, unescaped.
    pub attributes: BTreeMap<String, String>,
}

/// The elements of a page, in order.
///
/// # Errors
///
/// When an element does not end.
pub fn elements(page: &str) -> Result<Vec<Element>> {
    let mut elements = Vec::new();
    walk(page, |element| elements.push(element), |_| {})?;
    Ok(elements)
}

/// The text of a page, without scripts and styles.
///
/// # Errors
///
/// When an element does not end.
pub fn text(page: &str) -> Result<String> {
    let mut text = String::new();
    walk(page, |_| {}, |piece| text += &unescaped(piece))?;
    Ok(text)
}

fn walk(page: &str, mut element: impl FnMut(Element), mut text: impl FnMut(&str)) -> Result<()> {
    let mut rest = page;
    while let Some((before, after)) = rest.split_once('<') {
        text(before);
        rest = match after.chars().next() {
            Some(first) if first.is_ascii_alphabetic() => {
                let (found, mut after) = opened(after)?;
                if RAW.contains(&&*found.name) {
                    let end = format!("</{}>", found.name);
                    after = after.split_once(&end).context("no end")?.1;
                }
                element(found);
                after
            }
            Some('!') if after.starts_with("!--") => after.split_once("-->").context("no end")?.1,
            _ => after.split_once('>').context("no end")?.1,
        };
    }
    text(rest);
    Ok(())
}

/// An element without its `<`, and the text after it.
fn opened(tag: &str) -> Result<(Element, &str)> {
    let end = |c: char| c.is_whitespace() || c == '>' || c == '/';
    let (name, mut rest) = tag.split_at(tag.find(end).context("no end")?);
    let mut attributes = BTreeMap::new();
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '/');
        if let Some(after) = rest.strip_prefix('>') {
            let name = name.to_ascii_lowercase();
            return Ok((Element { name, attributes }, after));
        }
        let end = rest.find(|c: char| end(c) || c == '=').context("no end")?;
        let (attribute, after) = rest.split_at(end);
        let (value, after) = match after.strip_prefix("=\"") {
            Some(quoted) => quoted.split_once('"').context("no closing quote")?,
            None => ("", after),
        };
        attributes.insert(attribute.to_owned(), unescaped(value));
        rest = after;
    }
}

fn unescaped(text: &str) -> String {
    [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&nbsp;", "\u{a0}"),
        ("&amp;", "&"),
    ]
    .iter()
    .fold(text.to_owned(), |text, (escaped, c)| {
        text.replace(escaped, c)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attribute_is_unescaped() -> Result<()> {
        let found = elements("<!doctype html><script>'<b>'</script><Td hidden a=\"&amp;lt; >\">x")?;
        assert_eq!(found.len(), 2);
        assert_eq!(found[1].name, "td");
        assert_eq!(found[1].attributes["a"], "&lt; >");
        assert_eq!(found[1].attributes["hidden"], "");
        Ok(())
    }

    #[test]
    fn text_excludes_markup() -> Result<()> {
        let page = "<!-- <i> --><style>p</style><p>a&lt;img&gt;<b>b</b></p>";
        assert_eq!(text(page)?, "a<img>b");
        Ok(())
    }
}
