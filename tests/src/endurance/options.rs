/// Options of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Options {
    /// The parts of the run, in order.
    pub(super) parts: Vec<Part>,
    /// Length of the soak.
    pub(super) minutes: u64,
    /// True if the run writes the page and the plot from saved results.
    pub(super) write: bool,
}

/// A part of the measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// Many scrapers and slow connections.
    Crowd,
    /// Guests that loop for ever, next to guests that end.
    Spinners,
    /// All loads together, for a long time.
    Soak,
    /// Random scenarios.
    Campaign,
    /// Kills at random moments.
    Crashes,
}

impl Part {
    /// All parts. The parts that measure times come first, since later parts make the
    /// machine busy.
    pub(super) const ALL: [Self; 5] = [
        Self::Crowd,
        Self::Spinners,
        Self::Soak,
        Self::Campaign,
        Self::Crashes,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Crowd => "crowd",
            Self::Spinners => "spinners",
            Self::Soak => "soak",
            Self::Campaign => "campaign",
            Self::Crashes => "crashes",
        }
    }
}

/// Default length of a soak.
const MINUTES: u64 = 30;

impl Options {
    /// Parses the command line, without the program's name.
    pub(super) fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Self, String> {
        let mut options = Self {
            parts: Vec::new(),
            minutes: MINUTES,
            write: false,
        };
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            let part = Part::ALL.into_iter().find(|part| part.name() == argument);
            match (&*argument, part) {
                // An argument that cargo passes to each benchmark.
                ("--bench", _) => {}
                ("--write", _) => options.write = true,
                ("--minutes", _) => {
                    let minutes = arguments.next().and_then(|number| number.parse().ok());
                    let minutes = minutes.filter(|minutes| *minutes > 0);
                    options.minutes = minutes.ok_or("--minutes needs a number above 0")?;
                }
                (_, Some(part)) => options.parts.push(part),
                (other, None) => {
                    let known =
                        "only crowd, spinners, soak, campaign, crashes, --minutes N, --write";
                    return Err(format!("{other}: {known}"));
                }
            }
        }
        if options.parts.is_empty() && !options.write {
            options.parts = Part::ALL.into();
        }
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
    fn without_a_part_and_a_page_all_parts_run() {
        let parts = |line| parse(line).map(|options| options.parts);
        assert_eq!(parts("--bench"), Ok(Part::ALL.into()));
        assert_eq!(parts("spinners"), Ok(vec![Part::Spinners]));
        assert_eq!(parts("--write"), Ok(Vec::new()));
    }

    #[test]
    fn a_soak_has_the_requested_length() {
        let minutes = |line| parse(line).map(|options| options.minutes);
        assert_eq!(minutes("soak"), Ok(30));
        assert_eq!(minutes("soak --minutes 2"), Ok(2));
    }

    #[test]
    fn unknown_arguments_are_rejected() {
        for line in ["--minutes", "--minutes 0", "--minutes x", "swim", "5"] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
