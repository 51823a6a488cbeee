use super::Result;

/// One measured operation: a record, or a task.
pub struct Row {
    /// Unique, short name, for tables and limits.
    pub name: &'static str,
    /// The group of the row.
    pub group: Group,
    /// The unit of its figures.
    pub unit: Unit,
    /// The measured operation, as a sentence for the page.
    pub about: &'static str,
    /// Number of units in one [`Work::run`].
    pub count: u32,
    /// The measured work.
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
    /// All groups, in the order of the page.
    pub const ALL: [Self; 3] = [Self::Baseline, Self::Ours, Self::Otherwise];

    /// The heading of a group.
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
    /// A record: a completed task.
    Record,
    /// A task, from creation to removal.
    Task,
}

/// Work that can be repeated.
pub trait Work {
    /// Starts a new round.
    fn begin_round(&mut self) {}

    /// Prepares a turn. The preparation is not measured.
    ///
    /// # Errors
    ///
    /// When the preparation fails.
    fn prepare(&mut self) -> Result<()> {
        Ok(())
    }

    /// Does the measured work.
    ///
    /// # Errors
    ///
    /// When the work fails.
    fn run(&mut self) -> Result<()>;

    /// Whether other threads do a part of the work. The CPU time of the whole process
    /// counts then.
    fn spreads(&self) -> bool {
        false
    }

    /// Maximum number of runs in one turn.
    fn at_once(&self) -> u32 {
        u32::MAX
    }

    /// Records that have arrived at the backend since the start.
    ///
    /// # Errors
    ///
    /// When the backend does not answer.
    fn arrived(&mut self) -> Result<Arrived>;
}

/// Records that have arrived at the backend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrived {
    /// Number of records, and the sum of their durations.
    Records {
        /// Number of records.
        count: u64,
        /// Sum of durations, in milliseconds.
        sum_ms: u64,
    },
    /// Number of records, without their durations.
    Counted(u64),
    /// Unknown.
    Untold,
}

impl Arrived {
    /// The sum of both.
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
