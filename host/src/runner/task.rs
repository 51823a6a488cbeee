use std::path::PathBuf;
use std::time::Duration;

use wasmtime_wasi::{WasiCtx, WasiCtxBuilder};

use super::{CancellationToken, SpawnError, Stdin, TaskUsage};
use crate::LedgerTotals;
use crate::limits::Limits;
use crate::wasi::{Access, GuestOutput, Holdings, Output};

/// One execution of a program: what it is given, and what it may use.
///
/// A task starts with nothing: no arguments, no environment, no directory, an
/// empty standard input, no network, and output that goes nowhere. Clocks and
/// randomness are always there.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Task {
    /// Arguments, without the program's name, which comes first by itself.
    pub args: Vec<String>,
    /// Environment variables.
    pub env: Vec<(String, String)>,
    /// Directories: on the host, as the guest sees them, and what it may do.
    pub dirs: Vec<(PathBuf, String, Access)>,
    /// Standard input.
    pub stdin: Stdin,
    /// Standard output.
    pub stdout: Output,
    /// Standard error.
    pub stderr: Output,
    /// What the task may use.
    pub limits: Limits,
    /// How long the task may take, set-up of the instance included. `None` for
    /// as long as it likes. Default: five minutes.
    pub deadline: Option<Duration>,
    /// How many records the guest may make; see
    /// [`MetricsCtxBuilder::quota`](crate::MetricsCtxBuilder::quota). `None`
    /// for as many as it likes.
    pub quota: Option<u64>,
    /// Who makes the records; the program's name if `None`.
    pub identity: Option<String>,
    /// A ledger totals in which the ledger of its records is summed up, beside that of all guests.
    pub totals: Option<LedgerTotals>,
    /// Where what the task uses is added up, while it runs. Without, its calls of the
    /// host are not counted.
    pub usage: Option<TaskUsage>,
    /// Ends the task when it is cancelled.
    pub cancel: CancellationToken,
}

impl Default for Task {
    fn default() -> Self {
        Self {
            args: Vec::new(),
            env: Vec::new(),
            dirs: Vec::new(),
            stdin: Stdin::default(),
            stdout: Output::default(),
            stderr: Output::default(),
            limits: Limits::default(),
            deadline: Some(Duration::from_secs(300)),
            quota: None,
            identity: None,
            totals: None,
            usage: None,
            cancel: CancellationToken::default(),
        }
    }
}

impl Task {
    /// A task that is given nothing, with the default limits.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, arg: impl Into<String>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// Adds an environment variable. A name that is added twice is there twice, and the
    /// guest's language decides which of the values it finds.
    #[must_use]
    pub fn env(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.env.push((key.into(), value.into()));
        self
    }

    /// Grants a directory of the host, under the name `guest`.
    #[must_use]
    pub fn dir(
        mut self,
        host: impl Into<PathBuf>,
        guest: impl Into<String>,
        access: Access,
    ) -> Self {
        self.dirs.push((host.into(), guest.into(), access));
        self
    }

    /// Standard input.
    #[must_use]
    pub fn stdin(mut self, from: Stdin) -> Self {
        self.stdin = from;
        self
    }

    /// Where its standard output goes.
    #[must_use]
    pub fn stdout(mut self, to: Output) -> Self {
        self.stdout = to;
        self
    }

    /// Where its standard error goes.
    #[must_use]
    pub fn stderr(mut self, to: Output) -> Self {
        self.stderr = to;
        self
    }

    /// What it may use.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Time that it may take; `None` for as long as it likes.
    #[must_use]
    pub fn deadline(mut self, time: impl Into<Option<Duration>>) -> Self {
        self.deadline = time.into();
        self
    }

    /// Number of records that the guest may make.
    #[must_use]
    pub fn quota(mut self, records: u64) -> Self {
        self.quota = Some(records);
        self
    }

    /// Who makes the records.
    #[must_use]
    pub fn identity(mut self, identity: impl Into<String>) -> Self {
        self.identity = Some(identity.into());
        self
    }

    /// Book in which the ledger of its records is summed up.
    #[must_use]
    pub fn ledger_totals(mut self, totals: &LedgerTotals) -> Self {
        self.totals = Some(totals.clone());
        self
    }

    /// Where what it uses is added up.
    #[must_use]
    pub fn usage(mut self, usage: &TaskUsage) -> Self {
        self.usage = Some(usage.clone());
        self
    }

    /// Ends it when this is cancelled.
    #[must_use]
    pub fn cancel(mut self, token: CancellationToken) -> Self {
        self.cancel = token;
        self
    }

    /// Whether setting the task up touches the file system, which may block.
    pub(super) fn opens_files(&self) -> bool {
        !self.dirs.is_empty() || matches!(self.stdin, Stdin::File(_))
    }

    /// Grants what was asked for, or says what cannot be granted.
    pub(super) fn grant(
        &self,
        program: &str,
        stdout: GuestOutput,
        stderr: GuestOutput,
    ) -> Result<(WasiCtx, Holdings), SpawnError> {
        let descriptors = self.dirs.len() + usize::from(matches!(self.stdin, Stdin::File(_)));
        let holdings = Holdings::new(&self.limits, descriptors)
            .map_err(|reason| SpawnError::Descriptors { reason })?;
        let mut wasi = WasiCtxBuilder::new();
        wasi.arg(program)
            .args(&self.args)
            .envs(&self.env)
            .stdout(stdout)
            .stderr(stderr)
            .max_random_size(self.limits.random)
            .allow_tcp(false)
            .allow_udp(false)
            .allow_ip_name_lookup(false);
        for text in self
            .args
            .iter()
            .chain(self.env.iter().flat_map(|(k, v)| [k, v]))
        {
            if text.contains('\0') {
                return Err(SpawnError::NulInText { text: text.clone() });
            }
        }
        self.stdin.give_to(&mut wasi)?;
        for (host, guest, access) in &self.dirs {
            wasi.preopened_dir(host, guest, access.perms())
                .map_err(|reason| SpawnError::Dir {
                    path: host.clone(),
                    reason,
                })?;
        }
        Ok((wasi.build(), holdings))
    }
}
