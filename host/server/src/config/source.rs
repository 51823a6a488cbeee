//! Reads a configuration file and checks it.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use solti_metrics_host::file::is_standard_input;
use solti_metrics_host::text::printable;
use toml::de::{DeTable, Deserializer};

use super::check::Violation;
use super::error::{ConfigError, ConfigErrors, MAX_SHOWN};
use super::file::{self, ReadReason};
use super::positions::Positions;
use super::{Config, Log, positions, schema, shape};
use crate::error::Error;
use crate::reading::Reads;

/// Maximum number of characters of one error that are shown.
const MAX_LENGTH: usize = 1_000;

/// A configuration, and its source.
#[derive(Debug, Clone)]
pub struct Configuration {
    pub(crate) file: PathBuf,
    /// Folder at which relative paths start.
    pub(crate) folder: PathBuf,
    pub(crate) config: Config,
    /// Whether the table of tasks exists, even if it is empty.
    pub(crate) has_tasks_table: bool,
    /// Whether the configuration was read from a file that can be read only once.
    pub(crate) is_a_pipe: bool,
    text: SourceText,
}

/// Content of the file.
#[derive(Debug, Clone)]
struct SourceText {
    /// The file, as messages show it.
    file: String,
    text: String,
}

impl Configuration {
    /// Reads the file, and checks the configuration without running anything. Other files
    /// that the configuration names are not checked. Relative paths start at the folder
    /// of the file.
    ///
    /// # Errors
    ///
    /// When the configuration is invalid, with all errors, or its file system does not
    /// answer within 30 s.
    pub async fn read(file: &Path) -> Result<Self, Error> {
        let read = {
            let file = file.to_owned();
            move || Self::read_as(&file, ReadReason::First)
        };
        Ok(Reads::default().in_time(file, read).await??)
    }

    /// Parses a configuration that is not in a file. Relative paths start at `folder`.
    /// Reload with [`Server::apply`](crate::Server::apply).
    ///
    /// # Errors
    ///
    /// When the configuration is invalid, with all errors.
    pub fn parse(text: &str, folder: &Path) -> Result<Self, ConfigErrors> {
        let text = SourceText {
            file: "configuration".into(),
            text: text.into(),
        };
        let (config, has_tasks_table) = text.config()?;
        Ok(Self {
            file: folder.join(&text.file),
            folder: folder.into(),
            config,
            has_tasks_table,
            is_a_pipe: false,
            text,
        })
    }

    /// The file that the configuration was read from.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Log settings. The program sets up the log.
    pub fn log(&self) -> &Log {
        &self.config.log
    }

    /// Settings that are valid and probably a mistake.
    pub fn warnings(&self) -> Vec<&'static str> {
        let pipe = self.is_a_pipe.then_some(
            "the configuration was read from a pipe and cannot be reloaded; to reload, start `serve` with the path of a file",
        );
        self.warning().into_iter().chain(pipe).collect()
    }

    /// Reads a file again. A file that can be read only once is rejected.
    pub(crate) fn read_again(file: &Path) -> Result<Self, ConfigErrors> {
        Self::read_as(file, ReadReason::Reload)
    }

    fn read_as(file: &Path, reason: ReadReason) -> Result<Self, ConfigErrors> {
        let mut text = SourceText {
            file: printable(&file.display().to_string()),
            text: String::new(),
        };
        let read = file::read(file, reason).map_err(|what| text.fails(None, what))?;
        match String::from_utf8(read.bytes) {
            Ok(read) => text.text = read,
            Err(error) => {
                let valid = error.utf8_error().valid_up_to();
                text.text = String::from_utf8_lossy(error.as_bytes()).into_owned();
                let what = "the file is not encoded in UTF-8; save it in UTF-8".into();
                return Err(text.fails(Some(valid), what));
            }
        }
        let folder = file.parent().unwrap_or(Path::new(""));
        let (config, has_tasks_table) = text.config()?;
        Ok(Self {
            file: file.into(),
            folder: folder.into(),
            config,
            has_tasks_table,
            is_a_pipe: read.is_a_pipe,
            text,
        })
    }

    /// Path of a file that the configuration names, or of standard input.
    pub(crate) fn path(&self, named: &Path) -> PathBuf {
        if is_standard_input(named) {
            return named.into();
        }
        self.folder.join(named)
    }

    /// Adds positions to errors that later checks found, each with its keys.
    pub(crate) fn wrong(&self, found: Vec<(Vec<String>, String)>) -> ConfigErrors {
        let found = found
            .into_iter()
            .map(|(keys, what)| Violation { keys, what });
        self.text.wrong(found.collect())
    }

    /// A warning if no task is configured, and the table of tasks does not exist.
    pub(crate) fn warning(&self) -> Option<&'static str> {
        (self.config.tasks.is_empty() && !self.has_tasks_table).then_some(
            "no task is configured, so nothing runs; add a table [tasks.NAME], or write an empty table [tasks] if that is intended",
        )
    }
}

