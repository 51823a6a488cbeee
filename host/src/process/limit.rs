//! Limits of this process, with their values and fixes.

use std::fmt;
use std::io;

use rlimit::Resource;
use rustix::io::Errno;

/// A limit of this process, of its user or of this machine that refused a resource which a
/// component needs. The component is not at fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcessLimit {
    refused: RefusedResource,
    /// Limits that are set and can be the cause, with their values.
    pub(super) set: Vec<(SettableLimit, u64)>,
}

/// The resource that was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RefusedResource {
    Memory,
    File,
    /// A file, refused by the whole machine.
    FileOfSystem,
    Thread,
    #[cfg_attr(
        not(feature = "execution"),
        allow(dead_code, reason = "only a process that compiles is refused it")
    )]
    Cpu,
    /// Bytes of a file.
    Size,
}

/// A limit that can be set for a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SettableLimit {
    AddressSpace,
    Data,
    Files,
    Processes,
    Cpu,
    FileSize,
}

impl SettableLimit {
    fn value(self) -> Option<u64> {
        let resource = match self {
            Self::AddressSpace => Resource::AS,
            Self::Data => Resource::DATA,
            Self::Files => Resource::NOFILE,
            Self::Processes => Resource::NPROC,
            Self::Cpu => Resource::CPU,
            Self::FileSize => Resource::FSIZE,
        };
        resource
            .get_soft()
            .ok()
            .filter(|it| *it != rlimit::INFINITY)
    }
}

impl ProcessLimit {
    pub(super) fn new(refused: RefusedResource) -> Self {
        let may_be: &[_] = match refused {
            RefusedResource::Memory => &[SettableLimit::AddressSpace, SettableLimit::Data],
            RefusedResource::File => &[SettableLimit::Files],
            RefusedResource::FileOfSystem => &[],
            // The stack of a thread is memory.
            RefusedResource::Thread => &[
                SettableLimit::Processes,
                SettableLimit::AddressSpace,
                SettableLimit::Data,
            ],
            RefusedResource::Cpu => &[SettableLimit::Cpu],
            RefusedResource::Size => &[SettableLimit::FileSize],
        };
        let set = may_be.iter().filter_map(|set| Some((*set, set.value()?)));
        Self {
            refused,
            set: set.collect(),
        }
    }

    /// The limit that made a system call fail, if a limit did.
    #[must_use]
    pub fn of_io(error: &io::Error) -> Option<Self> {
        if error.kind() == io::ErrorKind::OutOfMemory {
            return Some(Self::new(RefusedResource::Memory));
        }
        Self::of_number(error.raw_os_error()?)
    }

    /// The limit that prevented the start of a thread or a process, if a limit did.
    #[must_use]
    pub fn of_start(error: &io::Error) -> Option<Self> {
        match error.kind() {
            io::ErrorKind::WouldBlock => Some(Self::new(RefusedResource::Thread)),
            _ => Self::of_io(error),
        }
    }

    pub(super) fn of_number(number: i32) -> Option<Self> {
        let refused = match Errno::from_raw_os_error(number) {
            Errno::NOMEM => RefusedResource::Memory,
            Errno::MFILE => RefusedResource::File,
            Errno::NFILE => RefusedResource::FileOfSystem,
            // Without a limit of the process, the file system has one.
            Errno::FBIG if SettableLimit::FileSize.value().is_some() => RefusedResource::Size,
            _ => return None,
        };
        Some(Self::new(refused))
    }
}

/// Reason why a thread could not be started, and the fix.
#[must_use]
pub fn no_thread(error: &io::Error) -> String {
    match ProcessLimit::of_start(error) {
        Some(limit) => limit.to_string(),
        None => format!("{error}; allow this process more threads"),
    }
}

/// Reason why a system call failed, and the fix: the limit of this process, if a limit made it
/// fail, and `advice` otherwise.
#[must_use]
pub fn io_reason(error: &io::Error, advice: &str) -> String {
    match ProcessLimit::of_io(error) {
        Some(limit) => limit.to_string(),
        None => format!("{error}; {advice}"),
    }
}

