use super::Result;

/// One way for a record to travel, or for a task to start.
pub struct Row {
    /// Unique, and short: what tables and limits call it.
    pub name: &'static str,
    /// What it is for.
    pub group: Group,
    /// What its figures are of.
    pub unit: Unit,
    /// What happens, as a sentence for the page.
    pub about: &'static str,
    /// How many of its unit one [`Work::run`] makes.
    pub count: u32,
    /// What is measured.
    pub work: Box<dyn Work>,
}

/// Who would go this way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Group {
    /// Nobody who has a component: what the others are compared with.
    Baseline,
    /// Whoever uses this project.
    Ours,
    /// Whoever does without.
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
            Self::Otherwise => "what people would do otherwise",
        }
    }
}

/// What figures are of.
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

    /// What has come out at the other end since the beginning.
    ///
    /// # Errors
    ///
    /// When it could not be asked.
    fn arrived(&mut self) -> Result<Arrived>;
}

/// What has come out at the other end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrived {
    /// So many, and their durations added up.
    Records {
        /// How many.
        count: u64,
        /// Milliseconds.
        sum_ms: u64,
    },
    /// So many, by somebody who does not look into them.
    Counted(u64),
    /// There is nobody who could tell.
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
