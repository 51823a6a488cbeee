use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use solti_metrics_host::runner::printable;
use toml::de::{DeTable, Deserializer};

use super::error::{ConfigError, ConfigErrors};
use super::{Config, place, schema, shape};

/// Bytes that the file may have.
const LONGEST: u64 = 1 << 20;

/// A configuration, and where it came from.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    pub(crate) file: PathBuf,
    /// What other files are named from.
    pub(crate) folder: PathBuf,
    pub(crate) config: Config,
    text: Text,
}

/// What is in the file.
#[derive(Debug, Clone)]
struct Text {
    /// The file, as it is shown.
    file: String,
    text: String,
}

impl Source {
    /// Reads the file, and looks at all that can be said of it without running
    /// anything. Other files that it names are not looked at.
    pub(crate) fn read(file: &Path) -> Result<Self, ConfigErrors> {
        let text = Text::read(file)?;
        let folder = file.parent().unwrap_or(Path::new(""));
        Ok(Self {
            file: file.into(),
            folder: folder.into(),
            config: text.config()?,
            text,
        })
    }

    /// A file that the configuration names.
    pub(crate) fn path(&self, named: &Path) -> PathBuf {
        self.folder.join(named)
    }

    /// Says where something is that cannot be used after all.
    pub(crate) fn wrong(&self, keys: &[&str], what: String) -> ConfigError {
        self.text.wrong(keys, what)
    }
}

impl Text {
    fn read(file: &Path) -> Result<Self, ConfigErrors> {
        let shown = printable(&file.display().to_string());
        let mut this = Self {
            file: shown,
            text: String::new(),
        };
        let fails = |this: &Self, byte, what| ConfigErrors(vec![this.error(byte, &[], what)]);
        let mut bytes = Vec::new();
        let read = File::open(file).and_then(|file| file.take(LONGEST + 1).read_to_end(&mut bytes));
        if let Err(error) = read {
            let what = format!("cannot read the configuration: {error}");
            return Err(fails(&this, None, what));
        }
        if bytes.len() as u64 > LONGEST {
            let what = "a configuration has at most 1 MiB; is it the right file?".into();
            return Err(fails(&this, None, what));
        }
        match String::from_utf8(bytes) {
            Ok(text) => this.text = text,
            Err(error) => {
                let valid = error.utf8_error().valid_up_to();
                this.text = String::from_utf8_lossy(error.as_bytes()).into_owned();
                let what = "this is no UTF-8: save the file in that encoding".into();
                return Err(fails(&this, Some(valid), what));
            }
        }
        Ok(this)
    }

    fn config(&self) -> Result<Config, ConfigErrors> {
        let (document, errors) = DeTable::parse_recoverable(&self.text);
        if !errors.is_empty() {
            return Err(ConfigErrors(
                errors.iter().map(|it| self.syntax(it)).collect(),
            ));
        }
        let misshapen = shape::misshapen(&schema(), &document);
        if !misshapen.is_empty() {
            let errors = misshapen.into_iter().map(|found| {
                let keys: Vec<_> = found.keys.iter().map(String::as_str).collect();
                self.error(Some(found.byte), &keys, found.what)
            });
            return Err(ConfigErrors(errors.collect()));
        }
        let config = Config::deserialize(Deserializer::from(document))
            .map_err(|wrong| ConfigErrors(vec![self.syntax(&wrong)]))?;
        let mut errors: Vec<_> = config
            .check()
            .into_iter()
            .map(|wrong| {
                let keys: Vec<_> = wrong.keys.iter().map(String::as_str).collect();
                self.wrong(&keys, wrong.what)
            })
            .collect();
        if errors.is_empty() {
            return Ok(config);
        }
        errors.sort_by_key(|error| error.at);
        Err(ConfigErrors(errors))
    }

    fn wrong(&self, keys: &[&str], what: String) -> ConfigError {
        self.error(Some(place::of_key(&self.text, keys)), keys, what)
    }

    fn syntax(&self, error: &toml::de::Error) -> ConfigError {
        let span = error.span();
        let byte = span.as_ref().map(|span| span.start);
        let what = match span.and_then(|span| self.text.get(span)) {
            Some(key) if error.message() == "duplicate key" => {
                format!("`{key}` is there a second time; leave one of them out")
            }
            _ => error.message().into(),
        };
        self.error(byte, &[], what)
    }

    fn error(&self, byte: Option<usize>, keys: &[&str], what: String) -> ConfigError {
        ConfigError {
            file: self.file.clone(),
            at: byte.map(|byte| place::line_and_column(&self.text, byte)),
            key: printable(&place::shown(keys)),
            what: printable(&what),
        }
    }
}
