use super::Result;

/// One measured operation: a record, or a task.
pub struct Row {
    /// Unique, and short: what tables and limits call it.
    pub name: &'static str,
    /// The group of the row.
    pub group: Group,
    /// The unit of its figures.
    pub unit: Unit,
    /// The measured operation, as a sentence for the page.
    pub about: &'static str,
    /// How many of its unit one [`Work::run`] makes.
    pub count: u32,
    /// What is measured.
    pub work: Box<dyn Work>,
}

/// The users of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Group {
    /// Code without components: the rows that other rows are compared with.
    Baseline,
    /// Users of this project.
    Ours,
    /// Users of an alternative.
    Otherwise,
}

impl Group {
    /// In the order in which they are shown.
    pub const ALL: [Self; 3] = [Self::Baseline, Self::Ours, Self::Otherwise];

    /// A heading.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Baseline => "native code and core modules",
            Self::Ours => "solti-metrics",
            Self::Otherwise => "alternatives",
        }
    }
}

/// The unit of a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unit {
    /// One record: a task has completed.
    Record,
    /// One task, from nothing to nothing.
    Task,
}

/// Something that can be done again and again.
pub trait Work {
    /// A new round begins.
    fn begin_round(&mut self) {}

    /// Done before each turn, and not measured.
    ///
    /// # Errors
    ///
    /// When it could not be done.
    fn prepare(&mut self) -> Result<()> {
        Ok(())
    }

    /// What is measured.
    ///
    /// # Errors
    ///
    /// When it could not be done.
    fn run(&mut self) -> Result<()>;

    /// How often it may be run in one turn.
    fn at_once(&self) -> u32 {
        u32::MAX
    }

    /// Records that have arrived at the backend since the start.
    ///
    /// # Errors
    ///
    /// When it could not be asked.
    fn arrived(&mut self) -> Result<Arrived>;
}

/// Records that have arrived at the backend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrived {
    /// Number of records, and the sum of their durations.
    Records {
        /// How many.
        count: u64,
        /// Milliseconds.
        sum_ms: u64,
    },
    /// Number of records, without their durations.
    Counted(u64),
    /// Unknown.
    Untold,
}

impl Arrived {
    /// Both together.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        match (self, other) {
            (
                Self::Records { count, sum_ms },
                Self::Records {
                    count: more,
                    sum_ms: longer,
                },
            ) => Self::Records {
                count: count + more,
                sum_ms: sum_ms + longer,
            },
            (Self::Counted(count), Self::Counted(more)) => Self::Counted(count + more),
            _ => Self::Untold,
        }
    }
}