impl SourceText {
    /// Returns the configuration, and whether the table of tasks exists.
    fn config(&self) -> Result<(Config, bool), ConfigErrors> {
        let (document, errors) = DeTable::parse_recoverable(&self.text);
        if !errors.is_empty() {
            let found = errors.iter().map(|error| self.syntax(error)).collect();
            return Err(self.found(found));
        }
        if document.get_ref().is_empty() {
            let what = "the configuration is empty: no key is set; to run no tasks, write an empty table [tasks]";
            return Err(self.fails(None, what.into()));
        }
        let has_tasks_table = document.get_ref().contains_key("tasks");
        let misshapen = shape::misshapen(&schema(), &document);
        if !misshapen.is_empty() {
            let found = misshapen.into_iter().map(|found| LocatedError {
                byte: Some(found.byte),
                keys: found.keys,
                what: found.what,
            });
            return Err(self.found(found.collect()));
        }
        let config = Config::deserialize(Deserializer::from(document))
            .map_err(|wrong| self.found(vec![self.syntax(&wrong)]))?;
        let wrong = config.check();
        if wrong.is_empty() {
            return Ok((config, has_tasks_table));
        }
        Err(self.wrong(wrong))
    }

    fn wrong(&self, wrong: Vec<Violation>) -> ConfigErrors {
        let positions = Positions::of(&self.text);
        let found = wrong
            .into_iter()
            .map(|Violation { keys, what }| LocatedError {
                byte: Some(positions.of_key(&keys)),
                keys,
                what,
            });
        let mut found: Vec<_> = found.collect();
        found.sort_by_key(|found| found.byte);
        self.located(&positions, found)
    }

    fn syntax(&self, error: &toml::de::Error) -> LocatedError {
        let span = error.span();
        let byte = span.as_ref().map(|span| span.start);
        let what = match span.and_then(|span| self.text.get(span)) {
            Some(key) if error.message() == "duplicate key" => {
                format!("`{key}` is set twice; remove one")
            }
            _ => error.message().into(),
        };
        LocatedError {
            byte,
            keys: Vec::new(),
            what,
        }
    }

    fn fails(&self, byte: Option<usize>, what: String) -> ConfigErrors {
        let keys = Vec::new();
        self.found(vec![LocatedError { byte, keys, what }])
    }

    fn found(&self, found: Vec<LocatedError>) -> ConfigErrors {
        self.located(&Positions::of(&self.text), found)
    }

    /// The first errors, and the number of further errors.
    fn located(&self, positions: &Positions<'_>, mut found: Vec<LocatedError>) -> ConfigErrors {
        let more = found.len().saturating_sub(MAX_SHOWN);
        found.truncate(MAX_SHOWN);
        let shown = found.into_iter().map(|found| ConfigError {
            file: self.file.clone(),
            at: found.byte.map(|byte| positions.line_and_column(byte)),
            key: shortened(&positions::shown(&found.keys)),
            what: shortened(&found.what),
        });
        ConfigErrors {
            shown: shown.collect(),
            more,
        }
    }
}

/// An error, its position and its keys.
struct LocatedError {
    byte: Option<usize>,
    keys: Vec<String>,
    what: String,
}

/// Shortens a long text: a value in it may be as long as the file.
fn shortened(text: &str) -> String {
    let shortened = printable(beginning(text));
    match beginning(&shortened) {
        whole if whole.len() == shortened.len() && shortened.len() >= text.len() => shortened,
        cut => format!("{cut}…"),
    }
}

fn beginning(text: &str) -> &str {
    let end = text.char_indices().nth(MAX_LENGTH).map(|(end, _)| end);
    end.and_then(|end| text.get(..end)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_that_is_not_in_a_file_has_no_warning() -> Result<(), ConfigErrors> {
        let parsed = Configuration::parse("[tasks]\n", Path::new("."))?;
        assert_eq!(parsed.warnings(), Vec::<&str>::new());
        Ok(())
    }
}
