//! The fenced blocks of a page.

use anyhow::{Result, bail};

/// A block, such as of `sh`, with the words after its language.
#[derive(Debug)]
pub struct Block {
    /// The first word after the fence.
    pub language: String,
    /// The other words after the fence, such as the name of a file.
    pub about: String,
    /// The lines of the block.
    pub text: String,
}

impl Block {
    /// Returns whether the block has this language and these other words.
    #[must_use]
    pub fn is(&self, language: &str, about: &str) -> bool {
        self.language == language && self.about == about
    }

    /// The lines of the block, such as the commands of a shell.
    pub fn lines(&self) -> std::str::Lines<'_> {
        self.text.lines()
    }
}

/// All blocks of a page, in order.
///
/// # Errors
///
/// When a block does not end, or starts inside another block.
pub fn blocks(page: &str) -> Result<Vec<Block>> {
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
