use std::env::{self, VarError};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

/// The environment variable that overrides which entries are logged.
const VARIABLE: &str = "RUST_LOG";

/// Which entries are logged: what the environment says, else those of the level. The
/// second value says what is wrong with the environment, which then is not used.
pub(crate) fn filter(level: &str) -> (EnvFilter, Option<String>) {
    match of_environment(env::var(VARIABLE), level) {
        Ok(filter) => (filter.unwrap_or_else(|| EnvFilter::new(level)), None),
        Err(wrong) => {
            let what = format!(
                "{VARIABLE}: {wrong}; expected error, warn, info, debug, trace or off, or TARGET=LEVEL, with commas between several; the log has level {level}"
            );
            (EnvFilter::new(level), Some(what))
        }
    }
}

/// Targets of this program's own entries.
const OWN: [&str; 2] = ["solti_metrics", "solti_metrics_host"];

/// `None` if the variable is not set, or set to nothing. Directives that say nothing of
/// this program's own entries add to the level.
fn of_environment(
    variable: Result<String, VarError>,
    level: &str,
) -> Result<Option<EnvFilter>, String> {
    let text = match variable {
        Ok(text) => text,
        Err(VarError::NotPresent) => return Ok(None),
        Err(VarError::NotUnicode(_)) => return Err("the value is not UTF-8".into()),
    };
    let directives = text.split(',').map(str::trim).filter(|it| !it.is_empty());
    let mut directives: Vec<_> = directives.collect();
    if directives.is_empty() {
        return Ok(None);
    }
    for directive in &directives {
        // A word alone would be taken for a target, whose entries are logged and no others.
        let is_word = !directive.contains(['=', '[']);
        if is_word && directive.parse::<LevelFilter>().is_err() {
            return Err(format!("{directive:?} is not a level"));
        }
        // Otherwise taken for a target with every level.
        if directive.ends_with('=') {
            return Err(format!("{directive:?} has no level"));
        }
    }
    if !directives.iter().any(|it| is_of_this_program(it)) {
        directives.insert(0, level);
    }
    let text = directives.join(",");
    let filter = EnvFilter::builder().parse(&text);
    filter
        .map(Some)
        .map_err(|error| format!("{text:?}: {error}"))
}

/// Whether a directive is a level alone, or for entries of this program, whichever span
/// they are in.
fn is_of_this_program(directive: &str) -> bool {
    match directive.split_once('=') {
        None => !directive.contains('['),
        Some((target, _)) => OWN.iter().any(|own| {
            let rest = target.strip_prefix(own);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<Option<String>, String> {
        let filter = of_environment(Ok(text.to_owned()), "info")?;
        Ok(filter.map(|filter| filter.to_string()))
    }

    #[test]
    fn a_variable_that_is_empty_is_one_that_is_not_set() {
        for text in ["", " ", ",", " , ,"] {
            assert_eq!(of(text), Ok(None), "{text:?}");
        }
        assert!(matches!(
            of_environment(Err(VarError::NotPresent), "info"),
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
            ("solti_metrics=debug", "solti_metrics=debug"),
            (
                "solti_metrics_host::runner=off",
                "solti_metrics_host::runner=off",
            ),
        ] {
            assert_eq!(of(text), Ok(Some(filter.into())), "{text:?}");
        }
    }

    #[test]
    fn directives_for_others_add_to_the_level() {
        for (text, filter) in [
            ("foo=debug", "foo=debug,info"),
            ("wasmtime=debug,foo=warn", "wasmtime=debug,foo=warn,info"),
            ("[x]=info", "info,[x]=info"),
            ("solti_metric=debug", "solti_metric=debug,info"),
            ("solti_metrics_hots=debug", "solti_metrics_hots=debug,info"),
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
        for text in [
            "info=",
            "debug,wasmtime=",
            "wasmtime=loud",
            "a=b=c",
            "[=info",
        ] {
            assert!(of(text).is_err(), "{text:?}");
        }
    }
}
