use std::env::{self, VarError};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

/// The environment variable that overrides which entries are logged.
const VARIABLE: &str = "RUST_LOG";

/// Which entries are logged: what the environment says, else those of the level. The
/// second value says what is wrong with the environment, which then is not used.
pub(crate) fn filter(level: &str) -> (EnvFilter, Option<String>) {
    match of_environment(env::var(VARIABLE)) {
        Ok(filter) => (filter.unwrap_or_else(|| EnvFilter::new(level)), None),
        Err(wrong) => {
            let what = format!(
                "{VARIABLE}: {wrong}; expected error, warn, info, debug, trace or off, or TARGET=LEVEL, with commas between several; the log has level {level}"
            );
            (EnvFilter::new(level), Some(what))
        }
    }
}

/// `None` if the variable is not set, or set to nothing.
fn of_environment(variable: Result<String, VarError>) -> Result<Option<EnvFilter>, String> {
    let text = match variable {
        Ok(text) => text,
        Err(VarError::NotPresent) => return Ok(None),
        Err(VarError::NotUnicode(_)) => return Err("the value is not UTF-8".into()),
    };
    let directives = text.split(',').map(str::trim).filter(|it| !it.is_empty());
    let directives: Vec<_> = directives.collect();
    if directives.is_empty() {
        return Ok(None);
    }
    for directive in &directives {
        // A word alone would be taken for a target, whose entries are logged and no others.
        let is_word = !directive.contains(['=', '[']);
        if is_word && directive.parse::<LevelFilter>().is_err() {
            return Err(format!("{directive:?} is not a level"));
        }
    }
    let text = directives.join(",");
    let filter = EnvFilter::builder().parse(&text);
    filter
        .map(Some)
        .map_err(|error| format!("{text:?}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<Option<String>, String> {
        let filter = of_environment(Ok(text.to_owned()))?;
        Ok(filter.map(|filter| filter.to_string()))
    }

    #[test]
    fn a_variable_that_is_empty_is_one_that_is_not_set() {
        for text in ["", " ", ",", " , ,"] {
            assert_eq!(of(text), Ok(None), "{text:?}");
        }
        assert!(matches!(
            of_environment(Err(VarError::NotPresent)),
            Ok(None)
        ));
    }

    #[test]
    fn levels_and_targets_are_taken() {
        for (text, filter) in [
            ("debug", "debug"),
            ("WARN,", "warn"),
            ("off", "off"),
            (" info , wasmtime=debug ", "wasmtime=debug,info"),
        ] {
            assert_eq!(of(text), Ok(Some(filter.into())), "{text:?}");
        }
    }

    #[test]
    fn a_word_that_is_not_a_level_is_named() {
        for text in [
            "warning",
            "info,verbose",
            "err",
            "solti_metrics",
            "nonsense",
        ] {
            let wrong = of(text).err().unwrap_or_default();
            assert!(wrong.ends_with("is not a level"), "{text:?}: {wrong}");
        }
        for text in ["wasmtime=loud", "a=b=c", "[=info"] {
            assert!(of(text).is_err(), "{text:?}");
        }
    }
}
