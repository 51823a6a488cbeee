//! The fenced blocks of a page.

use anyhow::{Result, bail};

/// A block, such as of `sh`, with what stands behind the language.
#[derive(Debug)]
pub(crate) struct Block {
    pub(crate) language: String,
    pub(crate) about: String,
    pub(crate) text: String,
}

impl Block {
    pub(crate) fn is(&self, language: &str, about: &str) -> bool {
        self.language == language && self.about == about
    }

    pub(crate) fn lines(&self) -> std::str::Lines<'_> {
        self.text.lines()
    }
}

pub(crate) fn blocks(page: &str) -> Result<Vec<Block>> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for line in page.lines() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(""), Some(_)) => blocks.extend(open.take()),
            (Some(head), None) => {
                let (language, about) = head.split_once(' ').unwrap_or((head, ""));
                open = Some(Block {
                    language: language.into(),
                    about: about.into(),
                    text: String::new(),
                });
            }
            (None, Some(block)) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, None) => {}
            (Some(_), Some(_)) => bail!("a block within a block: {line}"),
        }
    }
    match open {
        None => Ok(blocks),
        Some(block) => bail!("a block that does not end: {block:?}"),
    }
}