impl fmt::Display for ProcessLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (refused, unset) = match self.refused {
            RefusedResource::Memory => (
                "memory",
                "the system has no free memory, or the process has too many mappings (`vm.max_map_count`): give this machine more memory",
            ),
            RefusedResource::File => (
                "another open file",
                "the system allows no more open files: close others",
            ),
            RefusedResource::FileOfSystem => (
                "another open file",
                "this machine allows no more open files (`fs.file-max`): raise that limit",
            ),
            RefusedResource::Thread => (
                "another thread or process",
                "the control group of the process (`pids.max`) or this machine allows no more: raise that limit",
            ),
            RefusedResource::Cpu => (
                "more processor time",
                "the process has used its processor time",
            ),
            RefusedResource::Size => (
                "a larger file",
                "the files of the process must not be larger",
            ),
        };
        write!(f, "this process was refused {refused}: ")?;
        if self.set.is_empty() {
            return f.write_str(unset);
        }
        for (number, (set, value)) in self.set.iter().enumerate() {
            if number > 0 {
                f.write_str(", and ")?;
            }
            match set {
                SettableLimit::AddressSpace => {
                    write!(
                        f,
                        "the address space of the process is limited to {}",
                        LimitSize(*value)
                    )?;
                    f.write_str(" (RLIMIT_AS, `ulimit -v`)")?;
                }
                SettableLimit::Data => {
                    write!(
                        f,
                        "the data of the process is limited to {}",
                        LimitSize(*value)
                    )?;
                    f.write_str(" (RLIMIT_DATA, `ulimit -d`)")?;
                }
                SettableLimit::Files => write!(
                    f,
                    "the process may have {value} open files (RLIMIT_NOFILE, `ulimit -n`)"
                )?,
                SettableLimit::Processes => write!(
                    f,
                    "the user of the process may have {value} threads and processes (RLIMIT_NPROC, `ulimit -u`)"
                )?,
                SettableLimit::Cpu => write!(
                    f,
                    "the process may use {value} s of processor time (RLIMIT_CPU, `ulimit -t`)"
                )?,
                SettableLimit::FileSize => {
                    write!(
                        f,
                        "the files of the process are limited to {}",
                        LimitSize(*value)
                    )?;
                    f.write_str(" (RLIMIT_FSIZE, `ulimit -f`)")?;
                }
            }
        }
        f.write_str("; raise that limit")
    }
}

/// Shown in MiB, or a smaller unit for less than that.
struct LimitSize(u64);

impl fmt::Display for LimitSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 >> 20 {
            0 if self.0 < 1 << 10 => write!(f, "{} B", self.0),
            0 => write!(f, "{} KiB", self.0 >> 10),
            mib => write!(f, "{mib} MiB"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(any(feature = "execution", feature = "inline"))]
    #[test]
    fn the_limit_behind_an_error_is_named_with_its_value() -> Result<(), String> {
        let files = Resource::NOFILE.get_soft().map_err(|it| it.to_string())?;
        let text = |error: wasmtime::Error| ProcessLimit::behind(&error).map(|it| it.to_string());
        let file = text(wasmtime::Error::from(Errno::MFILE).context("outside"));
        let file = file.ok_or("no limit")?;
        let named = format!("the process may have {files} open files (RLIMIT_NOFILE, `ulimit -n`)");
        assert!(file.contains(&named), "{file}");
        for error in [
            Errno::NOMEM.into(),
            wasmtime::Error::from(io::Error::from_raw_os_error(12)),
            wasmtime::Error::from(io::Error::from(io::ErrorKind::OutOfMemory)),
        ] {
            let memory = text(error).ok_or("no limit")?;
            assert!(
                memory.starts_with("this process was refused memory: "),
                "{memory}"
            );
        }
        let others = wasmtime::Error::from(io::Error::from(io::ErrorKind::NotFound));
        assert_eq!(text(others), None);
        assert_eq!(text(wasmtime::format_err!("out of memory")), None);
        Ok(())
    }

    #[test]
    fn advice_is_given_where_no_limit_is_the_cause() {
        let missing = io::Error::from(io::ErrorKind::NotFound);
        let reason = io_reason(&missing, "name another");
        assert_eq!(reason, format!("{missing}; name another"));
        let reason = io_reason(&Errno::MFILE.into(), "name another");
        assert!(reason.contains("was refused another open file"), "{reason}");
        assert!(!reason.contains("name another"), "{reason}");
    }

    #[test]
    fn every_limit_that_can_be_the_cause_is_shown() {
        let limit = ProcessLimit {
            refused: RefusedResource::Memory,
            set: vec![
                (SettableLimit::AddressSpace, 3_072_000_000),
                (SettableLimit::Data, 4096),
            ],
        };
        assert_eq!(
            limit.to_string(),
            "this process was refused memory: the address space of the process is limited to 2929 MiB (RLIMIT_AS, `ulimit -v`), and the data of the process is limited to 4 KiB (RLIMIT_DATA, `ulimit -d`); raise that limit"
        );
        let unset = ProcessLimit {
            refused: RefusedResource::Thread,
            set: Vec::new(),
        };
        assert!(unset.to_string().contains("`pids.max`"));
    }
}
