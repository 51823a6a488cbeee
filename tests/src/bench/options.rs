/// Options of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Options {
    /// Number of turns of each row.
    pub(super) rounds: usize,
    /// True if growth is measured up to the documented sizes.
    pub(super) full: bool,
    /// True if the run writes the page and the plot.
    pub(super) write: bool,
    /// True if a broken limit fails the run.
    pub(super) check: bool,
}

/// Default number of turns.
const ROUNDS: usize = 301;

impl Options {
    /// Parses the command line, without the program's name.
    pub(super) fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Self, String> {
        let mut options = Self {
            rounds: ROUNDS,
            full: true,
            write: false,
            check: false,
        };
        let mut write = false;
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                // An argument that cargo passes to each benchmark.
                "--bench" => {}
                "--check" => options.check = true,
                "--write" => write = true,
                "--rounds" => {
                    let rounds = arguments.next().and_then(|rounds| rounds.parse().ok());
                    let rounds = rounds.filter(|rounds| *rounds > 0);
                    options.rounds = rounds.ok_or("--rounds needs a number above 0")?;
                    options.full = false;
                }
                other => return Err(format!("{other}: only --rounds N, --write, --check")),
            }
        }
        options.write = write || (options.full && !options.check);
        Ok(options)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options, String> {
        Options::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn a_short_run_writes_documents_only_on_request() {
        let writes = |line| parse(line).map(|options| options.write);
        assert_eq!(writes("--bench"), Ok(true));
        assert_eq!(writes("--check"), Ok(false));
        assert_eq!(writes("--rounds 5"), Ok(false));
        assert_eq!(writes("--rounds 5 --write"), Ok(true));
    }

    #[test]
    fn a_short_run_has_the_requested_rounds() {
        let options = parse("--rounds 7 --check --bench");
        let rounds = options.map(|options| (options.rounds, options.full, options.check));
        assert_eq!(rounds, Ok((7, false, true)));
    }

    #[test]
    fn unknown_arguments_are_rejected() {
        for line in ["--round 5", "--rounds", "--rounds 0", "--rounds x", "5"] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
