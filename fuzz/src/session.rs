//! The child process: runs a target with seeds and changed seeds for a bounded time.

use std::fmt;
use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::finding::{finding, smaller};
use crate::mutation::Mutator;
use crate::panics;
use crate::reach;
use crate::seeds::seeds;
use crate::target::Target;
use crate::usage::Usage;

/// Number of inputs between two checks of the process.
const BATCH: u64 = 64;

/// Maximum time between two checks of the process.
const CHECK_AFTER: Duration = Duration::from_secs(1);

/// Exit code of a process with a finding.
pub const FOUND: u8 = 3;

/// Exit code of a process in which an input took too long.
const HUNG: i32 = 4;

/// Settings of a session.
#[derive(Debug)]
pub struct Session {
    /// The target.
    pub target: Target,
    /// Time for which inputs are made.
    pub time: Duration,
    /// Seed of the random changes.
    pub seed: u64,
    /// Folder for findings. The current input is in the file `current`.
    pub folder: PathBuf,
    /// A single input to run instead.
    pub only: Option<PathBuf>,
    /// The start of the session.
    pub started: Instant,
}

/// The current input, which outlives the process.
struct Current {
    file: File,
    /// Number of the input.
    number: AtomicU64,
}

impl Session {
    /// Runs the session, and prints its result on one line of standard output.
    ///
    /// # Errors
    ///
    /// When seeds, limits or the folder cannot be read, set or written.
    pub fn run(self) -> Result<ExitCode> {
        self.limit()?;
        panics::watch();
        fs::create_dir_all(&self.folder)?;
        let current: &'static Current = Box::leak(Box::new(Current {
            file: File::create(self.folder.join("current"))?,
            number: AtomicU64::new(0),
        }));
        let limit = self.target.limits.time;
        thread::spawn(move || current.watch(limit));
        if let Some(only) = &self.only {
            let input = fs::read(only).with_context(|| only.display().to_string())?;
            return self.one(current, &input, 1);
        }
        self.all(current)
    }

    fn all(&self, current: &Current) -> Result<ExitCode> {
        let (target, seeds) = (&self.target, seeds(&self.target)?);
        let mut mutator = Mutator::new(self.seed, target.words, target.longest);
        let mut checked = Instant::now();
        let mut count = 0;
        for seed in &seeds {
            count += 1;
            if let Some(found) = self.found(current, seed)? {
                return self.report(seed, count, &found);
            }
        }
        while self.started.elapsed() < self.time {
            count += 1;
            let input = mutator.input(&seeds);
            if let Some(found) = self.found(current, &input)? {
                return self.report(&input, count, &found);
            }
            if count.is_multiple_of(BATCH) || checked.elapsed() > CHECK_AFTER {
                checked = Instant::now();
                if let Err(error) = Usage::read()?.is_within(&target.limits) {
                    return self.report(&input, count, &error);
                }
            }
        }
        self.summary(count, seeds.len())
    }

    fn one(&self, current: &Current, input: &[u8], count: u64) -> Result<ExitCode> {
        if let Some(found) = self.found(current, input)? {
            return self.report(input, count, &found);
        }
        self.summary(count, 0)
    }

    #[expect(clippy::print_stdout, reason = "the parent reads it")]
    fn summary(&self, count: u64, seeds: usize) -> Result<ExitCode> {
        let usage = Usage::read()?;
        usage.is_within(&self.target.limits)?;
        println!(
            "{}: {count} inputs, {seeds} of them seeds, {} checked to the end, random seed {}; {} MiB, {} threads, {} descriptors",
            self.target.name,
            reach::count(),
            self.seed,
            usage.memory >> 20,
            usage.threads,
            usage.descriptors
        );
        Ok(ExitCode::SUCCESS)
    }

    fn found(&self, current: &Current, input: &[u8]) -> Result<Option<String>> {
        current.note(input)?;
        Ok(finding(&self.target, input))
    }

    /// Writes the finding in its smallest form.
    #[expect(clippy::print_stdout, reason = "the parent reads it")]
    fn report(&self, input: &[u8], count: u64, found: &dyn fmt::Display) -> Result<ExitCode> {
        let found = found.to_string();
        let small = smaller(&self.target, input, &found);
        let (input, found) = match finding(&self.target, &small) {
            Some(smaller) => (&*small, smaller),
            None => (input, found),
        };
        let file = self.folder.join(format!("finding-{}", self.seed));
        fs::write(&file, input)?;
        println!(
            "{}\nfound after {count} inputs and {:.1?} with the random seed {}",
            repeated(&self.target, &file, &found),
            self.started.elapsed(),
            self.seed
        );
        Ok(ExitCode::from(FOUND))
    }

    /// Sets the limits of this process. A thread has a stack of 2 MiB, and the code of components
    /// and reserved addresses do not count.
    fn limit(&self) -> Result<()> {
        use rlimit::Resource;
        let limits = self.target.limits;
        let most = limits.memory.saturating_mul(2) + limits.threads * (8 << 20);
        Resource::DATA.set(most, most)?;
        // A process that exceeds the checked limit shows it, instead of an error of the system.
        let most = limits.descriptors * 2;
        Resource::NOFILE.set(most, most)?;
        if Resource::CORE.set(0, 0).is_err() {
            bail!("the process cannot disable core dumps");
        }
        Ok(())
    }
}

impl Current {
    fn note(&self, input: &[u8]) -> Result<()> {
        self.file.set_len(input.len() as u64)?;
        self.file.write_all_at(input, 0)?;
        self.number.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// Ends the process if one input takes longer than the limit.
    fn watch(&self, limit: Duration) {
        loop {
            let before = self.number.load(Ordering::Relaxed);
            thread::park_timeout(limit);
            if before > 0 && self.number.load(Ordering::Relaxed) == before {
                std::process::exit(HUNG);
            }
        }
    }
}

/// The message about a finding, with the command that repeats it.
pub(crate) fn repeated(target: &Target, file: &Path, found: &str) -> String {
    format!(
        "{found}\nrepeat it with: FUZZ_INPUT={} cargo test --workspace --locked --test fuzz -- {}",
        file.display(),
        target.name
    )
}
