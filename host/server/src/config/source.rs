//! Reads a configuration file and checks it.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use solti_metrics_host::file::is_standard_input;
use solti_metrics_host::text::printable;
use toml::de::{DeTable, Deserializer};

use super::check::Wrong;
use super::error::{ConfigError, ConfigErrors, MOST_TOLD};
use super::file::{self, Again};
use super::place::Places;
use super::{Config, Log, place, schema, shape};
use crate::error::Error;
use crate::reading::Reads;

/// Characters of one fault that are told.
const MOST_SAID: usize = 1_000;

/// A configuration, and where it came from.
#[derive(Debug, Clone)]
pub struct Configuration {
    pub(crate) file: PathBuf,
    /// What other files are named from.
    pub(crate) folder: PathBuf,
    pub(crate) config: Config,
    /// Whether it has the table of tasks, be it an empty one.
    pub(crate) has_tasks_table: bool,
    /// Whether it can be read only once.
    pub(crate) is_a_pipe: bool,
    text: Text,
}

/// What is in the file.
#[derive(Debug, Clone)]
struct Text {
    /// The file, as it is shown.
    file: String,
    text: String,
}

impl Configuration {
    /// Reads the file, and looks at all that can be said of it without running
    /// anything. Other files that it names are not looked at: those are named from its
    /// folder on.
    ///
    /// # Errors
    ///
    /// All that is wrong with it, or that its file system does not answer within 30 s.
    pub async fn read(file: &Path) -> Result<Self, Error> {
        let read = {
            let file = file.to_owned();
            move || Self::read_as(&file, Again::First)
        };
        Ok(Reads::default().in_time(file, read).await??)
    }

    /// A configuration that is in no file. Other files are named from `folder` on, and a
    /// reload is given another configuration.
    ///
    /// # Errors
    ///
    /// All that is wrong with it.
    pub fn parse(text: &str, folder: &Path) -> Result<Self, ConfigErrors> {
        let text = Text {
            file: "configuration".into(),
            text: text.into(),
        };
        let (config, has_tasks_table) = text.config()?;
        Ok(Self {
            file: folder.join(&text.file),
            folder: folder.into(),
            config,
            has_tasks_table,
            is_a_pipe: true,
            text,
        })
    }

    /// The file that it was read from.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// What is to be logged, which is its owner's to do.
    pub fn log(&self) -> &Log {
        &self.config.log
    }

    /// What may be meant so, and probably is not.
    pub fn warnings(&self) -> Vec<&'static str> {
        let pipe = self.is_a_pipe.then_some(
            "the configuration comes out of a pipe, which cannot be read a second time: to reload it, start with the path of a file",
        );
        self.warning().into_iter().chain(pipe).collect()
    }

    /// The same, for a file that was read before: one that can be read only once is
    /// refused.
    pub(crate) fn read_again(file: &Path) -> Result<Self, ConfigErrors> {
        Self::read_as(file, Again::Reload)
    }

    fn read_as(file: &Path, again: Again) -> Result<Self, ConfigErrors> {
        let mut text = Text {
            file: printable(&file.display().to_string()),
            text: String::new(),
        };
        let read = file::read(file, again).map_err(|what| text.fails(None, what))?;
        match String::from_utf8(read.bytes) {
            Ok(read) => text.text = read,
            Err(error) => {
                let valid = error.utf8_error().valid_up_to();
                text.text = String::from_utf8_lossy(error.as_bytes()).into_owned();
                let what = "this is no UTF-8: save the file in that encoding".into();
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

    /// A file that the configuration names, or the standard input.
    pub(crate) fn path(&self, named: &Path) -> PathBuf {
        if is_standard_input(named) {
            return named.into();
        }
        self.folder.join(named)
    }

    /// Says where things are that cannot be used after all, each named by its keys.
    pub(crate) fn wrong(&self, found: Vec<(Vec<String>, String)>) -> ConfigErrors {
        let found = found.into_iter().map(|(keys, what)| Wrong { keys, what });
        self.text.wrong(found.collect())
    }

    /// Whether it runs nothing, and does not say so.
    pub(crate) fn warning(&self) -> Option<&'static str> {
        (self.config.tasks.is_empty() && !self.has_tasks_table).then_some(
            "there are no tasks, so nothing runs; name one under [tasks.NAME], or write an empty [tasks] if that is meant",
        )
    }
}

impl Text {
    /// And whether it has the table of tasks.
    fn config(&self) -> Result<(Config, bool), ConfigErrors> {
        let (document, errors) = DeTable::parse_recoverable(&self.text);
        if !errors.is_empty() {
            let found = errors.iter().map(|error| self.syntax(error)).collect();
            return Err(self.found(found));
        }
        if document.get_ref().is_empty() {
            let what = "the configuration is empty: no key is set, so nothing would run; to run no tasks, write an empty table [tasks]";
            return Err(self.fails(None, what.into()));
        }
        let has_tasks_table = document.get_ref().contains_key("tasks");
        let misshapen = shape::misshapen(&schema(), &document);
        if !misshapen.is_empty() {
            let found = misshapen.into_iter().map(|found| Found {
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

    fn wrong(&self, wrong: Vec<Wrong>) -> ConfigErrors {
        let places = Places::of(&self.text);
        let found = wrong.into_iter().map(|Wrong { keys, what }| Found {
            byte: Some(places.of_key(&keys)),
            keys,
            what,
        });
        let mut found: Vec<_> = found.collect();
        found.sort_by_key(|found| found.byte);
        self.told(&places, found)
    }

    fn syntax(&self, error: &toml::de::Error) -> Found {
        let span = error.span();
        let byte = span.as_ref().map(|span| span.start);
        let what = match span.and_then(|span| self.text.get(span)) {
            Some(key) if error.message() == "duplicate key" => {
                format!("`{key}` is there a second time; leave one of them out")
            }
            _ => error.message().into(),
        };
        Found {
            byte,
            keys: Vec::new(),
            what,
        }
    }

    fn fails(&self, byte: Option<usize>, what: String) -> ConfigErrors {
        let keys = Vec::new();
        self.found(vec![Found { byte, keys, what }])
    }

    fn found(&self, found: Vec<Found>) -> ConfigErrors {
        self.told(&Places::of(&self.text), found)
    }

    /// The first of them, as they are told, and how many more there are.
    fn told(&self, places: &Places<'_>, mut found: Vec<Found>) -> ConfigErrors {
        let more = found.len().saturating_sub(MOST_TOLD);
        found.truncate(MOST_TOLD);
        let told = found.into_iter().map(|found| ConfigError {
            file: self.file.clone(),
            at: found.byte.map(|byte| places.line_and_column(byte)),
            key: said(&place::shown(&found.keys)),
            what: said(&found.what),
        });
        ConfigErrors {
            told: told.collect(),
            more,
        }
    }
}

/// Something that is wrong, where that is, and under which keys.
struct Found {
    byte: Option<usize>,
    keys: Vec<String>,
    what: String,
}

/// The beginning of a long text: a value in it may be as long as the file.
fn said(text: &str) -> String {
    let said = printable(beginning(text));
    match beginning(&said) {
        whole if whole.len() == said.len() && said.len() >= text.len() => said,
        cut => format!("{cut}…"),
    }
}

fn beginning(text: &str) -> &str {
    let end = text.char_indices().nth(MOST_SAID).map(|(end, _)| end);
    end.and_then(|end| text.get(..end)).unwrap_or(text)
}
